"""Gradients of several parameters at once: their norm, scaling them, clearing them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from tinygrad5329.ops.inplace import check_writable
from tinygrad5329.tensor import Tensor, bump_versions, wrap

__all__ = ["clear_gradients", "euclidean_norm", "scale"]

_REAL = (np.dtype(np.float32), np.dtype(np.float64))


def euclidean_norm(tensors: Sequence[Tensor]) -> Tensor | None:
    """The 2-norm of all elements together, of 0 dimensions; None unless all are of one dtype, single or double."""
    dtype = tensors[0]._array.dtype if tensors else None
    if dtype not in _REAL:
        return None
    total = 0.0
    with np.errstate(all="ignore"):
        for t in tensors:
            array = t._array
            if array.dtype != dtype:
                return None
            flat = array.ravel("K")
            # BLAS squares and adds in one pass.
            total += float(flat.dot(flat))
    return wrap(np.array(math.sqrt(total), dtype))


def scale(tensors: Iterable[Tensor], factor: float) -> None:
    """Multiply tensors by `factor`, in place and outside the graph."""
    done = []
    with np.errstate(all="ignore"):
        for t in tensors:
            array = t._array
            if array.dtype in _REAL:
                check_writable(t, "mul_")
                np.multiply(array, factor, out=array)
                done.append(t)
            else:
                t.mul_(factor)
    bump_versions(done, "mul_")


def clear_gradients(params: Iterable[Tensor]) -> None:
    """``p.grad = None`` for each parameter, at a fifth of its time."""
    for p in params:
        p._grad = None
