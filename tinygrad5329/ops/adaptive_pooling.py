"""Pooling to a given size: each output covers its share of the input, rounded outwards."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.backends.taps import Taps
from tinygrad5329.dtypes import float32
from tinygrad5329.ops.average_pooling import _avg_pool_nd
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.max_pooling import _max_pool_nd, picked
from tinygrad5329.ops.promote import cast, expect_tensor
from tinygrad5329.ops.resampling import resample
from tinygrad5329.tensor import Tensor, wrap

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d",
]  # fmt: skip

Sizes = tuple[int, ...]


def _bounds(size: int, out: int) -> tuple[Any, Any]:
    i = np.arange(out)
    return i * size // out, -(-(i + 1) * size // out)


@lru_cache(256)
def _means(size: int, out: int) -> Taps:
    start, end = _bounds(size, out)
    places = start + np.arange((end - start).max())[:, None]
    return Taps(np.minimum(places, size - 1), np.where(places < end, 1 / (end - start), 0), size)


def _target(op: str, dims: int, input: Any, output_size: Any) -> Sizes:
    """The output's sizes; a None in `output_size` keeps the input's."""
    expect_tensor(op, "input", input)
    shape = input._array.shape
    if dims > 1 and len(shape) <= dims and isinstance(output_size, (tuple, list)):
        raise ValueError(f"Input dimension should be at least {dims + 1}: {op} got an input of shape {list(shape)}")
    if len(shape) not in (dims + 1, dims + 2) or 0 in shape[-dims - 1 :]:
        raise RuntimeError(
            f"{op}(): Expected {dims + 1}D or {dims + 2}D tensor with non-zero size for non-batch dimensions, but got "
            f"{list(shape)}"
        )
    values = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(values) != dims:
        raise RuntimeError(f"{op}: output_size must have {dims} values, but got {list(values)}")
    sizes = tuple(n if each is None else each for n, each in zip(shape[-dims:], values, strict=True))
    # In one dimension PyTorch takes numbers only.
    if any(isinstance(each, bool) or not hasattr(each, "__index__") for each in (values if dims == 1 else sizes)):
        raise TypeError(f"{op}(): argument 'output_size' must be tuple of ints, not {output_size!r}")
    if min(sizes) < 0:
        raise RuntimeError(f"{op}: elements of output_size must be greater than or equal to 0, but got {list(sizes)}")
    if not input.dtype.is_floating_point:
        raise NotImplementedError(
            f"\"{op}\" not implemented for '{scalar_type(input._array.dtype)}': expected a floating point tensor"
        )
    return sizes


def _adaptive_avg(op: str, dims: int, input: Any, output_size: Any) -> Tensor:
    out = _target(op, dims, input, output_size)
    sizes = input._array.shape[-dims:]
    if 0 in out:
        return input.sum(tuple(range(-dims, 0)), True).expand(*input.shape[:-dims], *out)
    if not any(n % m for n, m in zip(sizes, out, strict=True)):
        kernel = tuple(n // m for n, m in zip(sizes, out, strict=True))
        return _avg_pool_nd(op, dims, input, kernel, kernel, 0, False, True, None)
    dtype = input.dtype
    # Rounded once, after the last dimension.
    x = cast(input, float32) if dtype.itemsize == 2 else input
    for j in range(dims):
        if sizes[j] != out[j]:
            x = resample(x, axis=x._array.ndim - dims + j, taps=_means(sizes[j], out[j]))
    return cast(x, dtype)


def _adaptive_max(op: str, dims: int, input: Any, output_size: Any) -> tuple[Tensor, Tensor]:
    out = _target(op, dims, input, output_size)
    sizes = input._array.shape[-dims:]
    if 0 in out:
        places = np.zeros((*input._array.shape[:-dims], *out), np.int64)
        return picked(input, places, dims), wrap(places)
    if not any(n % m for n, m in zip(sizes, out, strict=True)):
        kernel = tuple(n // m for n, m in zip(sizes, out, strict=True))
        return _max_pool_nd(op, dims, input, kernel, kernel, 0, 1, False, True)
    starts, lengths = [], []
    for n, m in zip(sizes, out, strict=True):
        start, end = _bounds(n, m)
        starts.append(start)
        lengths.append(end - start)
    places = largest_places(input._array, starts, lengths)
    return picked(input, places, dims), wrap(places)


def largest_places(x: Any, starts: list[Any], lengths: list[Any]) -> Any:
    """Where the largest element of each window lies in its flattened plane.

    Windows begin at `starts` and have `lengths`, a pair of arrays for each of the last dimensions of `x`.
    Shorter windows repeat their last element, which never is the first of the largest.
    """
    dims = len(starts)
    sizes = x.shape[-dims:]
    flat: Any = np.zeros((1,) * (2 * dims), np.int64)
    for j, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        taps = np.arange(length.max() if length.size else 1)
        each = start[:, None] + np.minimum(taps, length[:, None] - 1)
        shape = [1] * (2 * dims)
        shape[j], shape[dims + j] = each.shape
        flat = flat * sizes[j] + each.reshape(shape)
    windows = flat.reshape(*flat.shape[:dims], -1)
    lead = x.shape[:-dims]
    values = x.reshape(*lead, -1)[..., windows]
    best = values.argmax(-1)
    return np.take_along_axis(np.broadcast_to(windows, values.shape), best[..., None], -1)[..., 0]


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Means of (N, C, L) or (C, L) over `output_size` shares of L (``torch.adaptive_avg_pool1d``)."""
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means of (N, C, H, W) or (C, H, W) over a grid of `output_size`; None keeps a size."""
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Means of (N, C, D, H, W) or (C, D, H, W) over a grid of `output_size`; None keeps a size."""
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


def adaptive_max_pool1d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """Maxima of (N, C, L) or (C, L) over shares of L, and where they lie (``torch.adaptive_max_pool1d``)."""
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size)


def adaptive_max_pool2d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """Maxima of (N, C, H, W) or (C, H, W) over a grid of `output_size`, and where they lie."""
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size)


def adaptive_max_pool3d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """Maxima of (N, C, D, H, W) or (C, D, H, W) over a grid of `output_size`, and where they lie."""
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size)
