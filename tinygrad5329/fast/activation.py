"""Activation functions in one pass, with the derivative where the forward keeps it.

NumPy keeps the forward passes that are one vector loop there: tanh, leaky ReLU, the clipped ones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import inlined, kernel
from tinygrad5329.fast.transcendental import erf, exp, expm1, log1p, logistic
from tinygrad5329.ops.primitive import REGISTRY

__all__ = ["KERNELS"]


def _taken(x: Any) -> bool:
    """Whether the kernels take `x`; everything else is NumPy's."""
    return x.dtype.char in "fd" and x.flags.carray


# --- forward: the result, and the derivative unless `slope` has no elements ----------------------------


@kernel
def _sigmoid(x, out):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        out[i] = logistic(x[i])


@kernel
def _erf(x, out):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        out[i] = erf(x[i])


@kernel
def _silu(x, out, slope):  # type: ignore[no-untyped-def]
    one = x.dtype.type(1)
    if slope.size:
        for i in range(x.size):
            s = logistic(x[i])
            y = x[i] * s
            out[i] = y
            slope[i] = y + s * (one - y)
    else:
        for i in range(x.size):
            out[i] = x[i] * logistic(x[i])


@inlined
def _softened(z, one):  # type: ignore[no-untyped-def]
    """log(1 + exp(z)) and its derivative, without an overflow."""
    e = exp(-abs(z))
    up, fraction = z > 0, one / (one + e)
    return (z if up else one - one) + log1p(e), fraction if up else e * fraction


@kernel
def _softplus(x, beta, threshold, out, slope):  # type: ignore[no-untyped-def]
    one, b, limit = x.dtype.type(1), x.dtype.type(beta), x.dtype.type(threshold)
    keep = slope.size > 0
    for i in range(x.size):
        z = x[i] * b
        y, s = _softened(z, one)
        out[i] = x[i] if z > limit else y / b
        if keep:
            slope[i] = one if z > limit else s


@kernel
def _log_sigmoid(x, out, slope):  # type: ignore[no-untyped-def]
    one, keep = x.dtype.type(1), slope.size > 0
    for i in range(x.size):
        y, s = _softened(-x[i], one)
        out[i] = -y
        if keep:
            slope[i] = s


@kernel
def _elu(x, alpha, scale, input_scale, out, slope):  # type: ignore[no-untyped-def]
    zero, above, inner = x.dtype.type(0), x.dtype.type(scale), x.dtype.type(input_scale)
    below, below_slope = x.dtype.type(alpha * scale), x.dtype.type(alpha * scale * input_scale)
    if slope.size:
        for i in range(x.size):
            up = x[i] > 0
            z = zero if up else x[i] * inner
            out[i] = x[i] * above if up else below * expm1(z)
            slope[i] = above if up else below_slope * exp(z)
    else:
        for i in range(x.size):
            up = x[i] > 0
            z = zero if up else x[i] * inner
            out[i] = x[i] * above if up else below * expm1(z)


@kernel
def _mish(x, out, slope):  # type: ignore[no-untyped-def]
    one, two, four, highest = x.dtype.type(1), x.dtype.type(2), x.dtype.type(4), x.dtype.type(20)
    keep = slope.size > 0
    for i in range(x.size):
        # tanh(log(1 + e)) = n / (n + 2) with n = e (e + 2); it is 1 to rounding before n overflows.
        low = highest if x[i] > highest else x[i]
        e = exp(low)
        n = e * (e + two)
        w = n + two
        t = n / w
        out[i] = x[i] * t
        if keep:
            # t + x (1 - t^2) e / (1 + e) = t + 4 x e (1 + e) / w^2
            slope[i] = t + four * low * (e * (one + e) / w / w)


@kernel
def _hardswish(x, out):  # type: ignore[no-untyped-def]
    zero, three, six = x.dtype.type(0), x.dtype.type(3), x.dtype.type(6)
    for i in range(x.size):
        gate = x[i] + three
        gate = zero if gate < zero else gate
        gate = six if gate > six else gate
        out[i] = x[i] * gate / six


# --- backward ------------------------------------------------------------------------------------------


@kernel
def _sigmoid_raw(g, out, dx):  # type: ignore[no-untyped-def]
    one = out.dtype.type(1)
    for i in range(out.size):
        dx[i] = g[i] * ((one - out[i]) * out[i])


@kernel
def _tanh_raw(g, out, dx):  # type: ignore[no-untyped-def]
    one = out.dtype.type(1)
    for i in range(out.size):
        dx[i] = g[i] * (one - out[i] * out[i])


@kernel
def _erf_raw(g, x, dx):  # type: ignore[no-untyped-def]
    factor = x.dtype.type(2 / math.sqrt(math.pi))
    for i in range(x.size):
        dx[i] = g[i] * (factor * exp(-x[i] * x[i]))


@kernel
def _leaky_relu_raw(g, x, slope, dx):  # type: ignore[no-untyped-def]
    below = x.dtype.type(slope)
    for i in range(x.size):
        dx[i] = g[i] if x[i] > 0 else g[i] * below


@kernel
def _hardtanh_raw(g, x, low, high, dx):  # type: ignore[no-untyped-def]
    zero, bottom, top = x.dtype.type(0), x.dtype.type(low), x.dtype.type(high)
    for i in range(x.size):
        dx[i] = zero if (x[i] <= bottom) | (x[i] >= top) else g[i]


@kernel
def _hardsigmoid_raw(g, x, dx):  # type: ignore[no-untyped-def]
    zero, three, six = x.dtype.type(0), x.dtype.type(3), x.dtype.type(6)
    for i in range(x.size):
        dx[i] = g[i] / six if (x[i] > -three) & (x[i] < three) else zero


@kernel
def _hardswish_raw(g, x, dx):  # type: ignore[no-untyped-def]
    zero, half, three = x.dtype.type(0), x.dtype.type(0.5), x.dtype.type(3)
    for i in range(x.size):
        inside = g[i] * (x[i] / three + half)
        dx[i] = zero if x[i] <= -three else inside if x[i] < three else g[i]


# --- how they are called -------------------------------------------------------------------------------


def _plainly(op: str, run: Any) -> Any:
    """A forward that keeps nothing."""
    numpy_op = REGISTRY[op]

    def forward(xp: Any, x: Any) -> Any:
        if not _taken(x):
            return numpy_op.forward(xp, x)
        out = np.empty(x.shape, x.dtype)
        run(x.ravel(), out.ravel())
        return out

    return forward


def _with_slope(op: str, run: Any, *names: str) -> Any:
    """A forward that keeps the derivative; `names` are its parameters."""
    numpy_op = REGISTRY[op]

    def forward(xp: Any, x: Any, *, keep: bool, **params: float) -> tuple[Any, Any]:
        if not _taken(x):
            return numpy_op.forward(xp, x, keep=keep, **params)  # type: ignore[no-any-return]
        out = np.empty(x.shape, x.dtype)
        slope = np.empty(x.shape if keep else 0, x.dtype)
        run(x.ravel(), *[params[name] for name in names], out.ravel(), slope.ravel())
        return out, slope if keep else None

    return forward


def _pulled(op: str, run: Any, g: Any, array: Any, *params: float) -> tuple[Any]:
    """A raw rule of one array, the forward's input or output."""
    if not (_taken(array) and g.flags.carray and g.dtype == array.dtype):
        numpy_op = REGISTRY[op]
        if numpy_op.raw is None:
            return (numpy_op.rules[0](np, g, array, *params),)  # type: ignore[misc]
        return numpy_op.raw(np, g, array, *params)  # type: ignore[no-any-return]
    dx = np.empty(array.shape, array.dtype)
    run(g.ravel(), array.ravel(), *params, dx.ravel())
    return (dx,)


def _kept_slope(op: str, run: Any, *names: str) -> Kernels:
    return Kernels(_with_slope(op, run, *names), REGISTRY[op].raw)


# The names of a raw rule's parameters say what is kept for it.
KERNELS = {
    "sigmoid": Kernels(_plainly("sigmoid", _sigmoid), lambda xp, g, out: _pulled("sigmoid", _sigmoid_raw, g, out)),
    "erf": Kernels(_plainly("erf", _erf), lambda xp, g, x: _pulled("erf", _erf_raw, g, x)),
    "tanh": Kernels(REGISTRY["tanh"].forward, lambda xp, g, out: _pulled("tanh", _tanh_raw, g, out)),
    "silu": _kept_slope("silu", _silu),
    "softplus": _kept_slope("softplus", _softplus, "beta", "threshold"),
    "log_sigmoid": _kept_slope("log_sigmoid", _log_sigmoid),
    "elu": _kept_slope("elu", _elu, "alpha", "scale", "input_scale"),
    "mish": _kept_slope("mish", _mish),
    "leaky_relu": Kernels(
        REGISTRY["leaky_relu"].forward,
        lambda xp, g, x, slope: _pulled("leaky_relu", _leaky_relu_raw, g, x, slope),
    ),
    "hardtanh": Kernels(
        REGISTRY["hardtanh"].forward,
        lambda xp, g, x, low, high: _pulled("hardtanh", _hardtanh_raw, g, x, low, high),
    ),
    "hardsigmoid": Kernels(
        REGISTRY["hardsigmoid"].forward, lambda xp, g, x: _pulled("hardsigmoid", _hardsigmoid_raw, g, x)
    ),
    "hardswish": Kernels(
        _plainly("hardswish", _hardswish), lambda xp, g, x: _pulled("hardswish", _hardswish_raw, g, x)
    ),
}
