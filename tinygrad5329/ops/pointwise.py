"""Functions of one operand, element by element: exponentials, roots, trigonometry, rounding."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.backends import special
from tinygrad5329.dtypes import TITLES
from tinygrad5329.ops.primitive import Primitive, Rule
from tinygrad5329.ops.promote import to_float, write_out
from tinygrad5329.tensor import Tensor, attach

__all__: list[str] = []


def _define(
    name: str,
    about: str,
    forward: Callable[..., Any],
    rule: Rule,
    *,
    floats: bool = True,
    refuse: str = "",
    error: type[Exception] = NotImplementedError,
    aliases: str = "",
) -> Primitive:
    """A primitive, and the function and method that take a tensor to it.

    With `floats`, integers are computed in the default dtype; without, they stay what they are. `refuse`
    holds the kinds of dtypes (NumPy's letters) for which PyTorch has no such function.
    """
    op = Primitive(name, forward, rule)

    def function(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        x = to_float(input, name) if floats or not isinstance(input, Tensor) else input
        if refuse and x._array.dtype.kind in refuse:
            raise error(f"\"{name}_cpu\" not implemented for '{TITLES[x.dtype.name]}'; got a tensor of {x.dtype.name}")
        result = op(x)
        return result if out is None else write_out(name, out, result)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{about} (``torch.{name}``)."
    for each in (name, *aliases.split()):
        globals()[each] = function
        setattr(Tensor, each, function)
        __all__.append(each)
    return op


def _zero(xp: Any, g: Any) -> Any:
    """The derivative of a step function: zero, also where the incoming gradient is not finite."""
    return xp.zeros_like(g)


_define("exp", "e to the power of each element", lambda xp, x: xp.exp(x), lambda xp, g, out: g * xp.conj(out))
_define("exp2", "2 to the power of each element", lambda xp, x: xp.exp2(x),
        lambda xp, g, out: g * xp.conj(out) * math.log(2))  # fmt: skip
_define("expm1", "exp(x) - 1, precise near 0", lambda xp, x: xp.expm1(x), lambda xp, g, out: g * xp.conj(out + 1))
_define("log", "The natural logarithm", lambda xp, x: xp.log(x), lambda xp, g, x: g / xp.conj(x))
_define("log2", "The logarithm to base 2", lambda xp, x: xp.log2(x), lambda xp, g, x: g / xp.conj(x * math.log(2)))
_define("log10", "The logarithm to base 10", lambda xp, x: xp.log10(x), lambda xp, g, x: g / xp.conj(x * math.log(10)))
_define("log1p", "log(1 + x), precise near 0", lambda xp, x: xp.log1p(x), lambda xp, g, x: g / xp.conj(x + 1))
_define("sqrt", "The square root", lambda xp, x: xp.sqrt(x), lambda xp, g, out: g / (2 * xp.conj(out)))
_define("rsqrt", "The reciprocal of the square root", lambda xp, x: 1 / xp.sqrt(x),
        lambda xp, g, out: -0.5 * g * xp.conj(out * out * out))  # fmt: skip
_define("reciprocal", "1 / x", lambda xp, x: 1 / x, lambda xp, g, out: -g * xp.conj(out * out))
_define("square", "x * x", lambda xp, x: x * x if x.dtype.kind != "b" else x.astype(int),
        lambda xp, g, x: g * (2 * xp.conj(x)), floats=False)  # fmt: skip
_define("sin", "The sine of radians", lambda xp, x: xp.sin(x), lambda xp, g, x: g * xp.conj(xp.cos(x)))
_define("cos", "The cosine of radians", lambda xp, x: xp.cos(x), lambda xp, g, x: -g * xp.conj(xp.sin(x)))
_define("tan", "The tangent of radians", lambda xp, x: xp.tan(x), lambda xp, g, out: g * xp.conj(1 + out * out))
_define("asin", "The inverse sine", lambda xp, x: xp.arcsin(x),
        lambda xp, g, x: g / xp.conj(xp.sqrt(1 - x * x)), aliases="arcsin")  # fmt: skip
_define("acos", "The inverse cosine", lambda xp, x: xp.arccos(x),
        lambda xp, g, x: -g / xp.conj(xp.sqrt(1 - x * x)), aliases="arccos")  # fmt: skip
_define("atan", "The inverse tangent", lambda xp, x: xp.arctan(x),
        lambda xp, g, x: g / xp.conj(1 + x * x), aliases="arctan")  # fmt: skip
_define("sinh", "The hyperbolic sine", lambda xp, x: xp.sinh(x), lambda xp, g, x: g * xp.conj(xp.cosh(x)))
_define("cosh", "The hyperbolic cosine", lambda xp, x: xp.cosh(x), lambda xp, g, x: g * xp.conj(xp.sinh(x)))
_define("tanh", "The hyperbolic tangent", lambda xp, x: xp.tanh(x),
        lambda xp, g, out: g * xp.conj(1 - out * out))  # fmt: skip
_define("asinh", "The inverse hyperbolic sine", lambda xp, x: xp.arcsinh(x),
        lambda xp, g, x: g / xp.conj(xp.sqrt(x * x + 1)), aliases="arcsinh")  # fmt: skip
_define("acosh", "The inverse hyperbolic cosine", lambda xp, x: xp.arccosh(x),
        lambda xp, g, x, x_dtype: (
            # The product has the branch that complex numbers need.
            g / xp.conj(xp.sqrt(x - 1) * xp.sqrt(x + 1)) if x_dtype.kind == "c" else g / xp.sqrt(x * x - 1)
        ), aliases="arccosh")  # fmt: skip
_define("atanh", "The inverse hyperbolic tangent", lambda xp, x: xp.arctanh(x),
        lambda xp, g, x: g / xp.conj(1 - x * x), aliases="arctanh")  # fmt: skip
_define("erf", "The error function", lambda xp, x: special.erf(x),
        lambda xp, g, x: g * (2 / math.sqrt(math.pi) * xp.exp(-x * x)), refuse="c")  # fmt: skip
_define("erfc", "1 - erf(x), precise for large x", lambda xp, x: special.erfc(x),
        lambda xp, g, x: g * (-2 / math.sqrt(math.pi) * xp.exp(-x * x)), refuse="c")  # fmt: skip
_define("erfinv", "The inverse error function", lambda xp, x: special.erfinv(x),
        lambda xp, g, out: g * (math.sqrt(math.pi) / 2 * xp.exp(out * out)), refuse="c")  # fmt: skip
_define("sign", "-1, 0 or 1", lambda xp, x: xp.sign(x) if x.dtype.kind != "b" else x.copy(),
        lambda xp, g: _zero(xp, g), floats=False, refuse="c")  # fmt: skip
_define("floor", "The largest integer not above", lambda xp, x: xp.floor(x) if x.dtype.kind == "f" else x.copy(),
        lambda xp, g: _zero(xp, g), floats=False, refuse="bc")  # fmt: skip
_define("ceil", "The smallest integer not below", lambda xp, x: xp.ceil(x) if x.dtype.kind == "f" else x.copy(),
        lambda xp, g: _zero(xp, g), floats=False, refuse="bc")  # fmt: skip
_define("trunc", "The integer part", lambda xp, x: xp.trunc(x) if x.dtype.kind == "f" else x.copy(),
        lambda xp, g: _zero(xp, g), floats=False, refuse="bc", aliases="fix")  # fmt: skip
_define("frac", "The fractional part, with the sign of x", lambda xp, x: x - xp.trunc(x),
        lambda xp, g: g, floats=False, refuse="buic")  # fmt: skip
_define("deg2rad", "Degrees to radians", lambda xp, x: x * (math.pi / 180), lambda xp, g: g * (math.pi / 180),
        refuse="c", error=RuntimeError)  # fmt: skip
_define("rad2deg", "Radians to degrees", lambda xp, x: x * (180 / math.pi), lambda xp, g: g * (180 / math.pi),
        refuse="c", error=RuntimeError)  # fmt: skip

# |x| for complex input has a real output; x * (g / |x|) is PyTorch's convention, 0 at 0.
_define("abs", "The absolute value", lambda xp, x: xp.abs(x),
        lambda xp, g, x: g * xp.sign(x), floats=False, refuse="b", aliases="absolute")  # fmt: skip

_round = Primitive(
    "round",
    lambda xp, x, *, decimals: xp.round(x, decimals) if x.dtype.kind == "f" or decimals < 0 else x.copy(),
    lambda xp, g: _zero(xp, g),
)


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Round half to even, to `decimals` places (``torch.round``)."""
    if input.is_complex():
        raise NotImplementedError('"round" not implemented for complex numbers; round the parts, see view_as_real()')
    result = _round(input, decimals=decimals)
    return result if out is None else write_out("round", out, result)


def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """Replace NaN by 0 and the infinities by the dtype's limits, unless given (``torch.nan_to_num``)."""
    x = input
    if x.is_floating_point() or x.is_complex():
        # The limits of this dtype, not of a wider one that half precision is computed in.
        limits = dtypes.finfo(x.dtype.to_real())
        posinf, neginf = limits.max if posinf is None else posinf, limits.min if neginf is None else neginf
    result = _nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)
    return result if out is None else write_out("nan_to_num", out, result)


_nan_to_num = Primitive(
    "nan_to_num",
    lambda xp, x, *, nan, posinf, neginf: xp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf),
    lambda xp, g, x: xp.where(xp.isfinite(x), g, 0.0),
)

for _function in (round, nan_to_num):
    setattr(Tensor, _function.__name__, _function)
    __all__.append(_function.__name__)
attach(__abs__=lambda self: self.abs(), __round__=lambda self, decimals=0: round(self, decimals=decimals))
del _function
