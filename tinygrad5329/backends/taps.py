"""Weighted reading along one dimension: resampling, unequal pooling and borders are all tables of taps."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Taps"]


class Taps:
    """A sparse matrix along one dimension: ``out[i] = sum_t weights[t, i] * x[index[t, i]]``.

    Parameters
    ----------
    index : ndarray of int64
        (T, out).
    weights : ndarray or None
        (T, out); None for ones.
    size : int
        Of the dimension that is read.
    """

    __slots__ = ("_adjoint", "index", "size", "weights")

    def __init__(self, index: Any, weights: Any, size: int) -> None:
        self.index = index
        self.weights = weights
        self.size = size
        self._adjoint: Taps | None = None

    def __repr__(self) -> str:
        return f"Taps({self.size} to {self.index.shape[1]})"

    def apply(self, x: Any, axis: int) -> Any:
        """`x` with dimension `axis` read through the table."""
        if len(self.index) == 0:
            return np.zeros((*x.shape[:axis], self.index.shape[1], *x.shape[axis + 1 :]), x.dtype)
        weights = None
        if self.weights is not None:
            weights = self.weights.astype(x.dtype, copy=False).reshape(*self.weights.shape, *(1,) * (x.ndim - axis - 1))
        out = x.take(self.index[0], axis)
        if weights is not None:
            out *= weights[0]
        for t in range(1, len(self.index)):
            part = x.take(self.index[t], axis)
            if weights is not None:
                part *= weights[t]
            out += part
        return out

    @property
    def adjoint(self) -> Taps:
        """The table of the transposed matrix: it reads too, so that nothing is ever scattered."""
        if self._adjoint is None:
            self._adjoint = self._transposed()
        return self._adjoint

    def _transposed(self) -> Taps:
        places = np.broadcast_to(np.arange(self.index.shape[1]), self.index.shape).reshape(-1)
        index = self.index.reshape(-1)
        weights = np.ones(index.size) if self.weights is None else self.weights.reshape(-1)
        used = weights != 0
        index, places, weights = index[used], places[used], weights[used]
        order = np.argsort(index, kind="stable")
        index, places, weights = index[order], places[order], weights[order]
        counts = np.bincount(index, minlength=self.size)
        starts = np.cumsum(counts) - counts
        rows = np.arange(index.size) - starts[index]
        taps = int(counts.max()) if counts.size else 0
        table = np.zeros((taps, self.size), np.int64)
        if index.size:
            # What is left over reads a place that counts anyway, with weight 0.
            table[:] = places[np.minimum(starts, index.size - 1)]
        table[rows, index] = places
        if self.weights is None and (counts == taps).all():
            return Taps(table, None, self.index.shape[1])
        shares = np.zeros(table.shape, weights.dtype)
        shares[rows, index] = weights
        return Taps(table, shares, self.index.shape[1])
