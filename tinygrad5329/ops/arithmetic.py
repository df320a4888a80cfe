"""Arithmetic on two operands, with broadcasting: add, sub, mul, div, pow, remainders, lerp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.ops.integer_powers import power
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import as_tensor_operand, cast, expect_tensor, operands, result_type, write_out
from tinygrad5329.tensor import Tensor, attach, method, wrap

__all__ = [
    "add", "div", "divide", "float_power", "floor_divide", "fmod",
    "lerp", "mul", "multiply", "neg", "negative", "pow", "remainder",
    "rsub", "sub", "subtract", "true_divide",
]  # fmt: skip

_add = Primitive("add", lambda xp, x, y: x + y, lambda xp, g: g, lambda xp, g: g, broadcasts=True, scalars=True)
_sub = Primitive("sub", lambda xp, x, y: x - y, lambda xp, g: g, lambda xp, g: -g, broadcasts=True, scalars=True)
_mul = Primitive(
    "mul",
    lambda xp, x, y: x * y,
    lambda xp, g, y: g * xp.conj(y),
    lambda xp, g, x: g * xp.conj(x),
    broadcasts=True,
    scalars=True,
)
_div = Primitive(
    "div",
    lambda xp, x, y: x / y,
    lambda xp, g, y: g / xp.conj(y),
    lambda xp, g, x, y: -g * xp.conj((x / y) / y),
    broadcasts=True,
    scalars=True,
)
_neg = Primitive("neg", lambda xp, x: -x, lambda xp, g: -g, scalars=True)
# d/dx x**y is 0 at y = 0, also at x = 0, and d/dy is 0 at x = 0 for y >= 0: PyTorch's choices.


def _zero_or_product(flat: Any, xp: Any, out: Any, x: Any) -> Any:
    """The derivative of x ** y to y: 0 where `flat`, elsewhere with the logarithm, infinite at x = 0."""
    return xp.where(flat, 0.0, out * xp.log(xp.where(flat, 1.0, x)))


_pow = Primitive(
    "pow_tensor",
    lambda xp, x, y: x**y,
    lambda xp, g, x, y: g * xp.conj(xp.where(y == 0, 0.0, y * x ** xp.where(y == 0, 1.0, y - 1))),
    lambda xp, g, x, y, out: g * xp.conj(_zero_or_product((x == 0) & (y.real >= 0), xp, out, x)),
    broadcasts=True,
)

_pow_scalar = Primitive(
    "pow",
    lambda xp, x, *, exponent: power(x, exponent),
    lambda xp, g, x, exponent: g * xp.conj(exponent * power(x, exponent - 1)) if exponent else xp.zeros_like(x),
    scalars=True,
)
_fmod = Primitive(
    "fmod",
    lambda xp, x, y: xp.fmod(x, y),
    lambda xp, g: g,
    lambda xp, g, x, y: -g * xp.trunc(x / y),
    broadcasts=True,
)
_remainder = Primitive(
    "remainder",
    lambda xp, x, y: xp.remainder(x, y),
    lambda xp, g: g,
    lambda xp, g, x, y: -g * xp.floor(x / y),
    broadcasts=True,
)


def _interpolated(xp: Any, x: Any, y: Any, w: Any) -> Any:
    if w.ndim == 0:
        return x + w * (y - x) if abs(w) < 0.5 else y - (y - x) * (1 - w)
    return xp.where(abs(w) < 0.5, x + w * (y - x), y - (y - x) * (1 - w))


_lerp = Primitive(
    "lerp",
    # Two forms, as PyTorch has them, so that weights 0 and 1 give the ends exactly.
    lambda xp, x, y, w: _interpolated(xp, x, y, w),
    lambda xp, g, w: g * xp.conj(1 - w),
    lambda xp, g, w: g * xp.conj(w),
    lambda xp, g, x, y: g * xp.conj(y - x),
    broadcasts=True,
)


@method
def add(input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """``input + alpha * other``, broadcast (``torch.add``).

    >>> import tinygrad5329 as tg
    >>> tg.add(tg.tensor([1, 2]), tg.tensor(10), alpha=2)
    tensor([21, 22])
    """
    if alpha != 1:
        other = _scaled("add", input, other, alpha)
    x, y = operands("add", input, other)
    result = _logical(np.logical_or, x, y) if _both_bool(x, y) else _add.run(x, y)
    return result if out is None else write_out("add", out, result)


def _scaled(op: str, input: Any, other: Any, alpha: Any) -> Any:
    """``alpha * other``, where the result's kind of number is not alpha's to decide."""
    common = result_type(input, other)
    if isinstance(alpha, complex) and not common.is_complex:
        raise RuntimeError(f"{op}(): for non-complex input tensors, argument alpha must not be a complex number.")
    if isinstance(alpha, float) and not (common.is_floating_point or common.is_complex):
        raise RuntimeError(
            f"{op}(): for integral input tensors, argument alpha must not be a floating point number: {alpha}"
        )
    if common is dtypes.bool_:
        return mul(other, bool(alpha) if isinstance(alpha, int) else alpha)
    if isinstance(alpha, bool):
        raise RuntimeError(f"{op}(): Boolean alpha only supported for Boolean results.")
    if isinstance(other, Tensor) and other.dtype.itemsize < common.itemsize and isinstance(input, Tensor):
        # In the result's dtype: the product may not fit its own.
        other = cast(other, result_type(input, other))
    # The product of two numbers stays a number, which is weaker than a 0-d tensor.
    return other * alpha if isinstance(other, (int, float, complex)) else mul(other, alpha)


@method
def sub(input: Any, other: Any, *, alpha: Any = 1, out: Tensor | None = None) -> Tensor:
    """``input - alpha * other``, broadcast (``torch.sub``)."""
    if _is_bool(other) or _is_bool(input):
        kind = "two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead."
        if not (_is_bool(input) and _is_bool(other)):
            kind = (
                "a bool tensor is not supported. If you are trying to invert a mask, use the `~` or "
                "`logical_not()` operator instead."
            )
        raise RuntimeError(f"Subtraction, the `-` operator, with {kind}")
    if alpha != 1:
        other = _scaled("sub", input, other, alpha)
    result = _sub.run(*operands("sub", input, other))
    return result if out is None else write_out("sub", out, result)


@method
def mul(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """``input * other``, broadcast (``torch.mul``)."""
    x, y = operands("mul", input, other)
    result = _mul.run(x, y)
    return result if out is None else write_out("mul", out, result)


@method
def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """``input / other``, broadcast; integers are divided as floats (``torch.div``).

    With ``rounding_mode`` "floor" or "trunc" the quotient is rounded and integers stay integers.

    >>> import tinygrad5329 as tg
    >>> tg.tensor([7, -7]) / 2
    tensor([ 3.5000, -3.5000])
    >>> tg.div(tg.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    if rounding_mode is None:
        result = _div.run(*operands("div", input, other, floats=True))
    elif rounding_mode in ("floor", "trunc"):
        result = _rounded_quotient(input, other, rounding_mode)
    else:
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return result if out is None else write_out("div", out, result)


def _rounded_quotient(input: Any, other: Any, mode: str) -> Tensor:
    """The rounded quotient. Its derivative is zero everywhere, and it is recorded as such."""
    x, y = operands("div", input, other)
    _not_for_bools(f"div_{mode}_cpu", x, y)
    kind = (x if isinstance(x, Tensor) else y)._array.dtype.kind
    if kind in "iu" and not np.all(y._array):
        raise RuntimeError("ZeroDivisionError: integer division by zero")
    return (_floor_div if mode == "floor" else _trunc_div)(x, y)


def _trunc_quotient(x: Any, y: Any) -> Any:
    kind = np.result_type(x, y).kind
    if kind == "i":
        # Exact where a detour over floats would round.
        quotient = x // y
        return quotient + ((quotient < 0) & (quotient * y != x))
    return x // y if kind == "u" else np.trunc(x / y)


def _floor_quotient(x: Any, y: Any) -> Any:
    return np.floor_divide(x, y)


_floor_div = Primitive(
    "floor_div",
    lambda xp, x, y: _floor_quotient(x, y),
    lambda xp, g: g * 0,
    lambda xp, g: g * 0,
    broadcasts=True,
)
_trunc_div = Primitive(
    "trunc_div",
    lambda xp, x, y: _trunc_quotient(x, y),
    lambda xp, g: g * 0,
    lambda xp, g: g * 0,
    broadcasts=True,
)


@method
def floor_divide(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The quotient rounded towards minus infinity (``torch.floor_divide``)."""
    result = _rounded_quotient(input, other, "floor")
    return result if out is None else write_out("floor_divide", out, result)


def _nonzero_divisor(op: str, x: Any, y: Any) -> None:
    if isinstance(y, Tensor) and y._array.dtype.kind in "iu" and not np.all(y._array):
        raise RuntimeError(f"ZeroDivisionError: {op} by zero of integers")


@method
def remainder(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Python's modulus: the result has the sign of the divisor (``torch.remainder``)."""
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        expect_tensor("remainder", "input", input)
    x, y = operands("remainder", input, other)
    _not_for_bools("remainder_cpu", x, y)
    _nonzero_divisor("remainder", x, y)
    result = _remainder(x, y)
    return result if out is None else write_out("remainder", out, result)


@method
def fmod(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """C's modulus: the result has the sign of the dividend (``torch.fmod``)."""
    expect_tensor("fmod", "input", input)
    x, y = operands("fmod", input, other)
    _not_for_bools("fmod_cpu", x, y)
    _nonzero_divisor("fmod", x, y)
    result = _fmod(x, y)
    return result if out is None else write_out("fmod", out, result)


@method
def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``-input`` (``torch.neg``)."""
    expect_tensor("neg", "input", input)
    if input._array.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. Use the `~` or "
            "`logical_not()` operator instead."
        )
    result = _neg.run(input)
    return result if out is None else write_out("neg", out, result)


@method
def pow(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """``input ** exponent``, broadcast (``torch.pow``)."""
    if isinstance(exponent, np.generic):
        # NumPy's scalars have a dtype that would decide the result's.
        exponent = exponent.item()
    if not isinstance(input, Tensor) and not isinstance(exponent, (Tensor, np.ndarray)):
        expect_tensor("pow", "input", input)
    x, y = operands("pow", input, exponent)
    if isinstance(x, Tensor) and not isinstance(exponent, (Tensor, np.ndarray)):
        kind = x._array.dtype.kind
        if kind in "iu" and exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        if kind == "b":
            # Booleans to a Boolean power: x ** True is x, x ** False is True.
            return wrap(x._array | (not exponent))
        value = exponent if kind in dtypes.INEXACT else int(exponent)
        result = _pow_scalar.run(x, exponent=value)
    else:
        _not_for_bools("pow", x, y)
        if not isinstance(x, Tensor):
            # In the exponent's dtype, so that the rule computes in it too.
            x = as_tensor_operand("pow", "input", x, y.dtype)
        if y._array.dtype.kind == "i" and (y._array < 0).any():
            result = _apply_integer_power(x._array, y._array)
        else:
            result = _pow.run(x, y)
    return result if out is None else write_out("pow", out, result)


@method
def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """``input ** exponent`` in float64, or complex128 for complex operands (``torch.float_power``)."""
    if not isinstance(input, Tensor) and not isinstance(exponent, Tensor):
        raise TypeError("float_power(): argument 'input' or 'exponent' must be Tensor")
    wide = dtypes.complex128 if result_type(input, exponent).is_complex else dtypes.float64
    x = cast(input, wide) if isinstance(input, Tensor) else wrap(np.asarray(input, wide.numpy))
    if isinstance(exponent, Tensor):
        exponent = cast(exponent, wide)
    if out is not None and isinstance(out, Tensor) and out.dtype is not wide:
        raise RuntimeError(
            f"the output given to float_power has dtype {out.dtype.name} but the operation's result requires dtype "
            f"{wide.name}"
        )
    return pow(x, exponent, out=out)


def _apply_integer_power(x: Any, y: Any) -> Tensor:
    """Powers of integers with negative exponents among them, rounded towards zero as in PyTorch."""
    inverse = np.where(x == 1, 1, np.where(x == -1, 1 - 2 * (y & 1), 0))
    return wrap(np.where(y < 0, inverse, x ** np.maximum(y, 0)).astype(y.dtype))


@method
def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """``input + weight * (end - input)`` (``torch.lerp``)."""
    expect_tensor("lerp", "input", input)
    expect_tensor("lerp", "end", end)
    if not (input.is_floating_point() or input.is_complex()):
        raise NotImplementedError(f"\"lerp\" not implemented for '{input.dtype.name}': convert to floats first")
    if input.dtype is not end.dtype:
        raise RuntimeError(f"expected dtype {input.dtype} for `end`, but got dtype {end.dtype}")
    if isinstance(weight, Tensor) and weight.dim() and weight.dtype is not input.dtype:
        raise RuntimeError(f"expected dtype {input.dtype} for `weight` but got dtype {weight.dtype}")
    result = _lerp(input, end, as_tensor_operand("lerp", "weight", weight, input.dtype))
    return result if out is None else write_out("lerp", out, result)


def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """``other - alpha * input`` (``torch.rsub``)."""
    expect_tensor("rsub", "input", input)
    return sub(other, input, alpha=alpha)


def _both_bool(x: Any, y: Any) -> bool:
    x = x if isinstance(x, Tensor) else y
    return x._array.dtype.kind == "b"


def _is_bool(x: Any) -> bool:
    return x._array.dtype.kind == "b" if isinstance(x, Tensor) else isinstance(x, bool)


def _not_for_bools(op: str, x: Any, y: Any) -> None:
    if _both_bool(x, y):
        raise NotImplementedError(f"\"{op}\" not implemented for 'Bool': convert to a number type first")


def _logical(function: Callable[..., Any], x: Tensor, y: Tensor) -> Tensor:
    return wrap(function(x._array, y._array))


multiply, divide, true_divide, subtract, negative = mul, div, div, sub, neg
attach(multiply=mul, divide=div, true_divide=div, subtract=sub, negative=neg)

_OPERANDS = (Tensor, int, float, complex, np.generic, np.ndarray)


def _dunder(name: str, function: Callable[..., Tensor], reflected: bool = False, quick: Any = None) -> None:
    """Put an operator on the class; types it does not know may define the reflected one themselves."""

    def operator(self: Tensor, other: Any) -> Any:
        if isinstance(other, _OPERANDS):
            return function(other, self) if reflected else function(self, other)
        return NotImplemented

    def quick_operator(self: Tensor, other: Any) -> Any:
        # The most common case first: nothing to promote.
        d = self._array.dtype
        if d.kind != "f" or (d is not other._array.dtype if isinstance(other, Tensor) else type(other) is not float):
            return operator(self, other)
        return quick.run(other, self) if reflected else quick.run(self, other)

    chosen = operator if quick is None else quick_operator
    chosen.__name__ = name
    setattr(Tensor, name, chosen)


for _name, _function in {
    "add": add, "sub": sub, "mul": mul, "truediv": div, "floordiv": floor_divide, "mod": remainder, "pow": pow,
}.items():  # fmt: skip
    _quick = {"add": _add, "sub": _sub, "mul": _mul, "truediv": _div}.get(_name)
    _dunder(f"__{_name}__", _function, quick=_quick)
    _dunder(f"__r{_name}__", _function, reflected=True, quick=_quick)
_dunder("__div__", div)
_dunder("__rdiv__", div, reflected=True)


def _positive(self: Tensor) -> Tensor:
    if _is_bool(self):
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return self


attach(__neg__=lambda self: neg(self), __pos__=_positive)
del _name, _function, _quick
