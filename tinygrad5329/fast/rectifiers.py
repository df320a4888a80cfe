"""ReLU in one pass each way."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import kernel
from tinygrad5329.ops.primitive import REGISTRY

__all__ = ["KERNELS"]

_numpy_op = REGISTRY["relu"]


@kernel
def _positive_part(x, out):  # type: ignore[no-untyped-def]
    zero = x.dtype.type(0)
    for i in range(x.size):
        # In this order a NaN stays.
        out[i] = zero if x[i] <= zero else x[i]


@kernel
def _where_positive(g, out, dx):  # type: ignore[no-untyped-def]
    zero = out.dtype.type(0)
    for i in range(out.size):
        dx[i] = zero if out[i] == zero else g[i]


def _taken(x: Any) -> bool:
    return x.ndim > 0 and x.dtype.char in "fd" and x.flags.carray


def _forward(xp: Any, x: Any) -> Any:
    if not _taken(x):
        return _numpy_op.forward(xp, x)
    out = np.empty(x.shape, x.dtype)
    _positive_part(x.ravel(), out.ravel())
    return out


def _raw(xp: Any, g: Any, out: Any) -> tuple[Any]:
    if not (_taken(out) and g.flags.carray and g.dtype == out.dtype):
        return _numpy_op.raw(xp, g, out)  # type: ignore[no-any-return, misc]
    dx = np.empty(out.shape, out.dtype)
    _where_positive(g.ravel(), out.ravel(), dx.ravel())
    return (dx,)


KERNELS = {"relu": Kernels(_forward, _raw)}
