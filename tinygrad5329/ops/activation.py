"""Activation functions, but for tanh (``pointwise``), GELU (``gelu``) and softmax (``reduction``).

The smooth ones are here, the piecewise linear ones in ``rectifiers``. The kernels keep to what NumPy has
SIMD loops for on every processor, which changes their form: ``clip`` in place of an extremum with a
number, logarithms and tanh in place of ``log1p`` and ``expm1``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends.masks import positive_part
from tinygrad5329.description import check_dim
from tinygrad5329.dtypes import FLOATING, is_half
from tinygrad5329.ops import arithmetic, pointwise
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import to_float, write_out
from tinygrad5329.ops.rectifiers import (
    apply,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    not_a_tensor,
    not_implemented,
    prelu,
    relu,
    relu6,
    softshrink,
    threshold,
)
from tinygrad5329.tensor import Tensor, method

__all__ = [
    "celu", "elu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid",
    "mish", "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softshrink", "softsign",
    "tanhshrink", "threshold",
]  # fmt: skip

_INF = math.inf


def _logistic(x: Any) -> Any:
    """1 / (1 + exp(-x)); where the exponential overflows, the result is 0 all the same."""
    t = np.negative(x, np.empty_like(x))
    np.exp(t, t)
    t += 1
    return np.divide(1, t, t)


def _softened(z: Any, cap: float, keep: bool) -> tuple[Any, Any]:
    """log(1 + exp(z)), `z` itself above `cap`, and with `keep` its derivative."""
    # Beyond 80, or 10 in half precision, the logarithm is z to rounding and the exponential may overflow.
    cap = min(cap, 10.0 if z.itemsize == 2 else 80.0)
    e = z.clip(-_INF, cap, np.empty_like(z))
    np.exp(e, e)
    u = np.add(e, 1, np.empty_like(z))
    # log1p(e) from log(u): u - 1 - e is what rounding added to u, and the logarithm's slope there is 1 / u.
    out = np.subtract(u, 1, np.empty_like(z))
    out -= e
    out /= u
    np.subtract(np.log(u), out, out)
    slope: Any = np.divide(e, u, e) if keep else None
    above = z > cap
    if above.any():
        np.copyto(out, z, where=above)
        if keep:
            np.copyto(slope, 1, where=above)
    return out, slope


def _times_slope(xp: Any, g: Any, aux: Any) -> tuple[Any]:
    """The raw rule of functions whose forward keeps their derivative."""
    return (g * aux,)


def _sigmoid_raw(xp: Any, g: Any, out: Any) -> tuple[Any]:
    slope = 1 - out
    slope *= out
    if out.dtype.kind == "c":
        slope = xp.conj(slope)
    slope *= g
    return (slope,)


def _silu_forward(xp: Any, x: Any, *, keep: bool) -> tuple[Any, Any]:
    s = _logistic(x)
    out = x * s
    if not keep:
        return out, None
    # s (1 + x (1 - s)) with out = x s
    slope = 1 - out
    slope *= s
    slope += out
    return out, slope


def _silu_rule(xp: Any, g: Any, x: Any) -> Any:
    s = _sigmoid.under(xp, x)
    return g * (s * (1 + x * (1 - s)))


def _softplus_forward(xp: Any, x: Any, *, beta: float, threshold: float, keep: bool) -> tuple[Any, Any]:
    if beta == 1:
        return _softened(x, threshold, keep)
    out, slope = _softened(np.multiply(x, beta, np.empty_like(x)), threshold, keep)
    out /= beta
    return out, slope


def _softplus_rule(xp: Any, g: Any, x: Any, beta: float, threshold: float) -> Any:
    return xp.where(x * beta > threshold, g, g * _sigmoid.under(xp, x * beta))


def _logsigmoid_forward(xp: Any, x: Any, *, keep: bool) -> tuple[Any, Any]:
    out, slope = _softened(np.negative(x, np.empty_like(x)), _INF, keep)
    return np.negative(out, out), slope


def _elu_forward(xp: Any, x: Any, *, alpha: float, scale: float, input_scale: float, keep: bool) -> tuple[Any, Any]:
    below = x.clip(-_INF, 0.0, np.empty_like(x))
    if input_scale != 1:
        below *= input_scale
    slope = None
    if keep:
        slope = np.exp(below, np.empty_like(x))
        factor = alpha * scale * input_scale
        if factor != 1:
            slope *= factor
        if factor != scale:
            slope += np.multiply(x > 0, scale - factor, dtype=x.dtype)
    if input_scale > 0:
        # expm1(z) = 2 t / (1 - t) with t = tanh(z / 2), without cancellation for z <= 0
        below *= 0.5
        np.tanh(below, below)
        below /= 1 - below
        below *= 2 * alpha * scale
    else:
        np.expm1(below, below)
        below *= alpha * scale
    out = positive_part(x)
    if scale != 1:
        out *= scale
    out += below
    return out, slope


def _elu_rule(xp: Any, g: Any, x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    below = xp.exp(xp.clip(x, None, 0.0) * input_scale)
    return xp.where(x > 0, g * scale, g * (alpha * scale * input_scale) * below)


def _mish_forward(xp: Any, x: Any, *, keep: bool) -> tuple[Any, Any]:
    # tanh(log(1 + e)) = n / (n + 2) with n = e (e + 2); it is 1 to rounding before n overflows.
    low = x.clip(-_INF, 20.0, np.empty_like(x))
    e = np.exp(low, np.empty_like(x))
    t = e + 2
    t *= e
    w = t + 2
    t /= w
    out = x * t
    if not keep:
        return out, None
    # t + x (1 - t^2) e / (1 + e) = t + 4 x e (1 + e) / w^2
    slope = e + 1
    slope *= e
    slope /= w
    slope /= w
    slope *= 4
    slope *= low
    slope += t
    return out, slope


def _mish_rule(xp: Any, g: Any, x: Any) -> Any:
    t = xp.tanh(_softplus.under(xp, x, beta=1.0, threshold=20.0))
    return g * (t + x * (1 - t * t) * _sigmoid.under(xp, x))


_sigmoid = Primitive(
    "sigmoid",
    lambda xp, x: _logistic(x),
    lambda xp, g, out: g * xp.conj((1 - out) * out),
    raw=_sigmoid_raw,
)
_silu = Primitive("silu", _silu_forward, _silu_rule, raw=_times_slope, aux=True)
_softplus = Primitive("softplus", _softplus_forward, _softplus_rule, raw=_times_slope, aux=True)
_logsigmoid = Primitive(
    "log_sigmoid",
    _logsigmoid_forward,
    lambda xp, g, x: g * _sigmoid.under(xp, -x),
    raw=_times_slope,
    aux=True,
)
_elu = Primitive("elu", _elu_forward, _elu_rule, raw=_times_slope, aux=True)
_mish = Primitive("mish", _mish_forward, _mish_rule, raw=_times_slope, aux=True)


@method
def sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``1 / (1 + exp(-x))``; integers become floats (``torch.sigmoid``)."""
    x = to_float(input, "sigmoid")
    result = apply(_sigmoid, x) if is_half(x._array.dtype) else _sigmoid(x)
    return result if out is None else write_out("sigmoid", out, result)


def silu(input: Tensor) -> Tensor:
    """``x * sigmoid(x)``, also known as swish (``torch.nn.functional.silu``)."""
    if isinstance(input, Tensor) and input.is_complex():
        return input * sigmoid(input)
    return apply(_silu, input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0, *, out: Tensor | None = None) -> Tensor:
    """``log(1 + exp(beta * x)) / beta`` (``torch.nn.functional.softplus``).

    Where ``beta * x > threshold`` it is `x` itself.
    """
    return apply(_softplus, input, out=out, beta=beta, threshold=threshold)


def logsigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``log(sigmoid(x))``, precise for all `x` (``torch.nn.functional.logsigmoid``)."""
    return apply(_logsigmoid, input, out=out)


def elu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """``x`` where positive, else ``alpha * (exp(x) - 1)`` (``torch.nn.functional.elu``; arXiv:1511.07289)."""
    return apply(_elu, input, alpha=alpha, scale=1.0, input_scale=1.0)


def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """``x`` where positive, else ``alpha * (exp(x / alpha) - 1)`` (``torch.celu``; arXiv:1704.07483)."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return apply(_elu, input, alpha=alpha, scale=1.0, input_scale=1.0 / alpha)


def selu(input: Tensor) -> Tensor:
    """ELU scaled to keep mean 0 and variance 1 from layer to layer (``torch.selu``; arXiv:1706.02515)."""
    return apply(_elu, input, alpha=1.6732632423543772, scale=1.0507009873554805, input_scale=1.0)


def mish(input: Tensor) -> Tensor:
    """``x * tanh(softplus(x))`` (``torch.nn.functional.mish``; arXiv:1908.08681)."""
    return apply(_mish, input)


def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)`` (``torch.nn.functional.softsign``)."""
    return arithmetic.div(input, pointwise.abs(input) + 1)  # type: ignore[attr-defined]


def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)`` (``torch.nn.functional.tanhshrink``)."""
    return arithmetic.sub(input, pointwise.tanh(input))  # type: ignore[attr-defined]


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """``a * sigmoid(b)`` for the halves `a`, `b` of the input along `dim` (``torch.nn.functional.glu``).

    RuntimeError if the length of `dim` is odd. Dauphin et al., arXiv:1612.08083.
    """
    if not isinstance(input, Tensor):
        raise not_a_tensor("glu", input)
    if input._array.dtype.kind not in FLOATING:
        raise not_implemented("glu", input)
    if input.ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    dim = check_dim(dim, input.ndim)
    size = input._array.shape[dim]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {size}")
    a, b = input.split(size // 2, dim) if size else (input, input)
    return arithmetic.mul(a, sigmoid(b))
