"""Choosing between values, element by element: where, maximum, minimum, clamp."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops.arithmetic import _not_for_bools
from tinygrad5329.ops.defining import not_differentiable
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import as_tensor_operand, cast, expect_tensor, operands, result_type, write_out
from tinygrad5329.tensor import Tensor, attach, method

__all__ = ["clamp", "clamp_max", "clamp_min", "clip", "fmax", "fmin", "heaviside", "maximum", "minimum", "where"]

_maximum = Primitive(
    "maximum",
    lambda xp, x, y: xp.maximum(x, y),
    lambda xp, g, x, y: xp.where(x == y, g / 2, xp.where(x < y, 0.0, g)),
    lambda xp, g, x, y: xp.where(x == y, g / 2, xp.where(x > y, 0.0, g)),
    broadcasts=True,
)
_minimum = Primitive(
    "minimum",
    lambda xp, x, y: xp.minimum(x, y),
    lambda xp, g, x, y: xp.where(x == y, g / 2, xp.where(x > y, 0.0, g)),
    lambda xp, g, x, y: xp.where(x == y, g / 2, xp.where(x < y, 0.0, g)),
    broadcasts=True,
)
_where = Primitive(
    "where",
    lambda xp, condition, x, y: xp.where(condition, x, y),
    None,
    lambda xp, g, condition: xp.where(condition, g, 0.0),
    lambda xp, g, condition: xp.where(condition, 0.0, g),
    broadcasts=True,
)
_clamp = Primitive(
    "clamp",
    lambda xp, x, *, min, max: xp.clip(x, min, max),
    lambda xp, g, x, min, max: xp.where(_inside(x, min, max), g, 0.0),
)


def _inside(x: Any, low: Any, high: Any) -> Any:
    """Where `clamp` passes its input on; the bounds themselves count as inside, as in PyTorch."""
    if low is None:
        return x <= high
    return x >= low if high is None else (x >= low) & (x <= high)


@method
def maximum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of each pair; NaN wins; a tie shares the gradient (``torch.maximum``)."""
    result = _maximum(*_two_tensors("maximum", input, other))
    return result if out is None else write_out("maximum", out, result)


@method
def minimum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of each pair; NaN wins; a tie shares the gradient (``torch.minimum``)."""
    result = _minimum(*_two_tensors("minimum", input, other))
    return result if out is None else write_out("minimum", out, result)


def _two_tensors(op: str, input: Any, other: Any) -> tuple[Any, Any]:
    for name, value in (("input", input), ("other", other)):
        expect_tensor(op, name, value)
        if value.is_complex():
            raise RuntimeError(f"{op} not implemented for complex tensors.")
    return operands(op, input, other)


# A number wins over NaN, and a tie goes to the first operand, as in PyTorch.
_fmax = Primitive(
    "fmax",
    lambda xp, x, y: xp.fmax(x, y),
    lambda xp, g, x, y: xp.where((x >= y) | xp.isnan(y), g, 0.0),
    lambda xp, g, x, y: xp.where((x >= y) | xp.isnan(y), 0.0, g),
    broadcasts=True,
)
_fmin = Primitive(
    "fmin",
    lambda xp, x, y: xp.fmin(x, y),
    lambda xp, g, x, y: xp.where((x <= y) | xp.isnan(y), g, 0.0),
    lambda xp, g, x, y: xp.where((x <= y) | xp.isnan(y), 0.0, g),
    broadcasts=True,
)
_heaviside = not_differentiable(
    "heaviside",
    lambda xp, x, y: xp.where(x == 0, y, (x > 0).astype(y.dtype)),
    broadcasts=True,
)


@method
def fmax(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of each pair; a number wins over NaN (``torch.fmax``)."""
    result = _fmax(*_two_tensors("fmax", input, other))
    return result if out is None else write_out("fmax", out, result)


@method
def fmin(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of each pair; a number wins over NaN (``torch.fmin``)."""
    result = _fmin(*_two_tensors("fmin", input, other))
    return result if out is None else write_out("fmin", out, result)


@method
def heaviside(input: Tensor, values: Tensor, *, out: Tensor | None = None) -> Tensor:
    """0 below 0, 1 above, `values` at 0 (``torch.heaviside``)."""
    expect_tensor("heaviside", "input", input)
    expect_tensor("heaviside", "values", values)
    if input.is_complex() or values.is_complex():
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if input.dtype is not values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    result = _heaviside(input, values)
    return result if out is None else write_out("heaviside", out, result)


@method
def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Limit the elements to ``[min, max]``, numbers or tensors (``torch.clamp``).

    The gradient passes where the input lies inside, bounds included.
    """
    expect_tensor("clamp", "input", input)
    for name, bound in (("min", min), ("max", max)):
        if not (bound is None or isinstance(bound, (Tensor, int, float, complex, np.generic))):
            raise TypeError(f"clamp(): argument '{name}' must be Tensor or Number, not {type(bound).__name__}")
    if any(isinstance(each, complex) for each in (min, max)) or input.is_complex():
        raise NotImplementedError("clamp is not supported for complex types: they have no order")
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        result = input
        common = result_type(*[v for v in (input, min, max) if v is not None])
        if min is not None:
            result = _clamp_low(cast(result, common), as_tensor_operand("clamp", "min", min, common))
        if max is not None:
            result = _clamp_high(cast(result, common), as_tensor_operand("clamp", "max", max, common))
    else:
        common = result_type(*[v for v in (input, min, max) if v is not None])
        _not_for_bools("clamp_scalar_cpu", cast(input, common), None)
        result = _clamp(cast(input, common), min=_bound(min, common), max=_bound(max, common))
    return result if out is None else write_out("clamp", out, result)


def _bound(value: Any, d: Any) -> Any:
    """A number as NumPy can compare it with `d`; PyTorch takes negative ones modulo the unsigned range."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or d.numpy.kind not in "iu":
        return value
    limits = np.iinfo(d.numpy)
    if not limits.min - (limits.max + 1 if limits.min == 0 else 0) <= value <= limits.max:
        raise RuntimeError(f"clamp: value cannot be converted to type {d.name} without overflow: {value}")
    return value % (limits.max + 1) if limits.min == 0 else value


# Clamping by a tensor is an extremum that gives a tie to the input instead of sharing it.
_clamp_low = Primitive(
    "clamp_low",
    lambda xp, x, low: xp.maximum(x, low),
    lambda xp, g, x, low: xp.where(x >= low, g, 0.0),
    lambda xp, g, x, low: xp.where(x < low, g, 0.0),
    broadcasts=True,
)
_clamp_high = Primitive(
    "clamp_high",
    lambda xp, x, high: xp.minimum(x, high),
    lambda xp, g, x, high: xp.where(x <= high, g, 0.0),
    lambda xp, g, x, high: xp.where(x > high, g, 0.0),
    broadcasts=True,
)


@method
def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """``clamp`` with a lower bound only (``torch.clamp_min``)."""
    if min is None:
        raise TypeError("clamp_min(): argument 'min' must be Tensor or Number, not NoneType")
    return clamp(input, min=min, out=out)


@method
def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """``clamp`` with an upper bound only (``torch.clamp_max``)."""
    if max is None:
        raise TypeError("clamp_max(): argument 'max' must be Tensor or Number, not NoneType")
    return clamp(input, max=max, out=out)


def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """Elements of `input` where `condition` holds, else of `other` (``torch.where``).

    With the condition alone: the indices of its true elements, one tensor a dimension.
    """
    if not isinstance(condition, Tensor):
        raise TypeError(f"where(): argument 'condition' must be Tensor, not {type(condition).__name__}")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition._array.dtype.kind != "b":
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got {condition.dtype}")
    common = result_type(input, other)
    result = _where(
        condition,
        as_tensor_operand("where", "input", input, common),
        as_tensor_operand("where", "other", other, common),
    )
    return result if out is None else write_out("where", out, result)


clip = clamp
attach(clip=clamp, where=lambda self, condition, other: where(condition, self, other))
