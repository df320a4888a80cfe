"""Elements more than once: repeat, tile, repeat_interleave."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.description import check_dim
from tinygrad5329.ops.expanding import _expand
from tinygrad5329.ops.picking import index_select
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.ops.shaping import _reshape, _size_tuple, _sizes
from tinygrad5329.tensor import Tensor, attach, wrap

__all__ = ["repeat_interleave", "tile"]


def _method_repeat(self: Tensor, *sizes: Any, repeats: Any = None) -> Tensor:
    """The tensor copied `sizes` times along each dimension (``torch.Tensor.repeat``)."""
    sizes = _sizes("repeat", sizes, "repeats", repeats)
    shape = self._array.shape
    extra = len(sizes) - len(shape)
    if extra < 0:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    shape = (1,) * extra + shape
    interleaved = tuple(n for pair in zip((1,) * len(shape), shape, strict=True) for n in pair)
    tiled = tuple(n for pair in zip(sizes, shape, strict=True) for n in pair)
    result = tuple(a * b for a, b in zip(sizes, shape, strict=True))
    repeated = _reshape(_expand(_reshape(self, shape=interleaved), shape=tiled), shape=result)
    # Where nothing is repeated this is still a view of the input.
    return repeated if repeated._view is None else repeated.clone()


def tile(input: Tensor, dims: Any) -> Tensor:
    """``repeat``, with missing leading dimensions taken as 1 (``torch.tile``)."""
    dims = _size_tuple("tile", "dims", dims)
    return _method_repeat(input, (1,) * (input._array.ndim - len(dims)) + dims)


def _method_tile(self: Tensor, *sizes: Any, dims: Any = None) -> Tensor:
    """``repeat``, with missing leading dimensions taken as 1 (``torch.Tensor.tile``)."""
    return tile(self, _sizes("tile", sizes, "dims", dims))


def _counts(repeats: Any) -> Any:
    """How often each element comes, as an array."""
    if isinstance(repeats, Tensor):
        counts = repeats._array
        if counts.dtype not in (np.int64, np.int32):
            raise NotImplementedError(f"repeats has to be Long or Int tensor, got {repeats.dtype}")
        if counts.ndim > 1:
            raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    else:
        if isinstance(repeats, bool) or not hasattr(repeats, "__index__"):
            raise TypeError(
                f"repeat_interleave(): argument 'repeats' must be Tensor or int, not {type(repeats).__name__}"
            )
        counts = np.array([repeats.__index__()])
    if counts.size and counts.min() < 0:
        raise RuntimeError("repeats can not be negative")
    return counts.reshape(-1)


def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element repeated in place, along `dim` or flattened (``torch.repeat_interleave``).

    `repeats` is a number or a tensor with one for each entry. Of a tensor alone: its entries say how often
    their own place comes.

    >>> import tinygrad5329 as tg
    >>> tg.repeat_interleave(tg.tensor([2, 0, 1]))
    tensor([0, 0, 2])
    """
    expect_tensor("repeat_interleave", "input", input)
    if repeats is None:
        counts = _counts(input)
        if input._array.ndim != 1:
            raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
        places = np.repeat(np.arange(counts.size), counts).astype(input._array.dtype)
        return wrap(_checked(places, output_size))
    if dim is None:
        input, dim = input.reshape(-1), 0
    dim = check_dim(dim, input._array.ndim)
    whole = input if input._array.ndim else input.reshape(1)
    size = whole._array.shape[dim]
    counts = _counts(repeats)
    if counts.size == 1:
        counts = np.broadcast_to(counts, (size,))
    if counts.size != size:
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {counts.size} and "
            f"input.size({dim}) = {size}"
        )
    places = _checked(np.repeat(np.arange(size), counts), output_size)
    return index_select(whole, dim, wrap(places))


def _checked(places: Any, output_size: int | None) -> Any:
    if output_size is not None and output_size != places.size:
        raise RuntimeError(f"repeat_interleave: output_size is {output_size} but the repeats add up to {places.size}")
    return places


_method_repeat.__name__ = _method_repeat.__qualname__ = "repeat"
_method_tile.__name__ = _method_tile.__qualname__ = "tile"
attach(repeat=_method_repeat, tile=_method_tile, repeat_interleave=repeat_interleave)
