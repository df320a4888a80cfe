"""segment_reduce: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    (lambda t, x: t.segment_reduce(x[0], "sum", lengths=t.tensor([2, 1])), [1.0, 2.0]),
    (lambda t, x: t.segment_reduce(x[0], "mean", lengths=t.tensor([2, 0, 1])), [0.5, "nan", 2.0]),
    (lambda t, x: t.segment_reduce(x.t().contiguous(), "max", lengths=t.tensor([1, 2])), [[0.0, 3.0], [2.0, 5.0]]),
    (lambda t, x: t.segment_reduce(x[0], "min", offsets=t.tensor([0, 2, 3])), [0.0, 2.0]),
    (lambda t, x: t.segment_reduce(x, "prod", lengths=t.tensor([[1, 2], [3, 0]]), axis=1), [[0.0, 2.0], [60.0, 1.0]]),
    (lambda t, x: t.segment_reduce(x[0], "sum", lengths=t.tensor([2, 1]), initial=10), [11.0, 12.0]),
    (
        lambda t, x: gradient(t, lambda a: t.segment_reduce(a, "max", lengths=t.tensor([2, 1])), x[0]),
        ([0.0, 1.0, 2.0],),
    ),
    (
        lambda t, x: gradient(t, lambda a: t.segment_reduce(a, "mean", lengths=t.tensor([2, 1])), x[0]),
        ([0.5, 0.5, 2.0],),
    ),
]
ERRORS = [
    (
        lambda t, x: t.segment_reduce(x, "a", lengths=t.tensor([2])),
        RuntimeError,
        "segment_reduce(): unsupported reduction 'a'; it is one of sum, mean, p",
    ),
    (
        lambda t, x: t.segment_reduce(x, "sum"),
        RuntimeError,
        "segment_reduce(): Either lengths or offsets must be defined, and not b",
    ),
    (
        lambda t, x: t.segment_reduce(x, "sum", lengths=t.tensor([1])),
        RuntimeError,
        "segment_reduce(): Expected all rows of lengths along axis to sum to 2",
    ),
    (
        lambda t, x: t.segment_reduce(x, "sum", lengths=t.tensor([-1, 3])),
        RuntimeError,
        "segment_reduce(): lengths contains negative value!",
    ),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
