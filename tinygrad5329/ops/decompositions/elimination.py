"""Gaussian elimination on arrays: the packed ``LU`` with LAPACK's pivots, over stacks of matrices at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["eliminate", "first_zero_pivot", "order_of"]

#: Columns that are eliminated one by one before the rest of the matrix follows in one product.
_PANEL = 32


def eliminate(x: Any) -> tuple[Any, Any]:
    """``L`` (below the diagonal, with ones on it) and ``U`` in one array, and the row that each row changed with.

    Rows are numbered from 1, as in LAPACK. A column without a pivot is left as it is. Golub and Van Loan,
    "Matrix Computations", section 3.2.11 (blocked, right-looking).
    """
    batch, (m, n) = x.shape[:-2], x.shape[-2:]
    a = np.array(x).reshape(math.prod(batch), m, n)
    k = min(m, n)
    pivots = np.broadcast_to(np.arange(1, k + 1, dtype=np.int32), (len(a), k)).copy()
    rows = np.arange(len(a))
    with np.errstate(all="ignore"):
        for start in range(0, k, _PANEL):
            stop = min(start + _PANEL, k)
            for j in range(start, stop):
                _exchange(a, rows, j, pivots)
                divisor = a[:, j, j, None]
                a[:, j + 1 :, j] /= np.where(divisor == 0, 1, divisor)
                a[:, j + 1 :, j + 1 : stop] -= a[:, j + 1 :, j, None] * a[:, j, None, j + 1 : stop]
            if stop < n:
                _rest(a, start, stop)
    return a.reshape(x.shape), pivots.reshape(*batch, k)


def _exchange(a: Any, rows: Any, j: int, pivots: Any) -> None:
    """Bring the largest element of column `j` to the diagonal."""
    column = a[:, j:, j]
    # LAPACK measures complex numbers by |re| + |im|.
    sizes = np.abs(column.real) + np.abs(column.imag) if a.dtype.kind == "c" else np.abs(column)
    other = sizes.argmax(1) + j
    pivots[:, j] = other + 1
    if len(a) == 1:
        i = int(other[0])
        if i != j:
            a[0, [j, i]] = a[0, [i, j]]
        return
    upper = a[rows, other].copy()
    a[rows, other] = a[:, j]
    a[:, j] = upper


def _rest(a: Any, start: int, stop: int) -> None:
    """What the eliminated panel does to the columns on its right."""
    unit = np.tril(a[:, start:stop, start:stop], -1)
    unit += np.eye(stop - start, dtype=a.dtype)
    a[:, start:stop, stop:] = np.linalg.solve(unit, a[:, start:stop, stop:])
    a[:, stop:, stop:] -= a[:, stop:, start:stop] @ a[:, start:stop, stop:]


def first_zero_pivot(lu: Any) -> Any:
    """1 plus the position of the first zero on the diagonal of ``U``; 0 where there is none."""
    zero = np.diagonal(lu, axis1=-2, axis2=-1) == 0
    if not zero.shape[-1]:
        return np.zeros(zero.shape[:-1], np.int32)
    return np.where(zero.any(-1), zero.argmax(-1) + 1, 0).astype(np.int32)


def order_of(pivots: Any, m: int) -> Any:
    """The permutation that the exchanges `pivots` make of `m` rows: ``(P^T A)[i] = A[order[i]]``."""
    count = pivots.shape[-1]
    flat = pivots.reshape(math.prod(pivots.shape[:-1]), count)
    order = np.broadcast_to(np.arange(m), (len(flat), m)).copy()
    rows = np.arange(len(flat))
    for j in range(count):
        other = flat[:, j] - 1
        moved = order[rows, other]
        order[rows, other] = order[:, j]
        order[:, j] = moved
    return order.reshape(*pivots.shape[:-1], m)
