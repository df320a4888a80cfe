"""clone, detach, to and the names of dtypes as methods."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.backends.device import NoCudaError

from .tables import LIBRARIES, check_error, check_value, gradient

VALUES = [
    # clone and detach
    (lambda t, x: t.clone(x), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.clone(), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.clone().data_ptr() == x.data_ptr(), False),
    (lambda t, x: t.clone(x, memory_format=None), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: t.clone(input=x), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.requires_grad_().clone().requires_grad, True),
    (lambda t, x: x.requires_grad_().detach().requires_grad, False),
    (lambda t, x: x.detach().data_ptr() == x.data_ptr(), True),
    (lambda t, x: t.detach(x), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: gradient(t, lambda a: a.clone(), x), ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],)),
    # to
    (lambda t, x: x.to(t.float64), ("float64", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
    (lambda t, x: x.to(dtype=t.int32), ("int32", [[0, 1, 2], [3, 4, 5]])),
    (lambda t, x: x.to("cpu"), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.to(t.device("cpu"), t.int64), [[0, 1, 2], [3, 4, 5]]),
    (lambda t, x: x.to(device="cpu", dtype=t.bool), [[False, True, True], [True, True, True]]),
    (lambda t, x: x.to(x.long()), [[0, 1, 2], [3, 4, 5]]),
    (lambda t, x: x.to("cpu", non_blocking=True), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.to(t.float32, False, True).data_ptr() == x.data_ptr(), False),
    (lambda t, x: x.to(t.float32) is x, True),
    (lambda t, x: x.to(t.float32, copy=True) is x, False),
    (lambda t, x: x.to("cpu", t.float32, False, False) is x, True),
    (lambda t, x: x.to("cpu", t.float32, False, True) is x, False),
    (lambda t, x: x.to(None) is x, True),
    (lambda t, x: gradient(t, lambda a: a.to(t.float64) * 2, x), ([[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]],)),
    (lambda t, x: x.to(), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.to(float), ("float64", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
    (lambda t, x: x.to(dtype=float), ("float64", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
    # dtype names
    (lambda t, x: x.float() is x, True),
    (lambda t, x: x.double(), ("float64", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
    (lambda t, x: x.half(), ("float16", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
    (lambda t, x: x.int(), ("int32", [[0, 1, 2], [3, 4, 5]])),
    (lambda t, x: x.long(), [[0, 1, 2], [3, 4, 5]]),
    (lambda t, x: x.short(), ("int16", [[0, 1, 2], [3, 4, 5]])),
    (lambda t, x: x.char(), ("int8", [[0, 1, 2], [3, 4, 5]])),
    (lambda t, x: x.byte(), ("uint8", [[0, 1, 2], [3, 4, 5]])),
    (lambda t, x: x.bool(), [[False, True, True], [True, True, True]]),
    (lambda t, x: x.cfloat()[0].dtype, "complex64"),
    (lambda t, x: x.cdouble()[0].dtype, "complex128"),
    (lambda t, x: t.tensor([1.9, -1.9]).long(), [1, -1]),
    (lambda t, x: t.tensor([300]).byte(), ("uint8", [44])),
    (lambda t, x: t.tensor([-1]).byte(), ("uint8", [255])),
    (lambda t, x: t.tensor([200]).char(), ("int8", [-56])),
    (lambda t, x: t.tensor([0.5, 0.0, float("nan")]).bool(), [True, False, True]),
    (lambda t, x: x.type(t.float64), ("float64", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
    (lambda t, x: x.type(t.float64).type()[-12:], "DoubleTensor"),
    (lambda t, x: x.type()[-11:], "FloatTensor"),
    (lambda t, x: x.bool().type()[-10:], "BoolTensor"),
    (lambda t, x: x.type(dtype=t.int64), [[0, 1, 2], [3, 4, 5]]),
    (lambda t, x: x.type_as(x.long()), [[0, 1, 2], [3, 4, 5]]),
    (lambda t, x: x.type_as(other=x.double()), ("float64", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
    # complex
    (lambda t, x: t.conj(x) is x, True),
    (lambda t, x: t.real(t.tensor([1 + 2j])), [1.0]),
    (lambda t, x: t.real(x) is x, True),
    (lambda t, x: t.imag(t.tensor([1 + 2j])), [2.0]),
    (lambda t, x: t.tensor([1 + 2j]).real, [1.0]),
    (lambda t, x: t.tensor([1 + 2j]).imag, [2.0]),
    (lambda t, x: x.real, [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
    (lambda t, x: x.is_signed(), True),
    (lambda t, x: x.byte().is_signed(), False),
    (lambda t, x: x.is_pinned(), False),
    (
        lambda t, x: gradient(t, lambda a: t.real(a * (1 + 1j)) + t.imag(a * 2j), x),
        ([[3.0, 6.0, 9.0], [12.0, 15.0, 18.0]],),
    ),
]
ERRORS = [
    # clone and detach
    (lambda t, x: t.clone(1.0), TypeError, "clone(): argument 'input' must be Tensor, not float"),
    (lambda t, x: t.detach(1.0), TypeError, "detach(): argument 'input' must be Tensor, not float"),
    (
        lambda t, x: x.clone(memory_format="a"),
        TypeError,
        "clone(): argument 'memory_format' must be memory_format, not str",
    ),
    (lambda t, x: x.clone(1), TypeError, "clone() takes 1 positional argument but 2 were given"),
    # to
    (lambda t, x: x.to("gpu"), RuntimeError, "Expected one of cpu, cuda, mps, meta, xpu device type at"),
    (lambda t, x: x.to(shape=2), TypeError, "to() got an unexpected keyword argument 'shape'"),
    (lambda t, x: x.to([1]), TypeError, "to() received an invalid combination of arguments: expected"),
    (lambda t, x: x.to(t.float32, t.float64), TypeError, "to() received an invalid combination of arguments: the"),
    (lambda t, x: x.to("float32"), RuntimeError, "Expected one of cpu, cuda, mps, meta, xpu device type at"),
    (lambda t, x: x.to(dtype="float32"), TypeError, "to(): argument 'dtype' must be a dtype, not str"),
    (
        lambda t, x: x.to(t.float32, dtype=t.float64),
        TypeError,
        "to() received an invalid combination of arguments: the",
    ),
    (lambda t, x: x.to(x, t.float64), TypeError, "to() received an invalid combination of arguments: the"),
    (lambda t, x: x.to(copy="a"), TypeError, "to(): argument 'copy' must be bool, not str"),
    # dtype names
    (lambda t, x: x.type(5), TypeError, "dtype must be a tinygrad5329.dtype such as tg.float32, got 5"),
    (lambda t, x: x.type_as(1), TypeError, "type_as(): argument 'other' must be Tensor, not int"),
    (lambda t, x: x.long(1), TypeError, "_conversion() takes 1 positional argument but 2 were given"),
    # complex
    (lambda t, x: x.imag, RuntimeError, "imag is not implemented for tensors with non-complex dtypes."),
    (lambda t, x: t.imag(x), RuntimeError, "imag is not implemented for tensors with non-complex dtypes."),
    (lambda t, x: t.real(1.0), TypeError, "real(): argument 'input' must be Tensor, not float"),
]


#: Where PyTorch computes something, warns, or raises another type: what is refused here on purpose.
REFUSED = [
    (lambda t, x: x.to(5), TypeError, "to() received an invalid combination of arguments: expected"),
    (lambda t, x: x.to("cuda"), NoCudaError, "Torch not compiled with CUDA enabled"),
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
