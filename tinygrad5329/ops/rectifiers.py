"""Piecewise linear activation functions: ReLU and its relatives, hard forms of others, shrinkage.

Gradients at the kinks are PyTorch's, and a NaN passes the gradient on as it does there.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends.masks import either, kept, positive_part
from tinygrad5329.dtypes import FLOATING, float32, is_half
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, write_out
from tinygrad5329.tensor import Tensor, method

__all__ = [
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "prelu", "relu", "relu6",
    "softshrink", "threshold",
]  # fmt: skip

_INF = math.inf


def _leaky_relu_forward(xp: Any, x: Any, *, slope: float) -> Any:
    scaled = np.multiply(x, slope, np.empty_like(x))
    # For slopes in (0, 1] the larger one is the right one.
    return np.maximum(x, scaled, out=scaled) if 0 < slope <= 1 else either(x > 0, x, scaled)


def _hardswish_raw(xp: Any, g: Any, x: Any) -> tuple[Any]:
    slope = x / 3
    slope += 0.5
    slope *= g
    return (kept(either(x < 3, slope, g), ~(x <= -3)),)


def _prelu_raw(xp: Any, g: Any, needs: Any, x: Any, weight: Any) -> tuple[Any, Any]:
    up = x > 0
    return either(up, g, g * weight) if needs[0] else None, kept(g * x, ~up) if needs[1] else None


_relu = Primitive(
    "relu",
    lambda xp, x: positive_part(x) if x.ndim else x.dtype.type(0) if x <= 0 else x,
    # Not out > 0: a NaN passes the gradient on, as in PyTorch.
    lambda xp, g, out: xp.where(out == 0, 0.0, g),
    raw=lambda xp, g, out: (kept(g, out != 0) if out.ndim else g if out else out[()],),
    scalars=True,
)
_leaky_relu = Primitive(
    "leaky_relu",
    _leaky_relu_forward,
    lambda xp, g, x, slope: xp.where(x > 0, g, g * slope),
    raw=lambda xp, g, x, slope: (either(x > 0, g, g * slope),),
)
_hardtanh = Primitive(
    "hardtanh",
    lambda xp, x, *, low, high: x.clip(low, high),
    lambda xp, g, x, low, high: xp.where((x <= low) | (x >= high), 0.0, g),
    raw=lambda xp, g, x, low, high: (kept(g, ~((x <= low) | (x >= high))),),
)
_hardsigmoid = Primitive(
    "hardsigmoid",
    lambda xp, x: (x + 3).clip(0, 6) / 6,
    lambda xp, g, x: xp.where((x > -3) & (x < 3), g / 6, 0.0),
    raw=lambda xp, g, x: (kept(g / 6, (x > -3) & (x < 3)),),
)
_hardswish = Primitive(
    "hardswish",
    lambda xp, x: x * (x + 3).clip(0, 6) / 6,
    lambda xp, g, x: xp.where(x <= -3, 0.0, xp.where(x < 3, g * (x / 3 + 0.5), g)),
    raw=_hardswish_raw,
)
_softshrink = Primitive(
    "softshrink",
    lambda xp, x, *, lambd: x - x.clip(-lambd, lambd),
    lambda xp, g, x, lambd: xp.where(xp.abs(x) <= lambd, 0.0, g),
    raw=lambda xp, g, x, lambd: (kept(g, ~(abs(x) <= lambd)),),
)
_hardshrink = Primitive(
    "hardshrink",
    lambda xp, x, *, lambd: kept(x, ~(abs(x) <= lambd)),
    lambda xp, g, x, lambd: xp.where(xp.abs(x) <= lambd, 0.0, g),
    raw=lambda xp, g, x, lambd: (kept(g, ~(abs(x) <= lambd)),),
)
_threshold = Primitive(
    "threshold",
    lambda xp, x, *, threshold, value: either(x <= threshold, np.full_like(x, value), x),
    lambda xp, g, x, threshold: xp.where(x <= threshold, 0.0, g),
    raw=lambda xp, g, x, threshold: (kept(g, ~(x <= threshold)),),
)
_prelu = Primitive(
    "prelu",
    lambda xp, x, weight: positive_part(x) + weight * x.clip(-_INF, 0.0),
    lambda xp, g, x, weight: xp.where(x > 0, g, g * weight),
    lambda xp, g, x: xp.where(x > 0, 0.0, g * x),
    raw=_prelu_raw,
    broadcasts=True,
)


def apply(op: Primitive, input: Any, *, out: Tensor | None = None, **params: Any) -> Tensor:
    """Run `op` on a floating point tensor; half precision is computed in float32, as in PyTorch."""
    if out is not None:
        return write_out(op.name, out, apply(op, input, **params))
    if not isinstance(input, Tensor):
        raise not_a_tensor(op.name, input)
    char = input._array.dtype.char
    if char == "f" or char == "d":
        return op(input, **params)
    if is_half(input._array.dtype):
        return cast(op(cast(input, float32), **params), input.dtype)
    raise not_implemented(op.name, input)


def _ordered(op: str, input: Any) -> Tensor:
    """A tensor of any dtype whose elements have an order and a zero."""
    if not isinstance(input, Tensor):
        raise not_a_tensor(op, input)
    kind = input._array.dtype.kind
    if kind == "b":
        raise RuntimeError(f"Boolean inputs not supported for {op}; convert the input first, say with input.float()")
    if kind == "c":
        raise NotImplementedError(f"{op} is not supported for complex types, got {input.dtype.name}")
    return input


def not_a_tensor(op: str, value: Any) -> TypeError:
    """The error for an input that is no tensor."""
    return TypeError(f"{op}(): argument 'input' (position 1) must be Tensor, not {type(value).__name__}")


def not_implemented(op: str, value: Tensor) -> NotImplementedError:
    """The error for a tensor of another kind than floating point."""
    return NotImplementedError(
        f"\"{op}\" not implemented for '{scalar_type(value._array.dtype)}': expected a floating point "
        "tensor; convert it first, for example with .float()"
    )


@method
def relu(input: Tensor) -> Tensor:
    """``max(x, 0)``; the gradient at 0 is 0 (``torch.relu``).

    >>> import tinygrad5329 as tg
    >>> tg.relu(tg.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """
    return _relu(_ordered("relu", input))


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """``x`` where positive, else ``negative_slope * x`` (``torch.nn.functional.leaky_relu``)."""
    return apply(_leaky_relu, input, slope=negative_slope)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`x` limited to ``[min_val, max_val]`` (``torch.nn.functional.hardtanh``).

    Unlike that of ``clamp``, the gradient is 0 at the limits themselves.
    """
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val: got {min_val} and {max_val}")
    dtype = _ordered("hardtanh", input)._array.dtype
    if dtype.kind in "iu":
        if dtype.kind == "u" and min_val < 0:
            raise RuntimeError(f"cannot do hardtanh on an unsigned type with negative limits, got min_val={min_val}")
        min_val, max_val = int(min_val), int(max_val)
    return _hardtanh(input, low=min_val, high=max_val)


def relu6(input: Tensor) -> Tensor:
    """``min(max(x, 0), 6)`` (``torch.nn.functional.relu6``)."""
    return hardtanh(input, 0, 6)


def hardsigmoid(input: Tensor) -> Tensor:
    """``min(max(x + 3, 0), 6) / 6`` (``torch.nn.functional.hardsigmoid``)."""
    return apply(_hardsigmoid, input)


def hardswish(input: Tensor) -> Tensor:
    """``x * min(max(x + 3, 0), 6) / 6`` (``torch.nn.functional.hardswish``; arXiv:1905.02244)."""
    return apply(_hardswish, input)


def softshrink(input: Tensor, lambd: float = 0.5, *, out: Tensor | None = None) -> Tensor:
    """`x` moved by `lambd` towards 0, and 0 in between (``torch.nn.functional.softshrink``)."""
    if not lambd >= 0:
        raise RuntimeError(f"softshrink: lambda must be at least 0, but found {lambd}")
    return apply(_softshrink, input, out=out, lambd=lambd)


@method
def hardshrink(input: Tensor, lambd: float = 0.5, *, out: Tensor | None = None) -> Tensor:
    """0 where ``|x| <= lambd``, else `x` (``torch.hardshrink``)."""
    return apply(_hardshrink, input, out=out, lambd=lambd)


def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """`x` where it exceeds `threshold`, else `value` (``torch.threshold``)."""
    if _ordered("threshold", input)._array.dtype.kind in "iu":
        threshold, value = int(threshold), int(value)
    return _threshold(input, threshold=threshold, value=value)


@method
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``x`` where positive, else ``weight * x`` (``torch.prelu``; arXiv:1502.01852).

    `weight` is one number, or (C,) for input (N, C, ...). RuntimeError if they do not fit in number or dtype.
    """
    for name, value in (("input", input), ("weight", weight)):
        if not isinstance(value, Tensor):
            raise TypeError(f"prelu(): argument '{name}' must be Tensor, not {type(value).__name__}")
    dtype = input._array.dtype
    if dtype != weight._array.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {scalar_type(dtype)} and "
            f"{scalar_type(weight._array.dtype)}; convert one of them"
        )
    if dtype.kind not in FLOATING:
        raise not_implemented("prelu", input)
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    count, ndim = weight.numel(), input.ndim
    if count == 1:
        return _prelu(input, weight if weight.ndim == 0 or ndim else weight.reshape(()))
    if ndim == 0:
        raise RuntimeError(f"prelu: Not allow zero-dim input tensor with {count} weights, only with one")
    channels = input._array.shape[1] if ndim > 1 else 1
    if count != channels:
        raise RuntimeError(
            f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and "
            f"channel size = {channels}: the input has shape {tuple(input.shape)}"
        )
    return _prelu(input, weight.reshape(count, *(1,) * (ndim - 2)))
