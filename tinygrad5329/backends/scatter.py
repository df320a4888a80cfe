"""Adding at repeated positions: the one place where gradients of gathers are summed up.

NumPy's ``ufunc.at`` is quick for flat arrays and flat positions only, 3 to 6 times quicker than sorting
the positions into segments, so every index is brought to that.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["add_at", "combine_at", "flat_positions", "positions_along", "scatter_zeros"]


def scatter_zeros(shape: tuple[int, ...], index: Any, values: Any) -> Any:
    """An array of zeros to which `values` are added at `index`, any index that NumPy can read with.

    Positions that occur more than once sum up.
    """
    out = np.zeros(shape, values.dtype)
    add_at(out, index, values)
    return out


def add_at(out: Any, index: Any, values: Any) -> None:
    """``out[index] += values`` that counts repeated positions every time."""
    if _is_unique(index):
        out[index] += values
    else:
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


def positions_along(shape: tuple[int, ...], dim: int, index: Any) -> Any:
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


def _is_unique(index: Any) -> bool:
    """Whether no position can occur twice: no integer array of more than one element is involved."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(part, np.ndarray) and part.dtype.kind in "iu" and part.size > 1 for part in parts)
