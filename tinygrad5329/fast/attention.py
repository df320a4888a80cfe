"""Attention: all of it in one kernel where heads are narrow and rows short, else the exponentials of each block.

The products of narrow heads are faster here than in BLAS, and nothing but the row in hand is ever stored: four
rows of scores at a time, in a buffer whose parts are a fixed distance apart, so that the compiler knows that they
do not overlap.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinygrad5329.backends import attention
from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import inlined_part, summing
from tinygrad5329.fast.row_maximum import largest
from tinygrad5329.fast.transcendental import exp_of_score
from tinygrad5329.ops.primitive import REGISTRY

__all__ = ["KERNELS"]

_NUMPY = REGISTRY["scaled_dot_product_attention"]

#: The widest heads, and the longest rows, of which the kernel takes all.
_NARROW = 16
_COLUMNS = 512
# Where the second, third and fourth row lie in the buffer; a multiple of the cache's period would thrash it.
_B, _C, _D = 528, 1056, 1584
#: Scores up to this need no shift.
_SMALL = 30.0


# q and g are (4, features), kt and vt (features, columns); the number of features is a multiple of 4.


@inlined_part
def _scores(q, kt, x, seen):  # type: ignore[no-untyped-def]
    """The products of four rows with all columns."""
    for e in range(0, kt.shape[0], 4):
        a, b, c, d = q[0, e], q[0, e + 1], q[0, e + 2], q[0, e + 3]
        a1, b1, c1, d1 = q[1, e], q[1, e + 1], q[1, e + 2], q[1, e + 3]
        a2, b2, c2, d2 = q[2, e], q[2, e + 1], q[2, e + 2], q[2, e + 3]
        a3, b3, c3, d3 = q[3, e], q[3, e + 1], q[3, e + 2], q[3, e + 3]
        if e == 0:
            for j in range(seen):
                k, m, n, o = kt[0, j], kt[1, j], kt[2, j], kt[3, j]
                x[j] = (a * k + b * m) + (c * n + d * o)
                x[j + _B] = (a1 * k + b1 * m) + (c1 * n + d1 * o)
                x[j + _C] = (a2 * k + b2 * m) + (c2 * n + d2 * o)
                x[j + _D] = (a3 * k + b3 * m) + (c3 * n + d3 * o)
        else:
            for j in range(seen):
                k, m, n, o = kt[e, j], kt[e + 1, j], kt[e + 2, j], kt[e + 3, j]
                x[j] += (a * k + b * m) + (c * n + d * o)
                x[j + _B] += (a1 * k + b1 * m) + (c1 * n + d1 * o)
                x[j + _C] += (a2 * k + b2 * m) + (c2 * n + d2 * o)
                x[j + _D] += (a3 * k + b3 * m) + (c3 * n + d3 * o)


@inlined_part
def _weighted(x, vt, out, seen):  # type: ignore[no-untyped-def]
    """The sums of the columns of `vt` with four rows of weights."""
    zero = x.dtype.type(0)
    for e in range(0, vt.shape[0], 2):
        a = a1 = b = b1 = c = c1 = d = d1 = zero
        for j in range(seen):
            v, w = vt[e, j], vt[e + 1, j]
            k, m, n, o = x[j], x[j + _B], x[j + _C], x[j + _D]
            a, b, c, d = a + k * v, b + m * v, c + n * v, d + o * v
            a1, b1, c1, d1 = a1 + k * w, b1 + m * w, c1 + n * w, d1 + o * w
        out[0, e], out[1, e], out[2, e], out[3, e] = a, b, c, d
        out[0, e + 1], out[1, e + 1], out[2, e + 1], out[3, e + 1] = a1, b1, c1, d1


@inlined_part
def _spread(x, g, dvt, seen):  # type: ignore[no-untyped-def]
    """Add four rows `g`, with their weights, to the columns of `dvt`."""
    for e in range(0, dvt.shape[0], 2):
        a, b, c, d = g[0, e], g[1, e], g[2, e], g[3, e]
        a1, b1, c1, d1 = g[0, e + 1], g[1, e + 1], g[2, e + 1], g[3, e + 1]
        for j in range(seen):
            k, m, n, o = x[j], x[j + _B], x[j + _C], x[j + _D]
            dvt[e, j] += (a * k + b * m) + (c * n + d * o)
            dvt[e + 1, j] += (a1 * k + b1 * m) + (c1 * n + d1 * o)


@inlined_part
def _exponentials_of_four(x, tops, totals, first, seen, causal):  # type: ignore[no-untyped-def]
    """The exponentials in place of the scores, and their sums; 0 for the columns that a row must not see."""
    t, t1, t2, t3 = tops[0], tops[1], tops[2], tops[3]
    for j in range(seen):
        x[j] = exp_of_score(x[j] - t)
        x[j + _B] = exp_of_score(x[j + _B] - t1)
        x[j + _C] = exp_of_score(x[j + _C] - t2)
        x[j + _D] = exp_of_score(x[j + _D] - t3)
    if causal:
        for r in range(3):
            for j in range(first + r + 1, seen):
                x[r * _B + j] = 0
    a = b = c = d = x.dtype.type(0)
    for j in range(seen):
        a, b, c, d = a + x[j], b + x[j + _B], c + x[j + _C], d + x[j + _D]
    totals[0], totals[1], totals[2], totals[3] = a, b, c, d


@inlined_part
def _four_rows(x, n, h, first, out):  # type: ignore[no-untyped-def]
    """Four rows of (N, L, H, E) from `first` on, with zeros beyond the last; returns how many there are."""
    count = min(4, x.shape[1] - first)
    for r in range(4):
        for e in range(x.shape[3]):
            out[r, e] = x[n, first + r, h, e] if r < count else 0
    return count


# q and out (N, L, H, E), kt and vt (N, H, E, S). `rows` (N, H, L, 2) gets each row's shift and the inverse of its sum.


@summing
def _attend(q, kt, vt, causal, out, rows):  # type: ignore[no-untyped-def]
    n, length, heads, features = q.shape
    columns = vt.shape[3]
    x, some, result = np.empty(4 * _B, q.dtype), np.empty((4, features), q.dtype), np.empty((4, vt.shape[2]), q.dtype)
    lines = x.reshape(4, _B)
    tops, totals = np.zeros(4, q.dtype), np.zeros(4, q.dtype)
    for i in range(n):
        for h in range(heads):
            k, v = kt[i, h], vt[i, h]
            norm = _largest_square(k)
            for first in range(0, length, 4):
                count = _four_rows(q, i, h, first, some)
                seen = min(columns, first + count) if causal else columns
                _scores(some, k, x, seen)
                for r in range(count):
                    square = x.dtype.type(0)
                    for e in range(features):
                        square += some[r, e] * some[r, e]
                    tops[r] = 0
                    if not square * norm < _SMALL * _SMALL:
                        tops[r] = largest(lines, r, min(seen, first + r + 1) if causal else seen)
                _exponentials_of_four(x, tops, totals, first, seen, causal)
                _weighted(x, v, result, seen)
                for r in range(count):
                    total = totals[r] if totals[r] != 0 else x.dtype.type(1)
                    rows[i, h, first + r, 0], rows[i, h, first + r, 1] = tops[r], 1 / total
                    for e in range(result.shape[1]):
                        out[i, first + r, h, e] = result[r, e] / total


@inlined_part
def _largest_square(x):  # type: ignore[no-untyped-def]
    """The largest square norm of a column."""
    squares = np.zeros(x.shape[1], x.dtype)
    for e in range(x.shape[0]):
        for j in range(x.shape[1]):
            squares[j] += x[e, j] * x[e, j]
    top = squares[0]
    for j in range(1, squares.size):
        # A NaN stays, so that it fails the comparison it is for.
        top = top if top > squares[j] else squares[j]
    return top


@summing
def _attend_back(q, kt, vt, causal, g, out, rows, dq, dkt, dvt):  # type: ignore[no-untyped-def]
    n, length, heads, features = q.shape
    columns = vt.shape[3]
    x, dx = np.empty(4 * _B, q.dtype), np.empty(4 * _B, q.dtype)
    some, slope = np.empty((4, features), q.dtype), np.empty((4, features), q.dtype)
    ours = np.empty((4, vt.shape[2]), q.dtype)
    tops, totals, inner = np.zeros(4, q.dtype), np.zeros(4, q.dtype), np.zeros(4, q.dtype)
    for i in range(n):
        for h in range(heads):
            k, v, dk, dv = kt[i, h], vt[i, h], dkt[i, h], dvt[i, h]
            for first in range(0, length, 4):
                count = _four_rows(q, i, h, first, some)
                _four_rows(g, i, h, first, ours)
                seen = min(columns, first + count) if causal else columns
                for r in range(4):
                    inner[r] = tops[r] = 0
                    if r < count:
                        tops[r] = rows[i, h, first + r, 0]
                        for e in range(ours.shape[1]):
                            ours[r, e] *= rows[i, h, first + r, 1]
                            inner[r] += ours[r, e] * out[i, first + r, h, e]
                _scores(some, k, x, seen)
                _exponentials_of_four(x, tops, totals, first, seen, causal)
                _spread(x, ours, dv, seen)
                _scores(ours, v, dx, seen)
                a, b, c, d = inner[0], inner[1], inner[2], inner[3]
                for j in range(seen):
                    dx[j] = (dx[j] - a) * x[j]
                    dx[j + _B] = (dx[j + _B] - b) * x[j + _B]
                    dx[j + _C] = (dx[j + _C] - c) * x[j + _C]
                    dx[j + _D] = (dx[j + _D] - d) * x[j + _D]
                _spread(dx, some, dk, seen)
                _weighted(dx, k, slope, seen)
                for r in range(count):
                    for e in range(features):
                        dq[i, first + r, h, e] = slope[r, e]


# x (rows, columns), of which a strip has `strip` rows. Under a causal mask `first` is the number of a strip's first
# row, else -1.


@summing
def _exponentials_of_rows(x, strip, first, bounded, totals, shifts):  # type: ignore[no-untyped-def]
    columns = x.shape[1]
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.shape[0]):
        row = x[i]
        seen = columns if first < 0 else min(columns, first + i % strip + 1)
        top = zero if bounded else largest(x, i, seen)
        total = zero
        for j in range(seen):
            weight = exp_of_score(row[j] - top)
            row[j] = weight
            total += weight
        for j in range(seen, columns):
            row[j] = zero
        totals[i], shifts[i] = total if total != zero else one, top


@summing
def _weights_of_rows(x, strip, first, logarithms):  # type: ignore[no-untyped-def]
    columns = x.shape[1]
    for i in range(x.shape[0]):
        row, logarithm = x[i], logarithms[i]
        seen = columns if first < 0 else min(columns, first + i % strip + 1)
        for j in range(seen):
            row[j] = exp_of_score(row[j] - logarithm)
        for j in range(seen, columns):
            row[j] = 0


def _exponentials(scores: Any, bias: Any, first: int | None, shifting: str) -> tuple[Any, Any, Any]:
    """As NumPy's, but that it shifts each row by its own maximum unless none is needed."""
    n, heads, strip, columns = scores.shape
    bounded = shifting == "none"
    if not columns:
        return attention.exponentials.numpy(scores, bias, first, shifting)  # type: ignore[no-any-return]
    if bias is not None:
        scores += bias
    totals, shifts = np.empty((2, n, heads, strip, 1), scores.dtype)
    rows = scores.reshape(-1, columns)
    _exponentials_of_rows(rows, strip, -1 if first is None else first, bounded, totals.reshape(-1), shifts.reshape(-1))
    return scores, totals, 0 if bounded else shifts


def _weights(scores: Any, bias: Any, first: int | None, logarithms: Any) -> None:
    if bias is not None:
        scores += bias
    strip, columns = scores.shape[2:]
    logarithms = np.array(logarithms, order="C").reshape(-1)
    _weights_of_rows(scores.reshape(-1, columns), strip, -1 if first is None else first, logarithms)


class _Saved(NamedTuple):
    """What the kernel's backward pass is given: scaled q, k and v in the kernel's layouts, and what came out."""

    q: Any
    kt: Any
    vt: Any
    rows: Any
    out: Any


def _features_last(x: Any, scale: Any = None) -> Any:
    """(N, H, L, E) as (N, L, H, E), a C-contiguous copy with E filled up to a multiple of 4."""
    return _filled(x.transpose(0, 2, 1, 3), 3, scale)


def _features_before(x: Any) -> Any:
    """(N, H, S, E) as (N, H, E, S), likewise."""
    return _filled(x.swapaxes(2, 3), 2)


def _filled(x: Any, axis: int, scale: Any = None) -> Any:
    shape = list(x.shape)
    missing = -shape[axis] % 4
    shape[axis] += missing
    out = np.empty(shape, x.dtype)
    part = out
    if missing:
        index = (slice(None),) * axis
        out[*index, -missing:] = 0
        part = out[*index, :-missing]
    if scale is None:
        part[...] = x
    else:
        np.multiply(x, scale, part)
    return out


def _forward(
    xp: Any, q: Any, k: Any, v: Any, mask: Any, *, drop: Any, scale: float, causal: bool, keep: bool
) -> tuple[Any, Any]:
    """As NumPy's, which takes masks and dropout, wide heads and long rows."""
    features = v.shape[3]
    narrow = max(q.shape[3], features) <= _NARROW and 0 < k.shape[2] <= _COLUMNS
    if mask is not None or drop is not None or not narrow or not q.shape[3] or not features:
        return _NUMPY.forward(xp, q, k, v, mask, drop=drop, scale=scale, causal=causal, keep=keep)
    ours, kt, vt = _features_last(q, q.dtype.type(scale)), _features_before(k), _features_before(v)
    out = np.empty((*ours.shape[:3], vt.shape[2]), q.dtype)
    rows = np.empty((*q.shape[:3], 2), q.dtype)
    _attend(ours, kt, vt, causal, out, rows)
    result = out[..., :features].copy() if keep or features % 4 else out
    return result.transpose(0, 2, 1, 3), _Saved(ours, kt, vt, rows, out) if keep else None


def _raw(
    xp: Any, g: Any, needs: Any, q: Any, k: Any, v: Any, mask: Any, drop: Any, scale: float, causal: bool, aux: Any
) -> tuple[Any, ...]:
    if type(aux) is not _Saved:
        return _NUMPY.raw(xp, g, needs, q, k, v, mask, drop, scale, causal, aux)  # type: ignore[misc, no-any-return]
    dq, dkt, dvt = np.empty_like(aux.q), np.zeros_like(aux.kt), np.zeros_like(aux.vt)
    _attend_back(aux.q, aux.kt, aux.vt, causal, _features_last(g), aux.out, aux.rows, dq, dkt, dvt)
    dq *= q.dtype.type(scale)
    dk, dv = (np.ascontiguousarray(each.transpose(0, 3, 1, 2)[..., : x.shape[3]]) for each, x in ((dkt, k), (dvt, v)))
    return dq[..., : q.shape[3]].transpose(0, 2, 1, 3), dk.transpose(0, 2, 1, 3), dv.transpose(0, 2, 1, 3), None


KERNELS = {
    "scaled_dot_product_attention": Kernels(_forward, _raw),
    "attention_exponentials": _exponentials,
    "attention_weights": _weights,
}
