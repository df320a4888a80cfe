"""kron and block_diag: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    (lambda t, x: t.kron(t.tensor([[1, 2]]), t.tensor([[1], [3]])), [[1, 2], [3, 6]]),
    (lambda t, x: x.kron(t.tensor([1.0, 2.0])), [[0.0, 0.0, 1.0, 2.0, 2.0, 4.0], [3.0, 6.0, 4.0, 8.0, 5.0, 10.0]]),
    (lambda t, x: t.kron(t.tensor(2.0), t.tensor(3)), 6.0),
    (
        lambda t, x: gradient(t, lambda a, b: t.kron(a, b), x, x[0]),
        ([[8.0, 17.0, 26.0], [35.0, 44.0, 53.0]], [180.0, 195.0, 210.0]),
    ),
    (
        lambda t, x: t.block_diag(x, t.tensor([7.0]), t.tensor(8.0)),
        [[0.0, 1.0, 2.0, 0.0, 0.0], [3.0, 4.0, 5.0, 0.0, 0.0], [0.0, 0.0, 0.0, 7.0, 0.0], [0.0, 0.0, 0.0, 0.0, 8.0]],
    ),
    (lambda t, x: t.block_diag(t.tensor([1]), t.tensor([2.0])), [[1.0, 0.0], [0.0, 2.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: t.block_diag(a, b), x, x[0]),
        ([[1.0, 2.0, 3.0], [7.0, 8.0, 9.0]], [16.0, 17.0, 18.0]),
    ),
]
ERRORS = [
    (lambda t, x: t.kron(x, 1), TypeError, "kron(): argument 'other' must be Tensor, not int"),
    (
        lambda t, x: t.block_diag(x[None]),
        RuntimeError,
        "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input",
    ),
    (lambda t, x: t.block_diag(x, 1), TypeError, "block_diag(): expected Tensor as element 1, but got int"),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "expected"), VALUES)
def test_values(library, call, expected):
    check_value(library, call, expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    check_error(library, call, error, message)
