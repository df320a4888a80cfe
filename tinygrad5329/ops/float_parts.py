"""The parts of a floating point number: its sign, its exponent, its neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes, return_types
from tinygrad5329.dtypes import INEXACT
from tinygrad5329.ops import arithmetic, choosing
from tinygrad5329.ops.defining import binary, on_class, two_operands
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.ops.selection import write_pair
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = [
    "copysign", "frexp", "isneginf", "isposinf", "isreal", "ldexp", "nextafter", "positive", "sgn", "signbit",
]  # fmt: skip

_copysign = Primitive(
    "copysign",
    lambda xp, x, y: xp.copysign(x, y),
    # At 0, where the result jumps from one sign to the other, PyTorch's derivative is 0.
    lambda xp, g, x, out: xp.where(x == 0, 0.0, g * (out / xp.where(x == 0, 1.0, x))),
    lambda xp, g: xp.zeros_like(g),
    broadcasts=True,
)
_frexp = Primitive("frexp", lambda xp, x, scale: np.frexp(x)[0], lambda xp, g, scale: g * scale, None)
_nextafter = Primitive(
    "nextafter",
    lambda xp, x, y: np.nextafter(x, y),
    lambda xp, g: g,
    lambda xp, g: xp.zeros_like(g),
    broadcasts=True,
)


@method
def copysign(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The size of `input` with the sign of `other`, of zeros too (``torch.copysign``)."""
    expect_tensor("copysign", "input", input)
    result = _copysign(*two_operands("copysign", input, other, numbers=True))
    return result if out is None else write_out("copysign", out, result)


nextafter = binary(
    _nextafter, "The next number that the dtype holds, towards other", floats=False, refuse="cbiu"
)  # fmt: skip
on_class(nextafter)


@method
def ldexp(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """``input * 2**other`` (``torch.ldexp``)."""
    expect_tensor("ldexp", "input", input)
    expect_tensor("ldexp", "other", other)
    result = arithmetic.mul(input, arithmetic.pow(2.0, other))
    return result if out is None else write_out("ldexp", out, result)


@method
def frexp(input: Tensor, *, out: Any = None) -> Any:
    """Mantissas in [1/2, 1) and whole exponents, ``input = mantissa * 2**exponent`` (``torch.frexp``)."""
    expect_tensor("frexp", "input", input)
    x = input._array
    if x.dtype.kind == "c" or x.dtype.kind not in INEXACT:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    exponent = np.asarray(np.frexp(x.astype(np.float64))[1], np.int32)
    scale = np.ldexp(np.float64(1), -exponent).astype(x.dtype)
    pair = return_types.frexp((_frexp(input, wrap(scale)), wrap(exponent)))
    return pair if out is None else write_pair("frexp", out, pair)


@method
def signbit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether the sign is minus, of zeros too (``torch.signbit``)."""
    expect_tensor("signbit", "input", input)
    x = input._array
    if x.dtype.kind == "c":
        raise RuntimeError("signbit is not implemented for complex tensors.")
    result = wrap(np.signbit(x) if x.dtype.kind in INEXACT else x < 0)
    return result if out is None else write_out("signbit", out, result)


def _infinite(op: str, input: Tensor, size: float, out: Tensor | None) -> Tensor:
    expect_tensor(op, "input", input)
    if input.is_complex():
        raise RuntimeError(f"{op} does not support complex inputs.")
    result = wrap(np.asarray(input._array == size if input.is_floating_point() else np.zeros(input.shape, bool)))
    return result if out is None else write_out(op, out, result)


@method
def isposinf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is positive infinity (``torch.isposinf``)."""
    return _infinite("isposinf", input, np.inf, out)


@method
def isneginf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is negative infinity (``torch.isneginf``)."""
    return _infinite("isneginf", input, -np.inf, out)


@method
def isreal(input: Tensor) -> Tensor:
    """Whether each element has no imaginary part (``torch.isreal``)."""
    expect_tensor("isreal", "input", input)
    return wrap(np.asarray(np.isreal(input._array)))


@method
def positive(input: Tensor) -> Tensor:
    """The tensor itself (``torch.positive``)."""
    expect_tensor("positive", "input", input)
    if input.dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@method
def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sign; of a complex number the number of size 1 in its direction (``torch.sgn``)."""
    expect_tensor("sgn", "input", input)
    if input.is_complex():
        size = input.abs()
        zero = wrap(size._array == 0)
        result = choosing.where(zero, 0.0, arithmetic.div(input, choosing.where(zero, 1.0, size)))
    else:
        result = input.sign()
    return result if out is None else write_out("sgn", out, result)
