"""``xp`` for tensors: the names that gradient rules use, on tensors, recorded.

When a backward pass is itself to be differentiated (``create_graph=True``), every rule runs with this
namespace in place of the array one. The names and arguments are NumPy's.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.arrays import NUMPY
from tinygrad5329.ops import (
    arithmetic,
    choosing,
    comparison,
    expanding,
    float_parts,
    joining,
    linalg,
    pointwise,
    primitive,
    rearranging,
    reduction,
    shaping,
)
from tinygrad5329.ops.einsum import einsum
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["TENSORS"]


def _as_tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else wrap(np.asarray(x))


def _where(condition: Any, x: Any, y: Any) -> Tensor:
    return choosing.where(_as_tensor(condition), x, y)


def _sum(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    return reduction.sum(x, axis, keepdims)


def _mean(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    return reduction.mean(x, axis, keepdims)


def _transpose(x: Tensor, axes: Any = None) -> Tensor:
    return shaping.permute(x, tuple(reversed(range(x.ndim))) if axes is None else axes)


def _expand_dims(x: Tensor, axis: Any) -> Tensor:
    for each in sorted(axis) if isinstance(axis, tuple) else [axis]:
        x = shaping.unsqueeze(x, each)
    return x


def _zeros(shape: Any, dtype: Any = np.float64) -> Tensor:
    return wrap(np.zeros(shape, dtypes.numpy_dtype(dtype)))


def _flip(x: Tensor, axis: Any) -> Tensor:
    return rearranging.flip(x, axis if isinstance(axis, tuple) else (axis,))


TENSORS = SimpleNamespace(
    # Building: constants with respect to every tensor.
    zeros=_zeros,
    ones=lambda shape, dtype=np.float64: wrap(np.ones(shape, dtype)),
    zeros_like=lambda x: wrap(np.zeros_like(x._array)),
    ones_like=lambda x: wrap(np.ones_like(x._array)),
    arange=lambda *args: wrap(np.arange(*args)),
    asarray=_as_tensor,
    # Asking: no derivative.
    sign=float_parts.sgn,
    floor=pointwise.floor,  # type: ignore[attr-defined]
    trunc=pointwise.trunc,  # type: ignore[attr-defined]
    isfinite=comparison.isfinite,
    isnan=comparison.isnan,
    isinf=comparison.isinf,
    equal=comparison.eq,
    logical_not=comparison.logical_not,
    argmax=lambda x, axis=None: wrap(np.argmax(x._array, axis)),
    argsort=lambda x, axis=-1, kind=None: wrap(np.argsort(x._array, axis, kind=kind)),
    # Computing.
    where=_where,
    clip=choosing.clamp,
    maximum=choosing.maximum,
    minimum=choosing.minimum,
    multiply=arithmetic.mul,
    conj=lambda x: x.conj() if isinstance(x, Tensor) else NUMPY.conj(x),
    arcsin=pointwise.asin,  # type: ignore[attr-defined]
    arccos=pointwise.acos,  # type: ignore[attr-defined]
    arctan=pointwise.atan,  # type: ignore[attr-defined]
    **{
        name: getattr(pointwise, name)
        for name in (
            [
                "abs",
                "cos",
                "cosh",
                "erf",
                "erfc",
                "exp",
                "expm1",
                "log",
                "log1p",
                "log2",
                "reciprocal",
                "sin",
                "sinh",
                "sqrt",
                "square",
                "tan",
                "tanh",
            ]
        )
    },
    sum=_sum,
    mean=_mean,
    prod=lambda x, axis=None, keepdims=False: reduction.prod(x, axis, keepdims),
    matmul=linalg.matmul,
    einsum=einsum,
    # Rearranging.
    reshape=shaping.reshape,
    broadcast_to=expanding.broadcast_to,
    transpose=_transpose,
    swapaxes=shaping.transpose,
    moveaxis=shaping.movedim,
    expand_dims=_expand_dims,
    squeeze=lambda x, axis: shaping.squeeze(x, axis),
    flip=_flip,
    concatenate=lambda xs, axis=0: joining.cat(xs, axis),
    stack=lambda xs, axis=0: joining.stack(xs, axis),
)
primitive.tensor_namespace = TENSORS
