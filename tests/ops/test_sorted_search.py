"""searchsorted and bucketize."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value

VALUES = [
    (lambda t, x: t.searchsorted(x[0], t.tensor([0.0, 0.5, 2.0, 3.0])), [0, 1, 2, 3]),
    (lambda t, x: t.searchsorted(x[0], t.tensor([[0.0, 2.0]]), right=True), [[1, 3]]),
    (lambda t, x: t.searchsorted(x, t.tensor([[1.0, 9.0], [1.0, 4.0]])), [[1, 3], [0, 1]]),
    (
        lambda t, x: t.searchsorted(x, t.tensor([[1.0, 9.0], [1.0, 4.0]]), side="right", out_int32=True),
        ("int32", [[2, 3], [0, 2]]),
    ),
    (lambda t, x: t.searchsorted(x[0], 1.5), 2),
    (lambda t, x: t.searchsorted(t.tensor([3.0, 1.0, 2.0]), t.tensor([2.5]), sorter=t.tensor([1, 2, 0])), [2]),
    (lambda t, x: t.bucketize(x, t.tensor([1.0, 4.0])), [[0, 0, 1], [1, 1, 2]]),
    (lambda t, x: t.bucketize(x, t.tensor([1.0, 4.0]), right=True), [[0, 1, 1], [1, 2, 2]]),
    (lambda t, x: t.bucketize(3, t.tensor([1, 4]), out_int32=True), ("int32", 1)),
    (lambda t, x: t.bucketize(t.zeros(0), t.tensor([1.0])), (0,)),
]
ERRORS = [
    (
        lambda t, x: t.searchsorted(x, t.ones(3)),
        RuntimeError,
        "torch.searchsorted(): boundaries tensor should be 1 dimension or the f",
    ),
    (
        lambda t, x: t.searchsorted(x[0], t.ones(3), side="up"),
        RuntimeError,
        "torch.searchsorted(): side can only be 'left' or 'right' but got up",
    ),
    (
        lambda t, x: t.searchsorted(x[0], t.ones(3), right=True, side="left"),
        RuntimeError,
        "torch.searchsorted(): side and right can't be set to opposites, got si",
    ),
    (
        lambda t, x: t.searchsorted(x[0], t.ones(3), side="middle"),
        RuntimeError,
        "torch.searchsorted(): side can only be 'left' or 'right' but got middl",
    ),
    (
        lambda t, x: t.searchsorted(x[0], t.ones(3), sorter=t.tensor([0])),
        RuntimeError,
        "torch.searchsorted(): boundary and sorter must have the same size, but",
    ),
    (
        lambda t, x: t.bucketize(x, x),
        RuntimeError,
        "bucketize(): boundaries tensor must be 1 dimension, but got dim(2)",
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
