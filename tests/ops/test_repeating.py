"""repeat_interleave: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    (lambda t, x: x.repeat_interleave(2), [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0]),
    (lambda t, x: x.repeat_interleave(2, dim=1), [[0.0, 0.0, 1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 4.0, 4.0, 5.0, 5.0]]),
    (lambda t, x: x.repeat_interleave(t.tensor([1, 2]), 0), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [3.0, 4.0, 5.0]]),
    (
        lambda t, x: t.repeat_interleave(x, t.tensor([2]), dim=-1),
        [[0.0, 0.0, 1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 4.0, 4.0, 5.0, 5.0]],
    ),
    (lambda t, x: t.repeat_interleave(t.tensor([1, 0, 2])), [0, 2, 2]),
    (
        lambda t, x: x.repeat_interleave(t.tensor([0, 3, 1]), 1, output_size=4),
        [[1.0, 1.0, 1.0, 2.0], [4.0, 4.0, 4.0, 5.0]],
    ),
    (lambda t, x: t.tensor(5.0).repeat_interleave(3), [5.0, 5.0, 5.0]),
    (
        lambda t, x: gradient(t, lambda a: a.repeat_interleave(t.tensor([2, 1]), 0), x),
        ([[5.0, 7.0, 9.0], [7.0, 8.0, 9.0]],),
    ),
]
ERRORS = [
    (lambda t, x: x.repeat_interleave(-1), RuntimeError, "repeats can not be negative"),
    (
        lambda t, x: x.repeat_interleave(t.tensor([1, 2])),
        RuntimeError,
        "repeats must have the same size as input along dim, but got repeats.si",
    ),
    (
        lambda t, x: x.repeat_interleave(t.tensor([1.0, 2.0, 1.0]), 1),
        NotImplementedError,
        "repeats has to be Long or Int tensor, got tinygrad5329.float32",
    ),
    (
        lambda t, x: x.repeat_interleave(2, 2),
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
    ),
    (lambda t, x: t.repeat_interleave(x.long()), RuntimeError, "repeat_interleave only accept 1D vector as repeat"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
