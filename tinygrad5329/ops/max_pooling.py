"""The largest element of each window, and putting such elements back: max pooling and unpooling."""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329.backends import pooling
from tinygrad5329.backends.choice import Slot
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.picking import gather
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.ops.shaping import reshape
from tinygrad5329.ops.spatial import per_dimension
from tinygrad5329.tensor import Tensor, wrap

__all__ = [
    "max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d",
    "max_pool3d_with_indices",
]  # fmt: skip

Sizes = tuple[int, ...]


_SPREAD_MAXIMA = Slot("spread_maxima", pooling.spread_maxima)


def _forward(
    xp: Any,
    x: Any,
    *,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    counts: Sizes,
    keep: bool,
) -> tuple[Any, Any]:
    return pooling.max_windows(x, kernel, stride, padding, dilation, counts, keep)


def _raw(
    xp: Any, g: Any, needs: Any, x_shape: Any, aux: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes
) -> tuple[Any]:
    """The gradient goes to each window's largest element; a byte for each window remembers which that is."""
    return (_SPREAD_MAXIMA.run(g, aux, x_shape[-len(kernel) :], kernel, stride, padding, dilation),)


def _composite(x: Tensor, *, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, counts: Sizes) -> Tensor:
    return picked(x, max_places(x._array, kernel, stride, padding, dilation, counts), len(kernel))


_max_pool = Primitive("max_pool", _forward, raw=_raw, composite=_composite, aux=True)


def max_places(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, counts: Sizes) -> Any:
    """Where in its flattened plane each window's largest element lies."""
    _, codes = pooling.max_windows(x, kernel, stride, padding, dilation, counts, True)
    return pooling.flat_places(codes, x.shape[-len(kernel) :], kernel, stride, padding, dilation)


def picked(x: Tensor, places: Any, dims: int) -> Tensor:
    """The elements at `places` (..., *counts) of the last `dims` dimensions of `x`, flattened."""
    lead, sizes = x._array.shape[:-dims], x._array.shape[-dims:]
    flat = reshape(x, (*lead, math.prod(sizes)))
    index = wrap(places.reshape(*lead, math.prod(places.shape[-dims:])))
    return reshape(gather(flat, len(lead), index), places.shape)


def _max_pool_nd(
    op: str,
    dims: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    indices: bool,
) -> Any:
    expect_tensor(op, "input", input)
    kernel = per_dimension(op, "kernel_size", kernel_size, dims)
    stride = kernel if stride is None or stride == () or stride == [] else per_dimension(op, "stride", stride, dims)
    padding = per_dimension(op, "padding", padding, dims)
    dilation = per_dimension(op, "dilation", dilation, dims)
    counts = check_windows(op, dims, input, kernel, stride, padding, dilation, ceil_mode)
    x = input._array
    if x.dtype.kind in "bc":
        raise NotImplementedError(f"\"{op}\" not implemented for '{scalar_type(x.dtype)}': convert it to real numbers")
    if not indices:
        return _max_pool(input, kernel=kernel, stride=stride, padding=padding, dilation=dilation, counts=counts)
    places = max_places(x, kernel, stride, padding, dilation, counts)
    return picked(input, places, dims), wrap(places)


def check_windows(
    op: str, dims: int, input: Tensor, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> Sizes:
    """How many windows there are in each dimension; RuntimeError unless all numbers and shapes make sense."""
    shape = input._array.shape
    if len(shape) not in (dims + 1, dims + 2) or 0 in shape[-dims - 1 :]:
        raise RuntimeError(
            f"{op}(): non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input, but got: "
            f"{list(shape)}"
        )
    if not isinstance(ceil_mode, (bool, int)):
        raise TypeError(f"{op}(): argument 'ceil_mode' must be bool, not {type(ceil_mode).__name__}")
    if min(kernel) <= 0:
        raise RuntimeError(f"{op}: kernel size should be greater than zero, but got {list(kernel)}")
    if min(stride) <= 0:
        raise RuntimeError(f"{op}: stride should be greater than zero, but got {list(stride)}")
    if min(dilation) <= 0:
        raise RuntimeError(f"{op}: dilation should be greater than zero, but got {list(dilation)}")
    if min(padding) < 0:
        raise RuntimeError(f"{op}: pad must be non-negative, but got pad: {min(padding)}")
    if any(p > (d * (k - 1) + 1) // 2 for p, k, d in zip(padding, kernel, dilation, strict=True)):
        raise RuntimeError(
            f"{op}: pad should be at most half of effective kernel size, but got pad={list(padding)}, "
            f"kernel_size={list(kernel)} and dilation={list(dilation)}"
        )
    counts = pooling.pooled_counts(shape[-dims:], kernel, stride, padding, dilation, bool(ceil_mode))
    if min(counts) <= 0:
        raise RuntimeError(
            f"Given input size: {tuple(shape)}. Calculated output size: {(*shape[:-dims], *counts)}. Output size is "
            f"too small: {op} has a kernel_size of {list(kernel)}"
        )
    return counts


def max_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Tensor:
    """The largest element of each window of (N, C, L) or (C, L) (``torch.max_pool1d``).

    `padding` is of minus infinity, `stride` is the kernel's size unless given, and `ceil_mode` admits a last
    window that is not full. RuntimeError if the numbers do not fit.
    """
    return _max_pool_nd("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, False)


def max_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Tensor:
    """:func:`max_pool1d` for (N, C, H, W) or (C, H, W) (``torch.max_pool2d``)."""
    return _max_pool_nd("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, False)


def max_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Tensor:
    """:func:`max_pool1d` for (N, C, D, H, W) or (C, D, H, W) (``torch.max_pool3d``)."""
    return _max_pool_nd("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, False)


def max_pool1d_with_indices(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> tuple[Tensor, Tensor]:
    """The values of :func:`max_pool1d` and where they lie (``torch.max_pool1d_with_indices``)."""
    return _max_pool_nd("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> tuple[Tensor, Tensor]:
    """The values of :func:`max_pool2d` and where they lie in the flattened plane."""
    return _max_pool_nd("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d_with_indices(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> tuple[Tensor, Tensor]:
    """The values of :func:`max_pool3d` and where they lie in the flattened volume."""
    return _max_pool_nd("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, True)
