from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.testing import assert_close

NAN, INF = float("nan"), float("inf")

#: What is compared (with t for the package), the options, and the last part of the error's text; '' if it passes.
CASES = [
    (lambda t: (t.tensor([1.0, 2.0]), t.tensor([1.0, 2.0 + 1e-6])), {}, ""),
    (
        lambda t: (t.tensor([1.0, 2.0]), t.tensor([1.0, 2.5])),
        {},
        "at index (1,) (up to 1.3e-06 allowed)",
    ),
    (lambda t: (t.ones(2), t.ones(3)), {}, "do not match: SIZE([2]) != SIZE([3])."),
    (lambda t: (t.ones(2), t.ones(2, dtype=t.float64)), {}, "do not match: DTYPE.float32 != DTYPE.float64."),
    (lambda t: (t.ones(2), t.ones(2, dtype=t.float64)), {"check_dtype": False}, ""),
    (lambda t: (t.ones(2, 3).t(), t.ones(3, 2)), {"check_stride": True}, "do not match: (1, 3) != (2, 1)."),
    (lambda t: (t.ones(2, 3).t(), t.ones(3, 2)), {}, ""),
    (lambda t: (t.tensor(1.0), t.tensor(2.0)), {}, "Relative difference: 0.5 (up to 1.3e-06 allowed)"),
    (lambda t: (t.tensor([1, 2]), t.tensor([1, 4])), {}, "Greatest relative difference: 0.5 at index (1,)"),
    (
        lambda t: (t.tensor([True, False]), t.tensor([True, True])),
        {},
        "relative difference: 1.0 at index (1,)",
    ),
    (lambda t: (t.tensor([NAN]), t.tensor([NAN])), {}, "difference: nan at index (0,) (up to 1.3e-06 allowed)"),
    (lambda t: (t.tensor([NAN]), t.tensor([NAN])), {"equal_nan": True}, ""),
    (lambda t: (t.tensor([INF]), t.tensor([INF])), {}, ""),
    (lambda t: (t.tensor([1e30]), t.tensor([INF])), {}, "difference: nan at index (0,) (up to 1.3e-06 allowed)"),
    (
        lambda t: (t.ones(2, dtype=t.uint8), t.zeros(2, dtype=t.uint8)),
        {},
        "relative difference: inf at index (0,)",
    ),
    (lambda t: (t.ones(2), t.zeros(2)), {"rtol": 0, "atol": 0}, "relative difference: inf at index (0,)"),
    (lambda t: (t.ones(2), t.zeros(2)), {"rtol": 0, "atol": 1.0}, ""),
    (lambda t: (t.ones(2), t.zeros(2)), {"msg": "mine"}, "mine"),
    (lambda t: (t.ones(2), t.zeros(3)), {"msg": lambda text: text[:10]}, "The values"),
    (lambda t: ([t.ones(1), {"a": 1.0}], [t.ones(1), {"a": 2.0}]), {}, "The failure occurred for item [1]['a']"),
    (lambda t: ([1], [1, 2]), {}, "The length of the sequences mismatch: 1 != 2"),
    (lambda t: ({"a": 1}, {"b": 1}), {}, "Additional keys in the actual mapping: ['a']"),
    (lambda t: (np.ones(2), np.ones(2)), {}, ""),
    (lambda t: (1, 1.0), {}, "The (d)types do not match: <class 'int'> != <class 'float'>."),
    (lambda t: (1, 1.0), {"check_dtype": False}, ""),
    (lambda t: (1 + 1j, 1 + 2j), {}, "Relative difference: 0.4472135954999579 (up to 1e-07 allowed)"),
    (lambda t: (True, False), {}, "Booleans mismatch: True is not False"),
    (lambda t: (None, 1), {}, "None mismatch: None is not 1"),
    (lambda t: (None, None), {}, ""),
    (lambda t: (t.zeros(0), t.zeros(0)), {}, ""),
    (lambda t: (t.ones(2, requires_grad=True), t.ones(2)), {}, ""),
]


def text_of(package, check, values, options) -> str:
    try:
        check(*values(package), **options)
    except AssertionError as error:
        name = package.__name__
        return str(error).replace(f"{name}.Size", "SIZE").replace(f"{name}.float", "DTYPE.float")
    return ""


@pytest.mark.parametrize("case", CASES)
def test_close(case):
    values, options, end = case
    text = text_of(tg, assert_close, values, options)
    assert text.endswith(end) if end else text == ""


@pytest.mark.parametrize("case", CASES)
def test_the_texts_are_those_of_torch(case):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    values, options, _end = case
    theirs = text_of(torch, torch.testing.assert_close, values, options)
    assert text_of(tg, assert_close, values, options) == theirs


def test_what_cannot_be_compared():
    with pytest.raises(TypeError, match="No comparison pair was able to handle"):
        assert_close(tg.ones(1), [1.0])
    with pytest.raises(TypeError, match="No comparison pair was able to handle"):
        assert_close("a", "a")
    with pytest.raises(ValueError, match="but got no atol"):
        assert_close(tg.ones(1), tg.ones(1), rtol=0.1)
