"""Elements in another order or more than once: flip, roll, repeat, tile; and two views: diagonal, narrow."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.description import check_dim
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.shaping import _expand, _reshape, _size_tuple, _sizes, flatten, reshape
from tinygrad5329.tensor import Tensor, method

__all__ = ["diagonal", "flip", "fliplr", "flipud", "narrow", "roll", "tile"]

_flip: Primitive = Primitive(
    "flip",
    lambda xp, x, *, dims: xp.flip(x, dims).copy(),
    lambda xp, g, dims: xp.flip(g, dims),
)
_roll: Primitive = Primitive(
    "roll",
    lambda xp, x, *, shifts, dims: xp.roll(x, shifts, dims),
    lambda xp, g, shifts, dims: _roll.under(xp, g, shifts=tuple(-s for s in shifts), dims=dims),
)
_diagonal: Primitive = Primitive(
    "diagonal",
    lambda xp, x, *, offset, dim1, dim2: _writable_diagonal(x, offset, dim1, dim2),
    lambda xp, g, x_shape, offset, dim1, dim2: _diagonal_scatter.under(
        xp, g, shape=x_shape, offset=offset, dim1=dim1, dim2=dim2
    ),
    view=True,
)
_diagonal_scatter: Primitive = Primitive(
    "diagonal_embed_zeros",
    lambda xp, x, *, shape, offset, dim1, dim2: _put_diagonal(x, shape, offset, dim1, dim2),
    lambda xp, g, offset, dim1, dim2: _diagonal.under(xp, g, offset=offset, dim1=dim1, dim2=dim2),
)


def _writable_diagonal(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    view = x.diagonal(offset, dim1, dim2)
    if x.flags.writeable:
        view.flags.writeable = True
    return view


def _put_diagonal(g: Any, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Any:
    whole = np.zeros(shape, g.dtype)
    _writable_diagonal(whole, offset, dim1, dim2)[...] = g
    return whole


def _dims(dims: Any, ndim: int, op: str) -> tuple[int, ...]:
    result = tuple([check_dim(d, ndim) for d in dims])
    if len(set(result)) != len(result):
        raise RuntimeError(f"{op}: dim appears multiple times in the list of dims {dims}")
    return result


def flip(input: Tensor, dims: Any) -> Tensor:
    """A copy with the order of the elements reversed along `dims` (``torch.flip``)."""
    dims = _dims(_size_tuple("flip", "dims", dims), input._array.ndim, "flip")
    return _flip(input, dims=dims if input._array.ndim else ())


def fliplr(input: Tensor) -> Tensor:
    """``flip`` along dimension 1 (``torch.fliplr``)."""
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """``flip`` along dimension 0 (``torch.flipud``)."""
    if input._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, (0,))


@method
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """The elements moved along `dims`, those that fall out coming in at the other end (``torch.roll``)."""
    shifts = _sizes("roll", (shifts,), "shifts")
    dims = () if dims is None else _sizes("roll", (dims,), "dims")
    if not shifts:
        raise RuntimeError("roll(): `shifts` required")
    if not dims and len(shifts) == 1:
        return reshape(_roll(flatten(input), shifts=shifts, dims=(0,)), input._array.shape)
    if len(dims) != len(shifts):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    if input._array.ndim == 0:
        raise IndexError(f"roll(): dimension specified as {dims[0]} but the tensor has no dimensions")
    return _roll(input, shifts=shifts, dims=tuple([check_dim(d, input._array.ndim) for d in dims]))


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


@method
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` elements of dimension `dim` from `start` on, as a view (``torch.narrow``)."""
    if input._array.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, Tensor) and (start._array.ndim or start._array.dtype.kind not in "iu"):
        raise RuntimeError("narrow(): start must be an 0-dim integral Tensor.")
    for name, value in (("start", start), ("length", length)):
        if not hasattr(value, "__index__"):
            raise TypeError(f"narrow(): argument '{name}' must be int, not {type(value).__name__}")
    dim = check_dim(dim, input._array.ndim)
    size = input._array.shape[dim]
    start = start.__index__()
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start += size if start < 0 else 0
    if length < 0 or start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return input[(slice(None),) * dim + (slice(start, start + length),)]


@method
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of dimensions `dim1` and `dim2`, last, as a view (``torch.diagonal``)."""
    ndim = input._array.ndim
    dim1, dim2 = check_dim(dim1, ndim), check_dim(dim2, ndim)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return _diagonal(input, offset=offset, dim1=dim1, dim2=dim2)


def _method_flip(self: Tensor, *sizes: Any, dims: Any = None) -> Tensor:
    """A copy with the order reversed along `dims` (``torch.Tensor.flip``)."""
    return flip(self, _sizes("flip", sizes, "dims", dims))


for _name, _function in {
    "repeat": _method_repeat, "tile": _method_tile, "flip": _method_flip, "fliplr": fliplr, "flipud": flipud,
}.items():  # fmt: skip
    _function.__name__ = _function.__qualname__ = _name
    setattr(Tensor, _name, _function)
del _name, _function
