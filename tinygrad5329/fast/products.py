"""Matrix products inside compiled kernels, made of the tiles of `tiles.py`.

A kernel that calls BLAS between its loops would have to leave compiled code for it, and for the small matrices of a
recurrent step that costs more than the product. The second factor is read in panels as wide as a tile.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from tinygrad5329.fast.compiled import kernel
from tinygrad5329.fast.tiles import PLACES, VECTOR_BYTES, tile_of

__all__ = ["as_panels", "panel_width", "product", "through_weight", "weight_gradient"]

#: Rows that are summed at a time for the gradient of a weight, so that what is read stays in the cache.
BLOCK = 256

_tall_wide, _tall_narrow = tile_of(PLACES, 2), tile_of(PLACES, 1)
_low_wide, _low_narrow = tile_of(1, 2), tile_of(1, 1)


def panel_width(columns: int, dtype: Any) -> int:
    """How many of `columns` a panel has: two vectors or one; 0 where they do not divide into vectors."""
    lanes = VECTOR_BYTES // dtype.itemsize
    return 0 if columns <= 0 or columns % lanes else lanes if columns % (2 * lanes) else 2 * lanes


def as_panels(matrix: Any, width: int) -> Any:
    """A matrix (depth, columns) of any strides panel after panel, each (depth, width), as one vector."""
    depth, columns = matrix.shape
    panels = np.empty((columns // width, depth, width), matrix.dtype)
    panels[...] = matrix.reshape(depth, -1, width).swapaxes(0, 1)
    return panels.reshape(-1)


@numba.njit(error_model="numpy")
def product(  # type: ignore[no-untyped-def]
    a, a0, firsts, steps, b, b0, jump, starts, c, c0, c_pitch, out, to, pitch, count, columns, width
):
    """Write ``c`` plus the product of two matrices to ``out``, which may be ``c``; all arrays are flat.

    Row m and term k of the first factor are at ``a[a0 + firsts[m] + steps[k]]`` for m below `count`; term k and
    column i of panel p of the second at ``b[b0 + p * jump + starts[k] + i]``. The rows of ``c`` and ``out`` lie
    `c_pitch` and `pitch` apart; with a `c_pitch` of 0 one row is added to all. There is at least one term.
    """
    terms = steps.size
    wide = width * a.itemsize > VECTOR_BYTES
    for p in range(columns // width):
        at, m = b0 + p * jump, 0
        left, right = c0 + p * width, to + p * width
        if wide:
            while m + PLACES <= count:
                _tall_wide(a, a0, firsts, m, steps, b, at, starts, 0, terms, c, left, c_pitch, out, right, pitch)
                left, right, m = left + PLACES * c_pitch, right + PLACES * pitch, m + PLACES
            while m < count:
                _low_wide(a, a0, firsts, m, steps, b, at, starts, 0, terms, c, left, c_pitch, out, right, pitch)
                left, right, m = left + c_pitch, right + pitch, m + 1
        else:
            while m + PLACES <= count:
                _tall_narrow(a, a0, firsts, m, steps, b, at, starts, 0, terms, c, left, c_pitch, out, right, pitch)
                left, right, m = left + PLACES * c_pitch, right + PLACES * pitch, m + PLACES
            while m < count:
                _low_narrow(a, a0, firsts, m, steps, b, at, starts, 0, terms, c, left, c_pitch, out, right, pitch)
                left, right, m = left + c_pitch, right + pitch, m + 1


@kernel
def _back_through(dz, stride, w, out, gates, rows, features, columns, width):  # type: ignore[no-untyped-def]
    terms = np.empty(gates * features, np.int64)
    for k in range(terms.size):
        terms[k] = k // features * stride + k % features
    starts = np.arange(terms.size) * width
    nothing = np.zeros(columns, dz.dtype)
    product(dz, 0, np.arange(rows) * features, terms, w, 0, terms.size * width, starts,
            nothing, 0, 0, out, 0, columns, rows, columns, width)  # fmt: skip


@kernel
def _of_weight(dz, d0, stride, x, x0, out, gates, rows, features, columns, width):  # type: ignore[no-untyped-def]
    inner = np.arange(features)
    for gate in range(gates):
        to = gate * features * columns
        for start in range(0, rows, BLOCK):
            many = np.arange(start, min(start + BLOCK, rows))
            product(dz, d0 + gate * stride, inner, many * features, x, x0, width, many * columns,
                    out, to, columns, out, to, columns, features, columns, width)  # fmt: skip


def through_weight(dz: Any, w: Any) -> Any:
    """The gradients of the rows that were multiplied with w (gates * H, columns), from dz (gates, rows, H)."""
    gates, rows, features = dz.shape
    width = panel_width(w.shape[1], dz.dtype)
    if not (width and dz.size and dz.flags.carray):
        return np.add.reduce(np.matmul(dz, w.reshape(gates, features, w.shape[1])), 0)
    out = np.empty((rows, w.shape[1]), dz.dtype)
    _back_through(
        dz.reshape(-1), rows * features, as_panels(w, width), out.reshape(-1), gates, rows, features, w.shape[1], width
    )
    return out


def weight_gradient(dz: Any, x: Any, first: int = 0, before: int = 0) -> Any:
    """The gradient of w (gates * H, columns), from dz (gates, rows, H) and x (rows, columns).

    Row `before` of x is taken for row `first` of dz, and so on to the end of either.
    """
    gates, total, features = dz.shape
    columns = x.shape[1]
    rows = min(total - first, len(x) - before)
    width = panel_width(columns, dz.dtype)
    if not (width and dz.flags.carray and x.flags.carray):
        dz = dz[:, first : first + rows]
        return np.matmul(dz.swapaxes(1, 2), x[before : before + rows]).reshape(gates * features, columns)
    out = np.zeros((gates * features, columns), dz.dtype)
    _of_weight(
        dz.reshape(-1), first * features, total * features, x.reshape(-1), before * columns, out.reshape(-1), gates,
        rows, features, columns, width,
    )  # fmt: skip
    return out
