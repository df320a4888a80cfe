"""GELU: the result and the derivative in one pass."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import kernel
from tinygrad5329.fast.transcendental import exp, tanh, upper_tail
from tinygrad5329.ops.primitive import REGISTRY

__all__ = ["KERNELS"]

_NUMPY = REGISTRY["gelu"]
_DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)
_A = math.sqrt(2 / math.pi)
_B = 0.044715 * _A

# The distribution function is taken from the tail on the other side, which has no cancellation: the relative error
# is 4.5e-7 (1 + x^2 / 4) in float32 and 1.2e-15 (1 + x^2 / 4) in float64, for negative x as well.


@kernel
def _exact(x, out):  # type: ignore[no-untyped-def]
    one, minus_half = x.dtype.type(1), x.dtype.type(-0.5)
    for i in range(x.size):
        v = x[i]
        tail = upper_tail(abs(v), exp(minus_half * v * v))
        out[i] = v * (one - tail if v > 0 else tail)


@kernel
def _exact_and_slope(x, out, slope):  # type: ignore[no-untyped-def]
    one, minus_half, at_0 = x.dtype.type(1), x.dtype.type(-0.5), x.dtype.type(_DENSITY_AT_0)
    for i in range(x.size):
        v = x[i]
        bell = exp(minus_half * v * v)
        tail = upper_tail(abs(v), bell)
        cdf = one - tail if v > 0 else tail
        out[i] = v * cdf
        slope[i] = cdf + v * (at_0 * bell)


@kernel
def _tanh(x, out):  # type: ignore[no-untyped-def]
    half, one, a, b = x.dtype.type(0.5), x.dtype.type(1), x.dtype.type(_A), x.dtype.type(_B)
    for i in range(x.size):
        v = x[i]
        out[i] = v * (half * (one + tanh(v * (a + b * v * v))))


@kernel
def _tanh_and_slope(x, out, slope):  # type: ignore[no-untyped-def]
    half, one, a, b = x.dtype.type(0.5), x.dtype.type(1), x.dtype.type(_A), x.dtype.type(_B)
    triple_b = x.dtype.type(3 * _B)
    for i in range(x.size):
        v = x[i]
        t = tanh(v * (a + b * v * v))
        cdf = half * (one + t)
        out[i] = v * cdf
        slope[i] = cdf + v * cdf * (one - t) * (a + triple_b * v * v)


def _forward(xp: Any, x: Any, *, approximate: str, keep: bool) -> tuple[Any, Any]:
    """As NumPy's, which takes half precision and what is not C-contiguous and writeable."""
    if x.itemsize < 4 or not x.flags.carray:
        return _NUMPY.forward(xp, x, approximate=approximate, keep=keep)
    out = np.empty(x.shape, x.dtype)
    if not keep:
        (_exact if approximate == "none" else _tanh)(x.ravel(), out.ravel())
        return out, None
    slope = np.empty(x.shape, x.dtype)
    (_exact_and_slope if approximate == "none" else _tanh_and_slope)(x.ravel(), out.ravel(), slope.ravel())
    return out, slope


KERNELS = {"gelu": Kernels(_forward, _NUMPY.raw)}
