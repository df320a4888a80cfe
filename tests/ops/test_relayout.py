"""Other orders of dimensions in place: shapes, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    (lambda t, x: x.clone().t_(), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]),
    (lambda t, x: x.clone().transpose_(0, 1).shape, (3, 2)),
    (lambda t, x: x.clone().swapaxes_(0, -1).shape, (3, 2)),
    (lambda t, x: x.clone().swapdims_(0, 1).shape, (3, 2)),
    (lambda t, x: x.clone().unsqueeze_(1).shape, (2, 1, 3)),
    (lambda t, x: x[:1].clone().squeeze_(), [0.0, 1.0, 2.0]),
    (lambda t, x: x[None].clone().squeeze_(0).shape, (2, 3)),
    (lambda t, x: x.clone().as_strided_((2, 2), (3, 1)), [[0.0, 1.0], [3.0, 4.0]]),
    (lambda t, x: gradient(t, lambda a: (a * 1).t_(), x), ([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]],)),
    (lambda t, x: gradient(t, lambda a: (a * 2).unsqueeze_(0).mul_(3), x), ([[6.0, 12.0, 18.0], [24.0, 30.0, 36.0]],)),
    (lambda t, x: gradient(t, lambda a: (a * 1)[0].unsqueeze_(0) * 2, x), ([[2.0, 4.0, 6.0], [0.0, 0.0, 0.0]],)),
]
ERRORS = [
    (lambda t, x: x[None].t_(), RuntimeError, "t() expects a tensor with <= 2 dimensions, but self is 3D"),
    (
        lambda t, x: x.transpose_(0, 2),
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
    ),
    (
        lambda t, x: x.requires_grad_().t_(),
        RuntimeError,
        "a leaf Variable that requires grad is being used in an in-place operat",
    ),
    (
        lambda t, x: x.requires_grad_().unsqueeze_(0),
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
