"""Reading images at arbitrary places, composed of differentiable operations: grid_sample and affine_grid."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from tinygrad5329.ops.arithmetic import mul
from tinygrad5329.ops.choosing import where
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.joining import stack
from tinygrad5329.ops.linalg import matmul
from tinygrad5329.ops.picking import gather
from tinygrad5329.ops.resampling import cubic_weights
from tinygrad5329.ops.shaping import reshape
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["affine_grid_generator", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d"]

#: Beyond this, a coordinate is outside every image, and still fits an integer.
_FAR = 1e9


def _pixels(coordinate: Tensor, size: int, align_corners: bool) -> Tensor:
    """From [-1, 1] to pixels: the corners' centres are -1 and 1, or their edges."""
    if align_corners:
        return (coordinate + 1) * ((size - 1) / 2)
    return ((coordinate + 1) * size - 1) * 0.5


def _bounded(x: Tensor, size: int, padding: str, align_corners: bool) -> Tensor:
    """Coordinates brought inside; PyTorch's gradient is 0 where they are cut off."""
    if padding == "zeros":
        return x
    if padding == "reflection":
        low, high = (0, 2 * (size - 1)) if align_corners else (-1, 2 * size - 1)
        if low == high:
            return x * 0
        least, span = low / 2, (high - low) / 2
        offset = x._array - least
        away = np.abs(offset)
        rest = np.fmod(away, span)
        even = np.floor(away / span) % 2 == 0
        value = np.where(even, rest + least, span - rest + least)
        slope = np.where(even, 1, -1) * np.where(offset < 0, -1, 1)
        # Linear piece by piece: the value as it is, the slope to the gradient.
        slope = slope.astype(x._array.dtype)
        x = x * wrap(slope) + wrap((value - x._array * slope).astype(x._array.dtype))
    array = x._array
    free = (array > 0) & (array < size - 1)
    return where(wrap(free), x, wrap(np.clip(np.nan_to_num(array), 0, size - 1).astype(array.dtype)))


def _read(flat: Tensor, places: list[Any], sizes: tuple[int, ...]) -> Tensor:
    """(N, C, P) at integer `places` (N, P) of each dimension; 0 outside."""
    index: Any = np.zeros((), np.int64)
    seen: Any = True
    for place, size in zip(places, sizes, strict=True):
        seen = seen & (place >= 0) & (place < size)
        index = index * size + np.clip(place, 0, size - 1)
    n, channels = flat._array.shape[:2]
    values = gather(flat, 2, wrap(np.broadcast_to(index[:, None], (n, channels, index.shape[1]))))
    if np.all(seen):
        return values
    # Not a product with zero: what lies at the border may be infinite.
    return values.masked_fill(wrap(~seen[:, None]), 0)


def _whole(array: Any) -> Any:
    return np.clip(np.nan_to_num(array, nan=-_FAR), -_FAR, _FAR).astype(np.int64)


def sample_grid(input: Tensor, grid: Tensor, mode: str, padding: str, align_corners: bool) -> Tensor:
    """`input` (N, C, *sizes) at the points `grid` (N, *out, dims), whose last coordinate is the first dimension.

    `mode` is nearest, bilinear or bicubic, `padding` zeros, border or reflection.
    """
    _check_grid(input, grid, mode)
    dims = input._array.ndim - 2
    shape, points = input._array.shape, grid._array.shape
    dtype = input._array.dtype
    if not input.dtype.is_floating_point:
        raise NotImplementedError(
            f"\"grid_sampler_{dims}d\" not implemented for '{scalar_type(dtype)}': expected a floating point tensor"
        )
    n, channels, sizes = shape[0], shape[1], shape[2:]
    flat = reshape(input, (n, channels, math.prod(sizes)))
    grid = reshape(grid, (n, math.prod(points[1:-1]), dims))
    coordinates = [_pixels(grid[:, :, dims - 1 - j], size, align_corners) for j, size in enumerate(sizes)]
    if mode != "bicubic":
        coordinates = [_bounded(x, size, padding, align_corners) for x, size in zip(coordinates, sizes, strict=True)]
    if mode == "nearest":
        out = _read(flat, [_whole(np.rint(x._array)) for x in coordinates], sizes)
        if grid.requires_grad:
            # A step function: the gradient of the grid is there, and is zero.
            never = wrap(np.zeros((), bool))
            out = where(never, sum(coordinates).unsqueeze(1), out)  # type: ignore[union-attr]
    elif mode == "bilinear":
        floors = [np.floor(x._array) for x in coordinates]
        shares = [x - wrap(low) for x, low in zip(coordinates, floors, strict=True)]
        weights: list[Any] = [(1 - t, t) for t in shares]
        out = _weighted(flat, sizes, [[_whole(low), _whole(low) + 1] for low in floors], weights)
    else:
        floors = [np.floor(x._array) for x in coordinates]
        weights = [cubic_weights(x - wrap(low)) for x, low in zip(coordinates, floors, strict=True)]
        places = [
            [_whole(_bounded(wrap(low + i), size, padding, align_corners)._array) for i in range(-1, 3)]
            for low, size in zip(floors, sizes, strict=True)
        ]
        out = _weighted(flat, sizes, places, weights)
    return reshape(out, (n, channels, *points[1:-1]))


def _weighted(flat: Tensor, sizes: tuple[int, ...], places: Any, weights: Any) -> Tensor:
    """The sum over all corners of a cell, each weighted by the product of its shares."""
    total = None
    for corner in itertools.product(*(range(len(each)) for each in places)):
        values = _read(flat, [each[i] for each, i in zip(places, corner, strict=True)], sizes)
        share = weights[0][corner[0]]
        for each, i in zip(weights[1:], corner[1:], strict=True):
            share = share * each[i]
        values = mul(values, share.unsqueeze(1))
        total = values if total is None else total + values
    return total  # type: ignore[return-value]


def affine_points(theta: Tensor, sizes: tuple[int, ...], align_corners: bool) -> Tensor:
    """(N, dims, dims + 1) matrices to the grids (N, *sizes, dims) that they map the unit grid to."""
    dims = len(sizes)
    dtype = theta._array.dtype
    lines = []
    for j, size in enumerate(sizes):
        line = np.linspace(-1, 1, size, dtype=dtype) if size > 1 else np.zeros(size, dtype)
        if not align_corners:
            line = line * ((size - 1) / size)
        lines.append(wrap(np.broadcast_to(line.reshape(-1, *(1,) * (dims - 1 - j)), sizes).astype(dtype)))
    base = stack([*reversed(lines), wrap(np.ones(sizes, dtype))], -1)
    flat = reshape(base, (1, math.prod(sizes), dims + 1))
    out = matmul(flat, theta.transpose(1, 2))
    return reshape(out, (theta._array.shape[0], *sizes, dims))


def _check_grid(input: Tensor, grid: Tensor, mode: str) -> None:
    for name, value in (("input", input), ("grid", grid)):
        if not isinstance(value, Tensor):
            raise TypeError(f"grid_sampler(): argument '{name}' must be Tensor, not {type(value).__name__}")
    if input.dtype is not grid.dtype:
        raise RuntimeError(
            f"grid_sampler(): expected input and grid to have same dtype, but input has {input.dtype} and grid has "
            f"{grid.dtype}"
        )
    if input.dim() not in (4, 5) or input.dim() != grid.dim() or input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with the same number of dimensions and the same batch "
            f"size, but got input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if grid.shape[-1] != input.dim() - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {input.dim() - 2} in last dimension, but got grid with sizes "
            f"{list(grid.shape)}"
        )
    if 0 in input.shape[2:]:
        raise RuntimeError(
            f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
            f"{list(input.shape)}"
        )
    if mode == "bicubic" and input.dim() != 4:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")


#: The numbers by which ``torch.grid_sampler`` knows its modes.
_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """``nn.functional.grid_sample``, the modes given as numbers in its order of them (``torch.grid_sampler``)."""
    for name, value in (("interpolation_mode", interpolation_mode), ("padding_mode", padding_mode)):
        if value not in (0, 1, 2):
            raise RuntimeError(f"grid_sampler(): {name} must be 0, 1 or 2, got {value!r}")
    return sample_grid(input, grid, _MODES[interpolation_mode], _PADDINGS[padding_mode], bool(align_corners))


grid_sampler_2d = grid_sampler_3d = grid_sampler


def affine_grid_generator(theta: Tensor, size: Any, align_corners: bool) -> Tensor:
    """``nn.functional.affine_grid`` (``torch.affine_grid_generator``)."""
    return affine_points(theta, tuple(size)[2:], bool(align_corners))
