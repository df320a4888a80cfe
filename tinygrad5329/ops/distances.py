"""Distances between all pairs of two sets of points: ``cdist``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.ops.norms import norm
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import broadcast_shape, expect_tensor
from tinygrad5329.tensor import Tensor

__all__ = ["cdist"]

#: From which number of points on PyTorch computes Euclidean distances through a product of matrices.
_MANY = 25


def _euclidean(xp: Any, x: Any, y: Any) -> Any:
    """``sqrt(|x|^2 + |y|^2 - 2 x y)`` in one matrix product: quick, and inexact where two points are close."""
    ones_x, ones_y = np.ones((*x.shape[:-1], 1), x.dtype), np.ones((*y.shape[:-1], 1), y.dtype)
    left = np.concatenate((-2 * x, (x * x).sum(-1, keepdims=True), ones_x), -1)
    right = np.concatenate((y, ones_y, (y * y).sum(-1, keepdims=True)), -1)
    return np.sqrt(np.maximum(left @ np.swapaxes(right, -1, -2), 0))


def _euclidean_rule(xp: Any, g: Any, x: Any, y: Any, out: Any) -> tuple[Any, Any]:
    """0 where the distance is, as in PyTorch."""
    near = out == 0
    share = xp.where(near, 0.0, g / xp.where(near, 1.0, out))
    across = xp.swapaxes(share, -1, -2)
    gx = x * xp.sum(share, axis=-1, keepdims=True) - xp.matmul(share, y)
    gy = y * xp.sum(across, axis=-1, keepdims=True) - xp.matmul(across, x)
    return gx, gy


_cdist = Primitive(
    "cdist_euclidean",
    _euclidean,
    joint=lambda xp, g, needs, x, y, out: _euclidean_rule(xp, g, x, y, out),
)

#: The largest size along the last dimension. Unlike in a norm, each of several largest gets the whole gradient.
_largest = Primitive(
    "cdist_maximum",
    lambda xp, x: np.max(np.abs(x), -1, initial=0),
    lambda xp, g, x, out: xp.expand_dims(g, -1) * xp.where(xp.abs(x) == xp.expand_dims(out, -1), xp.sign(x), 0.0),
)

_MODES = {
    "use_mm_for_euclid_dist_if_necessary": None,
    "use_mm_for_euclid_dist": True,
    "donot_use_mm_for_euclid_dist": False,
}


def length(apart: Tensor, p: float) -> Tensor:
    """The p-norms of differences, over the last dimension."""
    return _largest(apart) if p == math.inf else norm(apart, float(p), -1)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norm distances between the rows of `x1` and those of `x2` (``torch.cdist``).

    Parameters
    ----------
    x1, x2 : Tensor, shapes (*, P, M) and (*, R, M)
        Leading dimensions are broadcast; the result is (*, P, R).
    p : float
        The order, from 0 to inf. The gradient at distance 0 is 0.
    compute_mode : str
        Whether Euclidean distances come from a matrix product, which is quick and less exact: from 26 points on,
        always ("use_mm_for_euclid_dist") or never ("donot_use_mm_for_euclid_dist").
    """
    for name, x in (("x1", x1), ("x2", x2)):
        expect_tensor("cdist", name, x)
        if not x.dtype.is_floating_point:
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name.upper()} got: {x.dtype.name}")
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name.upper()} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}: cdist"
        )
    if not p >= 0:
        raise RuntimeError(f"cdist only supports non-negative p values, got {p}")
    if compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode: one of {', '.join(_MODES)}")
    batch = broadcast_shape("cdist", tuple(x1.shape[:-2]), tuple(x2.shape[:-2]))
    x1, x2 = x1.expand(*batch, *x1.shape[-2:]), x2.expand(*batch, *x2.shape[-2:])
    product = _MODES[compute_mode]
    if product is None:
        product = x1.shape[-2] > _MANY or x2.shape[-2] > _MANY
    if p == 2 and product:
        return _cdist(x1, x2)
    if x1.shape[-1] == 0:
        return x1.sum(-1, keepdim=True) + x2.sum(-1).unsqueeze(-2)
    apart = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    return length(apart, p)
