"""Triangles and diagonals: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient, into

VALUES = [
    (lambda t, x: x.tril(), [[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]]),
    (lambda t, x: t.triu(x, 1), [[0.0, 1.0, 2.0], [0.0, 0.0, 5.0]]),
    (lambda t, x: x.tril(diagonal=-5), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
    (lambda t, x: x.clone().triu_(-1), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: (x > 0).tril(), [[False, False, False], [True, True, False]]),
    (lambda t, x: into(t, lambda o: t.tril(x, out=o)), [[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]]),
    (lambda t, x: gradient(t, lambda a: a.tril(), x), ([[1.0, 0.0, 0.0], [4.0, 5.0, 0.0]],)),
    (lambda t, x: gradient(t, lambda a: (a * 1).triu_(1), x), ([[0.0, 2.0, 3.0], [0.0, 0.0, 6.0]],)),
    (lambda t, x: x.diag(), [0.0, 4.0]),
    (
        lambda t, x: x[0].diag(1),
        [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0]],
    ),
    (lambda t, x: t.diag(x, -1), [3.0]),
    (
        lambda t, x: x.diagflat(),
        [
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 2.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 3.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 4.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0, 5.0],
        ],
    ),
    (
        lambda t, x: x[0].diagflat(-1),
        [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0]],
    ),
    (
        lambda t, x: x.diag_embed(1)[0],
        [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0]],
    ),
    (lambda t, x: t.diag_embed(x, dim1=0, dim2=2).shape, (3, 2, 3)),
    (lambda t, x: gradient(t, lambda a: a.diag_embed(-1), x), ([[5.0, 10.0, 15.0], [21.0, 26.0, 31.0]],)),
    (lambda t, x: gradient(t, lambda a: a.diag(1), x), ([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]],)),
    (lambda t, x: x.trace(), 4.0),
    (lambda t, x: x.long().trace(), 4),
    (lambda t, x: gradient(t, lambda a: a.trace(), x), ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],)),
    (lambda t, x: t.diagonal(x, 1), [1.0, 5.0]),
    (lambda t, x: t.tril_indices(2, 3), [[0, 1, 1], [0, 0, 1]]),
    (lambda t, x: t.triu_indices(2, 3, 1), [[0, 0, 1], [1, 2, 2]]),
]
ERRORS = [
    (lambda t, x: x[0].tril(), RuntimeError, "tril: input tensor must have at least 2 dimensions, got shape (3,)"),
    (lambda t, x: x.tril("a"), TypeError, "tril(): argument 'diagonal' must be int, not str"),
    (lambda t, x: x[None].diag(), RuntimeError, "diag(): Supports 1D or 2D tensors. Got 3D"),
    (lambda t, x: x.diag_embed(0, 0, 0), RuntimeError, "diagonal dimensions cannot be identical 0, 0"),
    (
        lambda t, x: t.tensor(1.0).diag_embed(),
        IndexError,
        "diag_embed(): a 0-d tensor has no dimension to embed; reshape it to a ",
    ),
    (lambda t, x: x[0].trace(), RuntimeError, "trace: expected a matrix, but got tensor with dim 1"),
    (lambda t, x: x.diagonal(0, 1, 1), RuntimeError, "diagonal dimensions cannot be identical 1, 1"),
    (
        lambda t, x: x.requires_grad_().tril_(),
        RuntimeError,
        "a leaf Variable that requires grad is being used in an in-place operat",
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
