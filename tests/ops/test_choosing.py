"""maximum, clamp and where: values, gradients and refusals."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg

from .tables import LIBRARIES, check_error, check_value, gradient, into

VALUES = [
    # maximum and minimum
    (lambda t, x: t.maximum(x, t.tensor([2.0, 2.0, 2.0])), [[2.0, 2.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.minimum(other=t.tensor(2.0)), [[0.0, 1.0, 2.0], [2.0, 2.0, 2.0]]),
    (lambda t, x: t.maximum(x.long(), x), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.maximum(t.tensor([True]), t.tensor([False])), [True]),
    (lambda t, x: t.maximum(t.tensor([float("nan"), 1.0]), t.tensor([1.0, float("nan")])), ["nan", "nan"]),
    (lambda t, x: t.minimum(t.zeros(0), t.zeros(0)), (0,)),
    (lambda t, x: into(t, lambda o: t.maximum(x, x, out=o)), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (
        lambda t, x: into(t, lambda o: t.minimum(x, x, out=o), "float64"),
        ("float64", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: t.maximum(a, b), x, t.tensor([2.0, 1.0, 9.0])),
        ([[0.0, 1.0, 0.0], [4.0, 5.0, 0.0]], [1.0, 1.0, 9.0]),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: t.minimum(a, b), x, t.tensor([2.0, 1.0, 9.0])),
        ([[1.0, 1.0, 3.0], [0.0, 0.0, 6.0]], [4.0, 6.0, 0.0]),
    ),
    # clamp
    (lambda t, x: t.clamp(x, 1, 3), [[1.0, 1.0, 2.0], [3.0, 3.0, 3.0]]),
    (lambda t, x: x.clamp(min=1), [[1.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.clamp(max=3.5), [[0.0, 1.0, 2.0], [3.0, 3.5, 3.5]]),
    (lambda t, x: x.clamp(None, 2), [[0.0, 1.0, 2.0], [2.0, 2.0, 2.0]]),
    (lambda t, x: t.clip(x, min=1, max=2), [[1.0, 1.0, 2.0], [2.0, 2.0, 2.0]]),
    (lambda t, x: x.clip(1, 2), [[1.0, 1.0, 2.0], [2.0, 2.0, 2.0]]),
    (lambda t, x: x.clamp(3, 1), [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]),
    (lambda t, x: x.clamp(t.tensor([1.0, 2.0, 3.0])), [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.clamp(t.tensor(1.0), t.tensor(3.0)), [[1.0, 1.0, 2.0], [3.0, 3.0, 3.0]]),
    (lambda t, x: x.clamp(max=t.tensor([1.0, 2.0, 3.0])), [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]),
    (lambda t, x: x.long().clamp(1.5, 3.5), [[1.5, 1.5, 2.0], [3.0, 3.5, 3.5]]),
    (lambda t, x: x.long().clamp(1, 3), [[1, 1, 2], [3, 3, 3]]),
    (lambda t, x: x.long().clamp(t.tensor(1.5)), [[1.5, 1.5, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.byte().clamp(-1), ("uint8", [[255, 255, 255], [255, 255, 255]])),
    (lambda t, x: x.clamp_min(2), [[2.0, 2.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.clamp_max(2), [[0.0, 1.0, 2.0], [2.0, 2.0, 2.0]]),
    (lambda t, x: t.clamp_min(x, t.tensor([1.0, 2.0, 3.0])), [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.clamp_max(x, max=2), [[0.0, 1.0, 2.0], [2.0, 2.0, 2.0]]),
    (lambda t, x: t.clamp_min(input=x, min=2), [[2.0, 2.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.clamp(t.tensor([float("nan")]), 0, 1), ["nan"]),
    (lambda t, x: t.clamp(x, float("nan")), [["nan", "nan", "nan"], ["nan", "nan", "nan"]]),
    (lambda t, x: into(t, lambda o: t.clamp(x, 1, 3, out=o)), [[1.0, 1.0, 2.0], [3.0, 3.0, 3.0]]),
    (lambda t, x: into(t, lambda o: t.clamp_min(x, 1, out=o)), [[1.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: into(t, lambda o: t.clamp_max(x, 1, out=o)), [[0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]),
    (lambda t, x: gradient(t, lambda a: a.clamp(1, 4), x), ([[0.0, 2.0, 3.0], [4.0, 5.0, 0.0]],)),
    (
        lambda t, x: gradient(t, lambda a, b, c: a.clamp(b, c), x, t.tensor(1.0), t.tensor(4.0)),
        ([[0.0, 2.0, 3.0], [4.0, 5.0, 0.0]], 1.0, 6.0),
    ),
    (
        lambda t, x: gradient(t, lambda a, b: a.clamp_min(b), x, t.tensor(1.0)),
        ([[0.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 1.0),
    ),
    (lambda t, x: t.clamp(t.tensor([True]), 0, 1), [1]),
    (lambda t, x: x.clamp(1, t.tensor(3.0)), [[1.0, 1.0, 2.0], [3.0, 3.0, 3.0]]),
    (lambda t, x: x.clamp(t.tensor(1.0), 3), [[1.0, 1.0, 2.0], [3.0, 3.0, 3.0]]),
    (lambda t, x: t.clamp_max(t.tensor([True]), 1), [1]),
    # where
    (lambda t, x: t.where(x > 2, x, 0.0), [[0.0, 0.0, 0.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.where(x > 2, 1, 0), [[0, 0, 0], [1, 1, 1]]),
    (lambda t, x: t.where(x > 2, 1.0, 0), [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]),
    (lambda t, x: t.where(x > 2), ([1, 1, 1], [0, 1, 2])),
    (lambda t, x: t.where(x), ([0, 0, 1, 1, 1], [1, 2, 0, 1, 2])),
    (lambda t, x: t.where(t.tensor([True, False, True]), x, -x), [[0.0, -1.0, 2.0], [3.0, -4.0, 5.0]]),
    (lambda t, x: t.where(condition=x > 2, input=x, other=-x), [[-0.0, -1.0, -2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.where(x > 2, 0), [[0.0, 0.0, 0.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.where(x > 2, t.tensor(9.0)), [[9.0, 9.0, 9.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.where(condition=x > 2, other=9.0), [[9.0, 9.0, 9.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.where(x > 2, x.long(), x), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (
        lambda t, x: t.where(x > 2, t.tensor(1), t.tensor(1.5, dtype=t.float64)),
        ("float64", [[1.5, 1.5, 1.5], [1.0, 1.0, 1.0]]),
    ),
    (lambda t, x: t.where(t.tensor(True), t.zeros(0), t.zeros(0)), (0,)),
    (lambda t, x: into(t, lambda o: t.where(x > 2, x, x, out=o)), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (
        lambda t, x: gradient(t, lambda a, b: t.where(t.tensor([True, False, True]), a, b), x, t.tensor(1.0)),
        ([[1.0, 0.0, 3.0], [4.0, 0.0, 6.0]], 7.0),
    ),
    (lambda t, x: gradient(t, lambda a: a.clamp(max=3), x), ([[1.0, 2.0, 3.0], [4.0, 0.0, 0.0]],)),
    (lambda t, x: gradient(t, lambda a: a.clamp(min=3), x), ([[0.0, 0.0, 0.0], [4.0, 5.0, 6.0]],)),
]
ERRORS = [
    # maximum and minimum
    (
        lambda t, x: into(t, lambda o: t.minimum(x, x, out=o), "int64"),
        RuntimeError,
        "minimum(): result type float32 can't be cast to the desired",
    ),
    (lambda t, x: t.maximum(x, 2), TypeError, "maximum(): argument 'other' must be Tensor, not int"),
    (lambda t, x: t.maximum(2, x), TypeError, "maximum(): argument 'input' must be Tensor, not int"),
    (lambda t, x: x.minimum(2.0), TypeError, "minimum(): argument 'other' must be Tensor, not float"),
    (lambda t, x: t.maximum(x, t.zeros(2)), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
    (
        lambda t, x: t.maximum(t.tensor([1j]), t.tensor([1j])),
        RuntimeError,
        "maximum not implemented for complex tensors.",
    ),
    (lambda t, x: t.maximum(x), TypeError, "maximum() missing 1 required positional argument: 'other'"),
    # clamp
    (lambda t, x: x.clamp(), RuntimeError, "torch.clamp: At least one of 'min' or 'max' must not be None"),
    (lambda t, x: t.clamp(x, None, None), RuntimeError, "torch.clamp: At least one of 'min' or 'max' must not be None"),
    (lambda t, x: x.clamp("a"), TypeError, "clamp(): argument 'min' must be Tensor or Number, not str"),
    (lambda t, x: x.clamp(1, "a"), TypeError, "clamp(): argument 'max' must be Tensor or Number, not str"),
    (lambda t, x: t.clamp(1.0, 0, 1), TypeError, "clamp(): argument 'input' must be Tensor, not float"),
    (
        lambda t, x: t.clamp(t.tensor([True]), False, True),
        NotImplementedError,
        "\"clamp_scalar_cpu\" not implemented for 'Bool': convert to a",
    ),
    (
        lambda t, x: t.clamp(t.tensor([1j]), 0, 1),
        NotImplementedError,
        "clamp is not supported for complex types: they have no order",
    ),
    (lambda t, x: x.byte().clamp(0, 600), RuntimeError, "clamp: value cannot be converted to type uint8 without"),
    (lambda t, x: x.clamp(t.zeros(2)), RuntimeError, "The size of tensor a (3) must match the size of tensor b"),
    (lambda t, x: x.clamp_min("a"), TypeError, "clamp(): argument 'min' must be Tensor or Number, not str"),
    (lambda t, x: x.clamp_min(None), TypeError, "clamp_min(): argument 'min' must be Tensor or Number, not"),
    (lambda t, x: x.clamp_min(1j), NotImplementedError, "clamp is not supported for complex types: they have no order"),
    # where
    (lambda t, x: t.where(x > 2, x), TypeError, "result_type(): argument 'tensor' must be Tensor or Number,"),
    (lambda t, x: t.where(x, x, x), RuntimeError, "where expected condition to be a boolean tensor, but got"),
    (lambda t, x: t.where(x.long(), x, x), RuntimeError, "where expected condition to be a boolean tensor, but got"),
    (lambda t, x: t.where(x > 2, "a", x), TypeError, "result_type(): argument 'tensor' must be Tensor or Number,"),
    (lambda t, x: t.where(x > 2, x, None), TypeError, "result_type(): argument 'tensor' must be Tensor or Number,"),
    (lambda t, x: t.where(True, x, x), TypeError, "where(): argument 'condition' must be Tensor, not bool"),
    (lambda t, x: t.where([True], x, x), TypeError, "where(): argument 'condition' must be Tensor, not list"),
    (
        lambda t, x: t.where(x > 2, t.zeros(2), x),
        RuntimeError,
        "The size of tensor a (3) must match the size of tensor b",
    ),
    (
        lambda t, x: t.where(t.tensor([True, False]), x, x),
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b",
    ),
    (lambda t, x: x.clamp_max(None), TypeError, "clamp_max(): argument 'max' must be Tensor or Number, not"),
]


#: Where PyTorch computes something, warns, or raises another type: what is refused here on purpose.
REFUSED = [
    (lambda t, x: x.clamp(1j), NotImplementedError, "clamp is not supported for complex types: they have no order"),
    (
        lambda t, x: t.where(t.tensor([1, 0, 1], dtype=t.uint8), x, 0),
        RuntimeError,
        "where expected condition to be a boolean tensor, but got",
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


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_refused_here_alone(call, error, message):
    check_error(tg, call, error, message)
