"""Copies with one part replaced: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    (lambda t, x: x.select_scatter(t.tensor([8.0, 9.0]), 1, -1), [[0.0, 1.0, 8.0], [3.0, 4.0, 9.0]]),
    (lambda t, x: t.select_scatter(x, x[1], 0, 0), [[3.0, 4.0, 5.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.slice_scatter(t.zeros(2, 2), 1, 0, 3, 2), [[0.0, 1.0, 0.0], [0.0, 4.0, 0.0]]),
    (lambda t, x: x.slice_scatter(x[:1], start=-1), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: t.slice_scatter(x, t.zeros(2, 3), end=99), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
    (lambda t, x: x.diagonal_scatter(t.tensor([8.0, 9.0]), 1), [[0.0, 8.0, 2.0], [3.0, 4.0, 9.0]]),
    (lambda t, x: x.as_strided_scatter(t.zeros(2), (2,), (4,), 1), [[0.0, 0.0, 2.0], [3.0, 4.0, 0.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: a.select_scatter(b, 0, 1), x, x[0]),
        ([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], [4.0, 5.0, 6.0]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a.slice_scatter(b, 1, 1), x, x[:, :2]),
        ([[1.0, 0.0, 0.0], [4.0, 0.0, 0.0]], [[2.0, 3.0], [5.0, 6.0]]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a.diagonal_scatter(b), x, x[0, :2]),
        ([[0.0, 2.0, 3.0], [4.0, 0.0, 6.0]], [1.0, 5.0]),
    ),
    (lambda t, x: gradient(t, lambda a, b: a.as_strided_scatter(b, (2,), (4,), 1), x, x[0, :2])[1], [2.0, 6.0]),
]
ERRORS = [
    (
        lambda t, x: x.select_scatter(x, 0, 0),
        RuntimeError,
        "expected src to have a size equal to the slice of self. src size = [2,",
    ),
    (
        lambda t, x: x.slice_scatter(x, 0, 0, 1),
        RuntimeError,
        "expected src to have a size equal to the slice of self. src size = [2,",
    ),
    (lambda t, x: x.slice_scatter(x, 0, 0, 1, 0), RuntimeError, "slice step must be positive, got 0"),
    (
        lambda t, x: x.diagonal_scatter(x),
        RuntimeError,
        "expected src to have a size equal to the slice of self. src size = [2,",
    ),
    (
        lambda t, x: x.as_strided_scatter(t.zeros(9), (9,), (1,)),
        RuntimeError,
        "setStorage: sizes [9], strides [1], storage offset 0 are out of bounds",
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
