"""unique, unique_consecutive and isin."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value

VALUES = [
    (lambda t, x: t.unique(t.tensor([3, 1, 3, 2])), [1, 2, 3]),
    (
        lambda t, x: t.unique(t.tensor([[3, 1], [3, 2]]), return_inverse=True, return_counts=True),
        ([1, 2, 3], [[2, 0], [2, 1]], [1, 1, 2]),
    ),
    (
        lambda t, x: t.tensor([[1, 2], [0, 5], [1, 2]]).unique(dim=0, return_inverse=True, return_counts=True),
        ([[0, 5], [1, 2]], [1, 0, 1], [1, 2]),
    ),
    (lambda t, x: t.tensor([[1, 0, 1], [2, 5, 2]]).unique(dim=1), [[0, 1], [5, 2]]),
    (lambda t, x: t.unique(t.tensor([True, False, True])), [False, True]),
    (lambda t, x: t.unique(t.tensor([2.0, float("nan"), 1.0, float("nan")])), [1.0, 2.0, "nan", "nan"]),
    (lambda t, x: t.unique(t.zeros(0), return_inverse=True, return_counts=True), ((0,), (0,), (0,))),
    (
        lambda t, x: t.unique_consecutive(t.tensor([1, 1, 2, 1]), return_inverse=True, return_counts=True),
        ([1, 2, 1], [0, 0, 1, 2], [2, 1, 1]),
    ),
    (
        lambda t, x: t.tensor([[1, 1], [1, 1], [2, 2]]).unique_consecutive(dim=0, return_counts=True),
        ([[1, 1], [2, 2]], [2, 1]),
    ),
    (lambda t, x: t.unique_consecutive(t.zeros(0)), (0,)),
    (lambda t, x: t.isin(x, t.tensor([1.0, 5.0])), [[False, True, False], [False, False, True]]),
    (lambda t, x: t.isin(x, 2), [[False, False, True], [False, False, False]]),
    (lambda t, x: t.isin(2, t.tensor([1, 2])), True),
    (lambda t, x: t.isin(x, t.tensor([1.0]), invert=True), [[True, False, True], [True, True, True]]),
    (lambda t, x: t.isin(t.tensor([1, 2]), t.tensor([2.0]), assume_unique=True), [False, True]),
]
ERRORS = [
    (
        lambda t, x: t.unique(x, dim=3),
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1], but got 3)",
    ),
    (
        lambda t, x: t.unique(t.zeros(2, 0), dim=0),
        RuntimeError,
        "unique: there are 0 sized dimensions, and they aren't selected, so uni",
    ),
    (lambda t, x: t.isin(x > 0, x > 0), RuntimeError, "Unsupported input type encountered for isin(): Bool"),
    (lambda t, x: t.isin(1, 2), TypeError, "isin(): one of elements and test_elements must be a Tensor"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
