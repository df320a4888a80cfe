"""How many elements fall where: bincount, histc, histogram, histogramdd."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.dtypes import FLOATING
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["bincount", "histc", "histogram", "histogramdd"]


@method
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 on occurs in a vector, or the sums of their `weights` (``torch.bincount``).

    >>> import tinygrad5329 as tg
    >>> tg.bincount(tg.tensor([1, 3, 1]))
    tensor([0, 2, 0, 1])
    """
    expect_tensor("bincount", "input", input)
    x = input._array
    if x.dtype.kind not in "iu":
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{scalar_type(x.dtype)}'")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return wrap(np.bincount(x, minlength=minlength).astype(np.int64, copy=False))
    expect_tensor("bincount", "weights", weights)
    if weights._array.shape != x.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    sums = np.bincount(x, weights._array.astype(np.float64), minlength)
    return wrap(sums.astype(weights._array.dtype if weights._array.dtype == np.float32 else np.float64))


def _numbers(op: str, x: Any) -> None:
    if x.dtype.kind not in FLOATING:
        raise NotImplementedError(f"\"{op}\" not implemented for '{scalar_type(x.dtype)}'")


def _limits(op: str, low: float, high: float, x: Any, widen: float) -> tuple[float, float]:
    """The ends of the range of bins; those of the values where `low` equals `high`."""
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if low == high:
        low, high = low - widen, high + widen
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{op}: range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError(f"{op}: max must be larger than min")
    return low, high


@method
def histc(input: Tensor, bins: int = 100, min: Any = 0, max: Any = 0, *, out: Tensor | None = None) -> Tensor:
    """How many elements fall into each of `bins` equal bins from `min` to `max` (``torch.histc``).

    With `min` equal to `max` the bins go from the smallest element to the largest.
    """
    expect_tensor("histc", "input", input)
    x = input._array
    _numbers("histogram_cpu", x)
    if bins <= 0:
        raise RuntimeError("bins must be > 0")
    low, high = _limits("histc", min, max, x, 1)
    kind = x.dtype.type
    flat = x.reshape(-1)
    flat = flat[(flat >= kind(low)) & (flat <= kind(high))]
    places = ((flat - kind(low)) * (kind(bins) / kind(high - low))).astype(np.int64)
    counts = np.bincount(np.minimum(places, bins - 1), minlength=bins).astype(x.dtype)
    return wrap(counts) if out is None else write_out("histc", out, wrap(counts))


def _count(edges: list[Any], points: Any, weight: Any, density: bool) -> Any:
    """The histogram of `points` (N, D) over bins with the given edges."""
    shape = tuple(len(each) - 1 for each in edges)
    inside = np.ones(len(points), bool)
    place = np.zeros(len(points), np.int64)
    for column, each in zip(points.T, edges, strict=True):
        bin = np.searchsorted(each, column, "right") - 1
        # The last bin contains its upper edge.
        bin[column == each[-1]] = len(each) - 2
        inside &= (bin >= 0) & (bin <= len(each) - 2)
        place = place * (len(each) - 1) + bin
    weights = None if weight is None else weight[inside].astype(np.float64)
    counts = np.bincount(place[inside], weights, math.prod(shape)).reshape(shape).astype(points.dtype)
    if density:
        counts = counts / counts.sum()
        for d, each in enumerate(edges):
            counts = counts / np.diff(each).reshape([-1 if i == d else 1 for i in range(len(edges))])
    return counts


def _even_edges(op: str, bins: int, low: float, high: float, dtype: Any) -> Any:
    if isinstance(bins, bool) or not isinstance(bins, int):
        raise TypeError(f"{op}(): bins must be int or tensors, not {type(bins).__name__}")
    if bins <= 0:
        raise RuntimeError(f"torch.{op}(): bins must be > 0, but got {bins}")
    step = (dtype.type(high) - dtype.type(low)) / dtype.type(bins)
    rising = dtype.type(low) + step * np.arange(bins + 1, dtype=dtype)
    falling = dtype.type(high) - step * np.arange(bins, -1, -1).astype(dtype)
    return np.where(np.arange(bins + 1) < (bins + 1) // 2, rising, falling).astype(dtype)


def _given_edges(op: str, edges: Any, x: Any) -> Any:
    if not isinstance(edges, Tensor) or edges._array.ndim != 1 or not edges._array.size:
        raise RuntimeError(f"torch.{op}(): bins tensor should have one dimension and at least one element")
    if edges._array.dtype != x.dtype:
        raise RuntimeError(
            f"torch.{op}(): input tensor and bins tensors should have the same dtype, but got input with dtype "
            f"{x.dtype} and bins with dtype {edges.dtype}"
        )
    return edges._array.copy()


def _weights(op: str, weight: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    if weight is None:
        return None
    expect_tensor(op, "weight", weight)
    if weight._array.shape != shape:
        raise RuntimeError(
            f"torch.{op}(): if weight tensor is provided it should have the same shape as the input tensor excluding "
            f"its innermost dimension, but got shape {tuple(weight.shape)} for {shape}"
        )
    if weight._array.dtype != dtype:
        raise RuntimeError(f"torch.{op}(): weight has dtype {weight.dtype} but the input {dtype}")
    return weight._array.reshape(-1)


@method
def histogram(
    input: Tensor, bins: Any = None, *, range: Any = None, weight: Tensor | None = None, density: bool = False,
    out: Any = None,
) -> Any:  # fmt: skip
    """A histogram over equal bins, or bins with given edges, and the edges (``torch.histogram``).

    Parameters
    ----------
    bins : int or Tensor
        How many, or their edges, rising.
    range : (float, float), optional
        Where equal bins begin and end; by default at the smallest and largest element.
    weight : Tensor, optional
        What each element counts.
    density : bool
        Divide, so that the integral is 1.
    """
    expect_tensor("histogram", "input", input)
    x = input._array
    _numbers("histogram_cpu", x)
    if isinstance(bins, Tensor):
        if range is not None:
            raise TypeError("histogram() takes no range where bins is a tensor of edges")
        edges = _given_edges("histogramdd", bins, x)
    else:
        low, high = _range("histogramdd", range, 1)[0] if range is not None else (
            (float(x.min()), float(x.max())) if x.size else (0.0, 1.0))  # fmt: skip
        edges = _even_edges("histogram", bins, *_limits("histogram", low, high, x[:0] if x.ndim else x, 0.5), x.dtype)
    flat = _weights("histogram", weight, x.shape, x.dtype)
    pair = return_types.histogram((wrap(_count([edges], x.reshape(-1, 1), flat, density)), wrap(edges)))
    if out is None:
        return pair
    return return_types.histogram([write_out("histogram", o, r) for o, r in zip(out, pair, strict=True)])


def _range(op: str, range: Any, dims: int) -> list[tuple[float, float]]:
    if len(range) != 2 * dims:
        raise RuntimeError(
            f"torch.{op}(): for a {dims}-dimensional histogram range should have {2 * dims} elements, but got "
            f"{len(range)}"
        )
    return list(zip(range[::2], range[1::2], strict=True))


def histogramdd(
    input: Tensor, bins: Any, range: Any = None, weight: Tensor | None = None, density: bool = False
) -> Any:
    """A histogram of points (..., D) in D dimensions, and the edges of each (``torch.histogramdd``).

    `bins` is a number, or a list with a number or a tensor of edges for each dimension; `range` lists the
    lower and upper end of each.
    """
    expect_tensor("histogramdd", "input", input)
    x = input._array
    _numbers("histogram_cpu", x)
    if x.ndim < 2:
        raise RuntimeError(f"torch.histogramdd(): input tensor should have at least 2 dimensions, but got {x.ndim}")
    dims = x.shape[-1]
    points = x.reshape(-1, dims)
    wanted = [bins] * dims if isinstance(bins, (int, Tensor)) else list(bins)
    if len(wanted) != dims:
        raise RuntimeError(f"torch.histogramdd(): expected {dims} sequences of bin edges, but got {len(wanted)}")
    if range is not None:
        limits = _range("histogramdd", range, dims)
    elif len(points):
        limits = [(float(column.min()), float(column.max())) for column in points.T]
    else:
        limits = [(0.0, 1.0)] * dims
    edges = []
    for each, column, (low, high) in zip(wanted, points.T, limits, strict=True):
        if isinstance(each, Tensor):
            edges.append(_given_edges("histogramdd", each, x))
        else:
            edges.append(_even_edges("histogramdd", each, *_limits("histogramdd", low, high, column[:0], 0.5), x.dtype))
    flat = _weights("histogramdd", weight, x.shape[:-1], x.dtype)
    return return_types.histogramdd((wrap(_count(edges, points, flat, density)), tuple(map(wrap, edges))))
