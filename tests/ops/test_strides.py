"""as_strided, unfold, resize_ and set_: values, gradients and refusals."""

from __future__ import annotations

import pytest

from .tables import LIBRARIES, check_error, check_value, gradient, put

VALUES = [
    (lambda t, x: x.as_strided((2, 2), (1, 2)), [[0.0, 2.0], [1.0, 3.0]]),
    (lambda t, x: x[1:].as_strided((2,), (1,)), [3.0, 4.0]),
    (lambda t, x: x[1:].as_strided((2,), (1,), 0), [0.0, 1.0]),
    (lambda t, x: x.t().as_strided((3,), (2,)), [0.0, 2.0, 4.0]),
    (lambda t, x: t.as_strided(x, (3, 2), (1, 1), storage_offset=2), [[2.0, 3.0], [3.0, 4.0], [4.0, 5.0]]),
    (lambda t, x: x.as_strided((2,), (1,)).add_(10), [10.0, 11.0]),
    (lambda t, x: put(x, ..., 1).as_strided((2,), (3,)).mul_(4), [4.0, 4.0]),
    (lambda t, x: x.clone().as_strided_((2,), (3,)), [0.0, 3.0]),
    (lambda t, x: x.t().as_strided((), ()), 0.0),
    (lambda t, x: gradient(t, lambda a: a.as_strided((3, 3), (1, 1)), x), ([[1.0, 6.0, 15.0], [14.0, 9.0, 0.0]],)),
    (lambda t, x: gradient(t, lambda a: a.t().as_strided((2, 2), (1, 2), 1), x), ([[0.0, 1.0, 3.0], [2.0, 4.0, 0.0]],)),
    (lambda t, x: gradient(t, lambda a: a[1:].as_strided((2,), (1,)), x), ([[0.0, 0.0, 0.0], [1.0, 2.0, 0.0]],)),
    (lambda t, x: x.unfold(1, 2, 1), [[[0.0, 1.0], [1.0, 2.0]], [[3.0, 4.0], [4.0, 5.0]]]),
    (lambda t, x: x.unfold(-1, 1, 2), [[[0.0], [2.0]], [[3.0], [5.0]]]),
    (lambda t, x: t.tensor(5.0).unfold(0, 1, 1), [5.0]),
    (lambda t, x: x.unfold(1, 0, 1).shape, (2, 4, 0)),
    (lambda t, x: gradient(t, lambda a: a.unfold(1, 2, 1), x), ([[1.0, 5.0, 4.0], [5.0, 13.0, 8.0]],)),
    (lambda t, x: x.clone().resize_(2, 2), [[0.0, 1.0], [2.0, 3.0]]),
    (lambda t, x: x.clone().resize_((6,)), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    (lambda t, x: x.clone().resize_as_(x[0]), [0.0, 1.0, 2.0]),
    (lambda t, x: t.resize_as_(x.clone(), x.t()), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
    (lambda t, x: x.clone().resize_(4, 4).shape, (4, 4)),
    (lambda t, x: t.empty(0).set_(x), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.empty(0).set_(x, 1, (2,), (2,)), [1.0, 3.0]),
    (lambda t, x: x.clone().set_().shape, (0,)),
    (lambda t, x: x[1].storage_offset(), 3),
    (lambda t, x: x.t().clone().stride(), (1, 3)),
    (lambda t, x: x.expand(2, 2, 3).clone().stride(), (6, 3, 1)),
    (lambda t, x: x.t().clone(memory_format=t.contiguous_format).stride(), (2, 1)),
]
ERRORS = [
    (
        lambda t, x: x.as_strided((9,), (1,)),
        RuntimeError,
        "setStorage: sizes [9], strides [1], storage offset 0 are out of bounds",
    ),
    (
        lambda t, x: x.as_strided((2,), (-1,)),
        RuntimeError,
        "as_strided: Negative strides are not supported at the moment, got stri",
    ),
    (
        lambda t, x: x.as_strided((2,), (1, 1)),
        RuntimeError,
        "as_strided: mismatch in length of strides and shape: [1, 1] for [2]",
    ),
    (lambda t, x: x.as_strided((2,), (1,), -1), RuntimeError, "Tensor: invalid storage offset -1"),
    (lambda t, x: x.unfold(0, 3, 1), RuntimeError, "maximum size for tensor at dimension 0 is 2 but size is 3"),
    (lambda t, x: x.unfold(0, 1, 0), RuntimeError, "step is 0 but must be > 0"),
    (
        lambda t, x: x.unfold(2, 1, 1),
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
    ),
    (lambda t, x: x.unfold(0, -1, 1), RuntimeError, "size is -1 but must be >= 0"),
    (lambda t, x: x.requires_grad_().resize_(2), RuntimeError, "cannot resize variables that require grad"),
    (
        lambda t, x: x.set_(x.long()),
        RuntimeError,
        "Could not set tensor of type tinygrad5329.int64 to a tensor of type ti",
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
