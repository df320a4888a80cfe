"""Adding at repeated positions: the one place where gradients of gathers are summed up."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["add_at", "scatter_zeros"]


def scatter_zeros(shape: tuple[int, ...], index: Any, values: Any) -> Any:
    """An array of zeros to which `values` are added at `index`, any index that NumPy can read with.

    Positions that occur more than once sum up.
    """
    out = np.zeros(shape, values.dtype)
    add_at(out, index, values)
    return out


def add_at(out: Any, index: Any, values: Any) -> None:
    """``out[index] += values`` that counts repeated positions every time.

    ``np.add.at`` is quick in one dimension only, so other cases are brought to that or to sums over
    sorted rows.
    """
    if _is_unique(index):
        out[index] += values
        return
    first = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    if isinstance(first, np.ndarray) and out.ndim > 1 and first.dtype.kind in "iu":
        _add_rows(out, first.reshape(-1), np.broadcast_to(values, first.shape + out.shape[1:]))
        return
    positions = np.arange(out.size).reshape(out.shape)[index]
    flat = np.zeros(out.size, out.dtype)
    np.add.at(flat, positions.reshape(-1), np.broadcast_to(values, positions.shape).reshape(-1))
    out += flat.reshape(out.shape)


def _add_rows(out: Any, rows: Any, values: Any) -> None:
    """Add values (rows, ...) to the rows of `out`, sorted so that each row is one segment of a sum."""
    if rows.size == 0 or 0 in out.shape:
        return
    values = values.reshape(rows.size, math.prod(out.shape[1:]))
    rows = np.where(rows < 0, rows + out.shape[0], rows)
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    starts = np.concatenate(([0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1))
    sums = np.add.reduceat(values[order], starts, axis=0)
    out[ordered[starts]] += sums.reshape(len(starts), *out.shape[1:])


def _is_unique(index: Any) -> bool:
    """Whether no position can occur twice: no integer array of more than one element is involved."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(part, np.ndarray) and part.dtype.kind in "iu" and part.size > 1 for part in parts)
