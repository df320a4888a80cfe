"""Splits along a depth, by listed sizes, and under their unsafe names."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    (lambda t, x: x.reshape(1, 2, 3).dsplit([1]), ([[[0.0], [3.0]]], [[[1.0, 2.0], [4.0, 5.0]]])),
    (lambda t, x: t.dsplit(x.reshape(1, 1, 6), 3)[2], [[[4.0, 5.0]]]),
    (lambda t, x: x.split_with_sizes([1, 2], 1), ([[0.0], [3.0]], [[1.0, 2.0], [4.0, 5.0]])),
    (lambda t, x: t.split_with_sizes(x, (1, 1)), ([[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]])),
    (lambda t, x: t.unsafe_split(x, 2, 1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]])),
    (lambda t, x: t.unsafe_chunk(x, 2, 1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]])),
    (lambda t, x: x.unsafe_split_with_sizes([2, 1], -1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]])),
    (lambda t, x: x.split(split_size=2, dim=1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]])),
    (lambda t, x: t.dstack([x[0], x[1]]), [[[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]]),
    (lambda t, x: t.column_stack((x[0], x[:, :2].t().reshape(-1)[:3])), [[0.0, 0.0], [1.0, 3.0], [2.0, 1.0]]),
    (lambda t, x: t.row_stack((x, x[0])), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: t.atleast_1d(t.tensor(1.0)), [1.0]),
    (lambda t, x: t.atleast_2d(x[0]), [[0.0, 1.0, 2.0]]),
    (lambda t, x: t.atleast_3d(x).shape, (2, 3, 1)),
    (lambda t, x: t.atleast_3d(x[0], t.tensor(1.0)), ([[[0.0], [1.0], [2.0]]], [[[1.0]]])),
    (lambda t, x: gradient(t, lambda a: t.dstack([a, a]), x), ([[3.0, 7.0, 11.0], [15.0, 19.0, 23.0]],)),
]
ERRORS = [
    (lambda t, x: x.dsplit(1), RuntimeError, "dsplit requires a tensor with at least 3 dimension, but got 2"),
    (
        lambda t, x: x.split_with_sizes(2),
        TypeError,
        "split_with_sizes(): argument 'split_sizes' must be tuple of ints, not ",
    ),
    (
        lambda t, x: x.split_with_sizes([1, 1], 1),
        RuntimeError,
        "split_with_sizes expects split_sizes to sum exactly to 3 (input tensor",
    ),
    (
        lambda t, x: t.column_stack([x, x[:1]]),
        RuntimeError,
        "Sizes of tensors must match except in dimension 1. Expected size 2 but",
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
