"""Sums of NumPy arrays over axes, and their adjoint: quick, and as exact as pairwise summation.

NumPy adds pairwise along contiguous memory only. Over the other axes it adds row after row, which is
slower than a matrix-vector product and loses a digit at a thousand rows. Here both kinds of sums over
a matrix are products with ones, in blocks: short enough for small errors, and too small for BLAS to
wake its threads, which costs more than the sum.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.dtypes import is_half

__all__ = ["over_rows", "spread", "sum"]

#: Elements of a block: it stays in the cache, and below the size at which OpenBLAS starts threads.
_BLOCK = 1 << 16
#: Rows of a block of column sums, and the longest row that is summed by a product. Either adds about
#: as much rounding error as NumPy's pairwise sum, which itself adds up to 128 numbers one by one.
_ROWS = 1 << 10
_ONES = {np.dtype(d): np.ones(_BLOCK, d) for d in (np.float32, np.float64)}
for _ones in _ONES.values():
    _ones.flags.writeable = False

#: Below so many elements, filling an array is cheaper than making and reading a broadcast view.
_SMALL = 1 << 12


def sum(x: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False) -> Any:
    """``numpy.sum``, without its wrapper, and by BLAS over the first or last axes of a float array.

    float16 and bfloat16 are summed in float32, as in PyTorch.
    """
    if dtype is None:
        if axis is not None and x.dtype in _ONES:
            if type(axis) is tuple and len(axis) == 1:
                axis = axis[0]
            matrix, first = _matrix(x, axis)
            if matrix is not None:
                total = _over_rows(matrix) if first else _over_columns(matrix)
                if x.ndim == 2:
                    return total if not keepdims else total.reshape((1, -1) if axis in (0, -2) else (-1, 1))
                return total.reshape(_reduced(x.shape, axis, keepdims))
        elif is_half(x.dtype):
            return np.asarray(sum(x.astype(np.float32), axis, keepdims=keepdims)).astype(x.dtype)
    elif axis is None and x.dtype == np.bool_ and dtype == np.int64 and not keepdims:
        return np.int64(np.count_nonzero(x))
    return np.add.reduce(x, axis, dtype, keepdims=keepdims)


def over_rows(x: Any) -> Any:
    """The sums of the columns of a matrix: ``sum(x, 0)`` without looking at anything else."""
    n = x.shape[0]
    if n <= _ROWS and x.size <= _BLOCK and x.flags.c_contiguous and x.dtype in _ONES:
        return _ONES[x.dtype][:n].dot(x)
    return sum(x, 0)


def _matrix(x: Any, axis: Any) -> tuple[Any, bool]:
    """`x` as a C-contiguous matrix of which rows (True) or columns are to be added up; None if it is none."""
    flags = x.flags
    if x.ndim == 2 and type(axis) is int:
        first = axis in (0, -2)
        if flags.c_contiguous:
            return x, first
        return (x.T, not first) if flags.f_contiguous else (None, first)
    if x.ndim < 2 or not flags.c_contiguous or x.size == 0:
        return None, True
    axes = axis if type(axis) is tuple else (axis,)
    start, count = axes[0] % x.ndim if axes else 0, len(axes)
    if not 0 < count < x.ndim or axes != tuple(range(axes[0], axes[0] + count)):
        return None, True
    if start == 0:
        return x.reshape(math.prod(x.shape[:count]), -1), True
    return (x.reshape(math.prod(x.shape[:start]), -1) if start == x.ndim - count else None), False


def _reduced(shape: tuple[int, ...], axis: Any, keepdims: bool) -> tuple[int, ...]:
    ndim = len(shape)
    gone = {i % ndim for i in axis} if type(axis) is tuple else {axis % ndim}
    if keepdims:
        return tuple([1 if i in gone else n for i, n in enumerate(shape)])
    return tuple([n for i, n in enumerate(shape) if i not in gone])


def _over_rows(x: Any) -> Any:
    """(N, M) to (M,)."""
    n, m = x.shape
    ones = _ONES[x.dtype]
    if n <= _ROWS and n * m <= _BLOCK:
        return ones[:n].dot(x)
    rows = min(_BLOCK // max(m, 1), _ROWS)
    if m < 2 or rows < 16:
        return np.add.reduce(x, 0)
    whole = n - n % rows
    total = _over_rows(np.matmul(ones[:rows], x[:whole].reshape(-1, rows, m)))
    return total if whole == n else total + ones[: n - whole].dot(x[whole:])


def _over_columns(x: Any) -> Any:
    """(N, M) to (N,)."""
    n, m = x.shape
    if m > _ROWS:
        return np.add.reduce(x, 1)
    ones = _ONES[x.dtype][:m]
    if n * m <= _BLOCK:
        return x.dot(ones)
    rows = _BLOCK // m
    whole = n - n % rows
    total = np.empty(n, x.dtype)
    np.matmul(x[:whole].reshape(-1, rows, m), ones, out=total[:whole].reshape(-1, rows))
    if whole < n:
        np.dot(x[whole:], ones, out=total[whole:])
    return total


def spread(g: Any, shape: tuple[int, ...], axis: Any) -> Any:
    """The adjoint of a sum over `axis`: `g`, with or without the axes kept, over all of `shape`.

    Small results are filled; large ones are read-only views without memory of their own.
    """
    if g.ndim != len(shape) and g.ndim:
        g = g.reshape(_reduced(shape, axis, True))
    if math.prod(shape) <= _SMALL:
        out = np.empty(shape, g.dtype)
        out[...] = g
        return out
    return np.broadcast_to(g, shape)
