"""Copies of views: values, gradients, and memory of their own."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient, into, put

VALUES = [
    (lambda t, x: t.alias_copy(x), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.as_strided_copy(x, (2,), (3,)), [0.0, 3.0]),
    (lambda t, x: t.detach_copy(x), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.diagonal_copy(x, 1), [1.0, 5.0]),
    (lambda t, x: t.expand_copy(x[0], (2, 3)), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]),
    (lambda t, x: t.permute_copy(x, (1, 0)), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.select_copy(x, 1, 2), [2.0, 5.0]),
    (lambda t, x: t.slice_copy(x, 1, 0, 3, 2), [[0.0, 2.0], [3.0, 5.0]]),
    (lambda t, x: t.split_copy(x, 2, 1), ([[0.0, 1.0], [3.0, 4.0]], [[2.0], [5.0]])),
    (lambda t, x: t.split_with_sizes_copy(x, [1, 2], 1), ([[0.0], [3.0]], [[1.0, 2.0], [4.0, 5.0]])),
    (lambda t, x: t.squeeze_copy(x[:1]), [0.0, 1.0, 2.0]),
    (lambda t, x: t.squeeze_copy(x[:1], 0).shape, (3,)),
    (lambda t, x: t.t_copy(x), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.transpose_copy(x, 0, 1), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: t.unbind_copy(x, 1), ([0.0, 3.0], [1.0, 4.0], [2.0, 5.0])),
    (lambda t, x: t.unfold_copy(x, 1, 2, 1), [[[0.0, 1.0], [1.0, 2.0]], [[3.0, 4.0], [4.0, 5.0]]]),
    (lambda t, x: t.unsqueeze_copy(x, 0).shape, (1, 2, 3)),
    (lambda t, x: t.view_copy(x, (3, 2)), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
    (lambda t, x: t.view_copy(x, dtype=t.int32)[0], ("int32", [0, 1065353216, 1073741824])),
    (lambda t, x: put(t.select_copy(x, 0, 0), 0, 9.0) is x, False),
    (lambda t, x: put(x, 0, t.expand_copy(x[1], (3,))), [[3.0, 4.0, 5.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: gradient(t, lambda a: t.t_copy(a), x), ([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]],)),
    (lambda t, x: gradient(t, lambda a: t.unbind_copy(a)[1], x), ([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]],)),
    (lambda t, x: into(t, lambda o: t.transpose_copy(x, 0, 1, out=o)), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
]
ERRORS = [
    (
        lambda t, x: t.select_copy(x, 3, 0),
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1], but got 3)",
    ),
    (lambda t, x: t.view_copy(x, (4,)), RuntimeError, "shape '[4]' is invalid for input of size 6: view of (2, 3)"),
    (lambda t, x: t.permute_copy(x, (0, 0)), RuntimeError, "permute(): duplicate dims are not allowed, got (0, 0)"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
