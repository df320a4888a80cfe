"""Reading and adding at index arrays: the one place where gradients of gathers are summed up.

Most indices are one of three kinds, for which there is a quick way: whole rows along one dimension
(``x[:, rows]``), a place of its own for every element along one dimension (:class:`Along`), and a mask. For the
rest, and where compiled twins are missing, NumPy's ``ufunc.at`` is quick for flat arrays and flat positions only, 3 to
6 times quicker than sorting the positions into segments, so every index is brought to that.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends.choice import Slot

__all__ = ["Along", "add_at", "combine_at", "flat_positions", "read", "scatter_zeros", "take_along", "write"]

_EVERY = slice(None)
_PAIRS = {"f": np.dtype(np.complex64), "d": np.dtype(np.complex128)}


class Along(tuple[Any, ...]):
    """The full index of ``take_along_axis``: `places`, none negative, at `dim`, each place itself elsewhere."""

    dim: int
    places: Any

    def __new__(cls, dim: int, places: Any) -> Along:
        ndim = places.ndim
        index = tuple.__new__(
            cls,
            [
                places if d == dim else np.arange(n).reshape(-1, *(1,) * (ndim - 1 - d))
                for d, n in enumerate(places.shape)
            ],
        )
        index.dim, index.places = dim, places
        return index


def read(x: Any, index: Any) -> Any:
    """``x[index]`` for an index with arrays in it."""
    if not x.size:
        return x[index]
    if type(index) is Along:
        return take_along.run(x, index.dim, index.places)
    parts = index if type(index) is tuple else (index,)
    rows = parts[-1]
    if isinstance(rows, np.ndarray) and rows.ndim and rows.dtype.kind != "b" and _are_whole(parts[:-1]):
        # NumPy's take copies all of an array that is not contiguous.
        if x.flags.c_contiguous or x.shape[len(parts) - 1] <= rows.size:
            return x.take(rows, len(parts) - 1)
    else:
        mask = _mask_of(x.shape, index)
        if mask is not None:
            return x.reshape(-1, *x.shape[mask.ndim :]).take(np.flatnonzero(mask), 0)
    return x[index]


def write(x: Any, index: Any, values: Any) -> None:
    """``x[index] = values``; where a position occurs more than once the last one stays."""
    if x.size and x.flags.c_contiguous:
        if type(index) is Along:
            x.reshape(-1)[_positions_along(x.shape, index.dim, index.places)] = values
            return
        mask = _mask_of(x.shape, index)
        if mask is not None and values.ndim == 1 + x.ndim - mask.ndim and values.shape[1:] == x.shape[mask.ndim :]:
            x.reshape(-1, *x.shape[mask.ndim :])[np.flatnonzero(mask)] = values
            return
    x[index] = values


def scatter_zeros(shape: tuple[int, ...], index: Any, values: Any) -> Any:
    """An array of zeros to which `values` are added at `index`, any index that NumPy can read with.

    Positions that occur more than once sum up.
    """
    out = np.zeros(shape, values.dtype)
    if _mask_of(shape, index) is not None:
        write(out, index, values)
        return out
    add_at(out, index, values)
    return out


def add_at(out: Any, index: Any, values: Any) -> None:
    """``out[index] += values`` that counts repeated positions every time."""
    if _is_unique(index):
        out[index] += values
        return
    if out.flags.c_contiguous and out.size and out.dtype.kind in "fc":
        if type(index) is Along:
            values = np.broadcast_to(values, index.places.shape)
            if values.size:
                add_along.run(out, index.dim, index.places, values)
            return
        parts = index if type(index) is tuple else (index,)
        rows = parts[-1]
        if isinstance(rows, np.ndarray) and rows.dtype.kind in "iu" and rows.ndim and _are_whole(parts[:-1]):
            dim = len(parts) - 1
            shape = out.shape
            outer, inner = math.prod(shape[:dim]), math.prod(shape[dim + 1 :])
            values = np.broadcast_to(values, (*shape[:dim], *rows.shape, *shape[dim + 1 :]))
            if values.size:
                rows = _in_range(rows.reshape(-1), dim, shape[dim])
                add_rows.run(out.reshape(outer, shape[dim], inner), rows, values.reshape(outer, rows.size, inner))
            return
    combine_at(np.add, out, index, values)


def combine_at(ufunc: Any, out: Any, index: Any, values: Any) -> None:
    """``out[index] = ufunc(out[index], values)``, repeated positions one after the other."""
    positions = flat_positions(out.shape, index)
    values = np.broadcast_to(values, positions.shape).reshape(-1)
    if out.dtype.kind == "b":
        ufunc = {np.add: np.logical_or, np.multiply: np.logical_and}.get(ufunc, ufunc)
    if out.flags.c_contiguous:
        ufunc.at(out.reshape(-1), positions.reshape(-1), values)
        return
    flat = out.reshape(-1)
    ufunc.at(flat, positions.reshape(-1), values)
    out[...] = flat.reshape(out.shape)


def flat_positions(shape: tuple[int, ...], index: Any) -> Any:
    """Where in the flattened array `index` reads."""
    if type(index) is Along:
        return _positions_along(shape, index.dim, index.places)
    parts = index if isinstance(index, tuple) else (index,)
    rows = parts[0] if len(parts) == 1 else None
    if isinstance(rows, np.ndarray) and rows.dtype.kind in "iu" and rows.ndim and shape:
        width = math.prod(shape[1:])
        rows = np.where(rows < 0, rows + shape[0], rows) if rows.size and rows.min() < 0 else rows
        if width == 1:
            return rows.astype(np.intp, copy=False).reshape(rows.shape + shape[1:])
        starts = rows.reshape(rows.shape + (1,) * (len(shape) - 1)).astype(np.intp, copy=False) * width
        return starts + np.arange(width).reshape(shape[1:])
    if len(parts) == len(shape) and all(isinstance(part, np.ndarray) and part.dtype.kind in "iu" for part in parts):
        stride, positions = 1, np.zeros((), np.intp)
        for part, n in zip(reversed(parts), reversed(shape), strict=True):
            if part.size and part.min() < 0:
                part = np.where(part < 0, part + n, part)
            positions = positions + part.astype(np.intp, copy=False) * stride
            stride *= n
        return positions
    return np.arange(math.prod(shape)).reshape(shape)[index]


def _positions_along(shape: tuple[int, ...], dim: int, index: Any) -> Any:
    """Where in the flattened array ``take_along_axis`` reads: `index`, not negative, at `dim`, each place elsewhere."""
    offsets, stride, step = np.zeros((), np.intp), 1, 1
    for d in reversed(range(len(shape))):
        if d == dim:
            step = stride
        else:
            places = np.arange(0, index.shape[d] * stride, stride or 1)[: index.shape[d]]
            offsets = offsets + places.reshape(-1, *(1,) * (len(shape) - 1 - d))
        stride *= shape[d]
    return (index if step == 1 else index * step) + offsets


def _take_along(x: Any, dim: int, places: Any) -> Any:
    # The places have been checked, and "wrap" saves NumPy from checking them again.
    return x.reshape(-1).take(_positions_along(x.shape, dim, places), mode="wrap")


def _add_along(out: Any, dim: int, places: Any, values: Any) -> None:
    np.add.at(out.reshape(-1), _positions_along(out.shape, dim, places).reshape(-1), values.reshape(-1))


def _add_rows(out: Any, rows: Any, values: Any) -> None:
    pair = _PAIRS.get(out.dtype.char)
    if pair is not None and out.shape[2] % 2 == 0:
        # Two floats added at a time: complex numbers, which ufunc.at takes as fast as single ones.
        out, values = out.view(pair), np.ascontiguousarray(values).view(pair)
    outer, count, inner = out.shape
    positions = rows if inner == 1 else (rows[:, None] * inner + np.arange(inner)).reshape(-1)
    if outer > 1:
        width = count * inner
        positions = (np.arange(0, outer * width, width)[:, None] + positions).reshape(-1)
    np.add.at(out.reshape(-1), positions, values.reshape(-1))


#: ``np.take_along_axis``, for places that may be fewer than `x` has elsewhere.
take_along = Slot("take_along", _take_along)
#: Add `values` at ``Along(dim, places)`` to a C-contiguous array.
add_along = Slot("add_along", _add_along)
#: Add `values` (outer, n, inner) at `rows`, none negative, of the middle of a C-contiguous (outer, count, inner).
add_rows = Slot("add_rows", _add_rows)


def _mask_of(shape: tuple[int, ...], index: Any) -> Any:
    """The mask of the first dimensions that `index` is; None for any other index."""
    mask = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    if isinstance(mask, np.ndarray) and mask.dtype.kind == "b" and mask.ndim and mask.shape == shape[: mask.ndim]:
        return mask
    return None


def _in_range(rows: Any, dim: int, size: int) -> Any:
    """`rows` counted from the beginning; IndexError for those out of range, where compiled code would go astray."""
    least, most = rows.min(), rows.max()
    if least < -size or most >= size:
        raise IndexError(f"index {most if most >= size else least} is out of bounds for axis {dim} with size {size}")
    rows = rows.astype(np.intp, copy=False)
    return np.where(rows < 0, rows + size, rows) if least < 0 else rows


def _are_whole(parts: tuple[Any, ...]) -> bool:
    """Whether `parts` of an index are ``:`` alone."""
    return all(type(part) is slice and part == _EVERY for part in parts)


def _is_unique(index: Any) -> bool:
    """Whether no position can occur twice: no integer array of more than one element is involved."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(part, np.ndarray) and part.dtype.kind in "iu" and part.size > 1 for part in parts)
