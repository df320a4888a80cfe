"""Compiled twins of ``backends/scatter.py``: loops over rows and places, without arrays of positions.

They take float32 and float64 with int64 places; other dtypes go to NumPy's kernels. Sums are taken in the same order.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends import scatter as plain
from tinygrad5329.fast.compiled import kernel

__all__ = ["KERNELS"]


@kernel
def _add_rows(out, rows, values):  # type: ignore[no-untyped-def]
    """out (outer, count, inner), rows (n,), values (outer, n, inner)."""
    for a in range(out.shape[0]):
        for n in range(rows.size):
            target, source = out[a, rows[n]], values[a, n]
            for i in range(source.size):
                target[i] += source[i]


@kernel
def _add_elements(out, places, values):  # type: ignore[no-untyped-def]
    """out (outer, count), places (n,), values (outer, n)."""
    for a in range(out.shape[0]):
        target, source = out[a], values[a]
        for n in range(places.size):
            target[places[n]] += source[n]


@kernel
def _add_along(out, places, values):  # type: ignore[no-untyped-def]
    """out (outer, count, inner), places and values (outer, n, inner)."""
    for a in range(places.shape[0]):
        for n in range(places.shape[1]):
            where, source = places[a, n], values[a, n]
            for i in range(where.size):
                out[a, where[i], i] += source[i]


@kernel
def _add_along_last(out, places, values):  # type: ignore[no-untyped-def]
    """out (outer, count), places and values (outer, n)."""
    for a in range(places.shape[0]):
        target, where, source = out[a], places[a], values[a]
        for n in range(where.size):
            target[where[n]] += source[n]


@kernel
def _take_along(x, places, out):  # type: ignore[no-untyped-def]
    """x (outer, count, inner), places and out (outer, n, inner)."""
    for a in range(places.shape[0]):
        for n in range(places.shape[1]):
            where, target = places[a, n], out[a, n]
            for i in range(where.size):
                target[i] = x[a, where[i], i]


@kernel
def _take_along_last(x, places, out):  # type: ignore[no-untyped-def]
    """x (outer, count), places and out (outer, n)."""
    for a in range(places.shape[0]):
        source, where, target = x[a], places[a], out[a]
        for n in range(where.size):
            target[n] = source[where[n]]


def _whole(array: Any) -> Any:
    """`array`, or a copy if compiled code would need a version of its own for it."""
    return array if array.flags.carray else array.copy()


def _suits(x: Any, places: Any) -> bool:
    return x.dtype.char in "fd" and places.dtype == np.int64 and x.flags.carray


def add_rows(out: Any, rows: Any, values: Any) -> None:
    """Add `values` (outer, n, inner) at `rows` of the middle of `out` (outer, count, inner)."""
    if not _suits(out, rows):
        plain._add_rows(out, rows, values)
        return
    rows, values = _whole(rows), _whole(values)
    if out.shape[2] == 1:
        _add_elements(out.reshape(out.shape[:2]), rows, values.reshape(values.shape[:2]))
    else:
        _add_rows(out, rows, values)


def _folded(shape: tuple[int, ...], dim: int, places: Any) -> tuple[int, int] | None:
    """The number of elements before and behind `dim`, if `places` are as many."""
    for d, n in enumerate(places.shape):
        if d != dim and n != shape[d]:
            return None
    return math.prod(shape[:dim]), math.prod(shape[dim + 1 :])


def add_along(out: Any, dim: int, places: Any, values: Any) -> None:
    """Add `values` to `out` at `places` of `dim`."""
    folded = _folded(out.shape, dim, places)
    if folded is None or not _suits(out, places):
        plain._add_along(out, dim, places, values)
        return
    outer, inner = folded
    places, values = _whole(places), _whole(values)
    if inner == 1:
        _add_along_last(out.reshape(outer, -1), places.reshape(outer, -1), values.reshape(outer, -1))
        return
    middle = (outer, -1, inner)
    _add_along(out.reshape(middle), places.reshape(middle), values.reshape(middle))


def take_along(x: Any, dim: int, places: Any) -> Any:
    """The elements of `x` at `places` of `dim`."""
    folded = _folded(x.shape, dim, places)
    x = np.ascontiguousarray(x)
    if folded is None or not _suits(x, places) or not places.size:
        return plain._take_along(x, dim, places)
    outer, inner = folded
    places = _whole(places)
    out = np.empty(places.shape, x.dtype)
    if inner == 1:
        _take_along_last(x.reshape(outer, -1), places.reshape(outer, -1), out.reshape(outer, -1))
        return out
    middle = (outer, -1, inner)
    _take_along(x.reshape(middle), places.reshape(middle), out.reshape(middle))
    return out


KERNELS = {"add_along": add_along, "add_rows": add_rows, "take_along": take_along}
