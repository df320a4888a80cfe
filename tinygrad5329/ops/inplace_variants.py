"""In-place methods of the smaller families, and in-place operations as functions: ``exp_(x)`` is ``x.exp_()``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad5329.ops import (
    angles,
    arithmetic,
    bessel_functions,
    choosing,
    comparison,
    complex_numbers,
    float_parts,
    gamma_functions,
    integers,
    logarithms,
    scan,
)
from tinygrad5329.ops.defining import named
from tinygrad5329.ops.inplace import _define
from tinygrad5329.tensor import Tensor, method

_FAMILIES: dict[Any, str] = {
    angles: "arctan2 atan2 hypot sinc",
    bessel_functions: "i0",
    choosing: "heaviside",
    comparison: "bitwise_and bitwise_not bitwise_or bitwise_xor eq ge greater greater_equal gt le less less_equal "
    "logical_and logical_not logical_or logical_xor lt ne not_equal",
    complex_numbers: "conj_physical",
    float_parts: "copysign ldexp nextafter sgn",
    gamma_functions: "digamma igamma igammac lgamma mvlgamma",
    integers: "bitwise_left_shift bitwise_right_shift gcd lcm",
    logarithms: "logit xlogy",
    scan: "cumprod cumsum",
}
for _module, _names in _FAMILIES.items():
    for _name in _names.split():
        _define(f"{_name}_", getattr(_module, _name))
_define("polygamma_", Tensor.polygamma)  # type: ignore[attr-defined]
_define("float_power_", arithmetic.float_power)
_unchecked = Tensor.float_power_  # type: ignore[attr-defined]


@method
def float_power_(self: Tensor, exponent: Any) -> Tensor:
    """``float_power`` in place, of a float64 or complex128 tensor (``torch.Tensor.float_power_``)."""
    result = arithmetic.float_power(self.detach(), exponent)
    if result.dtype is not self.dtype:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {self.dtype.name} but the operation's result requires dtype "
            f"{result.dtype.name}"
        )
    return _unchecked(self, exponent)


for _operator, _name in {
    "__iand__": "bitwise_and_", "__ior__": "bitwise_or_", "__ixor__": "bitwise_xor_",
    "__ilshift__": "bitwise_left_shift_", "__irshift__": "bitwise_right_shift_",
}.items():  # fmt: skip
    setattr(Tensor, _operator, getattr(Tensor, _name))


def _function(name: str) -> Callable[..., Tensor]:
    def function(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return getattr(input, name)(*args, **kwargs)

    return named(function, name, f"``input.{name}(...)`` (``torch.{name}``).")


__all__ = [
    f"{name}_"
    for name in [
        "abs",
        "acos",
        "acosh",
        "arccos",
        "arccosh",
        "arcsin",
        "arcsinh",
        "arctan",
        "arctanh",
        "asin",
        "asinh",
        "atan",
        "atanh",
        "ceil",
        "clamp",
        "clamp_max",
        "clamp_min",
        "clip",
        "cos",
        "cosh",
        "deg2rad",
        "detach",
        "erf",
        "erfc",
        "exp",
        "exp2",
        "expm1",
        "fill",
        "fix",
        "floor",
        "frac",
        "gcd",
        "i0",
        "lcm",
        "ldexp",
        "log",
        "log10",
        "log1p",
        "log2",
        "logit",
        "nan_to_num",
        "neg",
        "negative",
        "rad2deg",
        "reciprocal",
        "relu",
        "round",
        "rsqrt",
        "sigmoid",
        "sin",
        "sinc",
        "sinh",
        "sqrt",
        "square",
        "tan",
        "tanh",
        "trunc",
        "xlogy",
        "zero",
    ]
]
globals().update({_name: _function(_name) for _name in __all__})
