"""Attention of NumPy arrays in blocks of scores, and its adjoint.

A block is as many whole samples or heads as fit into the cache, or a strip of one head's rows, so that no
array of rows times columns is ever made. The backward pass needs the weights again. Where the exponentials of
all scores are small enough they are kept; above that, the logarithm of each row's sum is, and each block of
weights is computed anew. Under a causal mask the columns right of a strip's diagonal are left out.

The exponentials are never divided by their sums, since the output is the smaller array; nor is each row's
maximum taken where it is not needed. It is not if the norms of queries and keys show that no score is large,
and a block's maximum does for all rows if theirs turn out to be not far from it.

Layouts: q (N, H, L, E), k (N, H, S, E), v (N, H, S, D), bias (N or 1, H or 1, L or 1, S or 1). What is returned
in one of the first three lies in memory as (N, L, H, D), so that joining or splitting the heads copies nothing.

Dao et al., arXiv:2205.14135.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.backends.choice import Slot

__all__ = ["Saved", "attend", "attend_back", "exponentials", "keeps_weights", "weights_again"]

#: Scores in one block: half a megabyte of float32.
_BLOCK = 1 << 17
#: Rows of a strip: with fewer the products lose more than the cache gains, under a causal mask with more.
_ROWS = 128
#: Up to so many features BLAS multiplies faster into an array that lies in memory with the features first.
_FEW = 16
#: Bytes of exponentials that are kept for the backward pass; computing them again takes a fifth of both passes.
_KEPT = 1 << 24
#: Exponentials of scores up to this need no shift: neither they nor the gradients over them come near a limit.
_SMALL = 30.0

Part = tuple[slice, slice, slice]


class Saved(NamedTuple):
    """What the backward pass is given.

    `weights` are the exponentials of each block and `rows` their sums; or None, and the sums' logarithms.
    """

    weights: list[Any] | None
    rows: Any
    out: Any


def keeps_weights(scores: int, dtype: Any) -> bool:
    """Whether the exponentials of so many scores are kept for the backward pass."""
    return scores * np.dtype(dtype).itemsize <= _KEPT


def _blocks(n: int, heads: int, rows: int, columns: int, causal: bool, drop: Any) -> Iterator[tuple[Part, slice]]:
    """The samples, heads and rows of each block, and the columns that they see."""
    whole = rows * columns <= _BLOCK
    in_order = _is_redrawn(drop)
    if not whole:
        strip = min(_ROWS, max(_ROWS // 2, rows // 8)) if causal else max(_ROWS, _BLOCK // columns)
    elif causal and not in_order:
        strip = min(_ROWS // 2, max(_ROWS // 4, rows // 4))
    else:
        strip = max(1, rows)
    together = max(1, _BLOCK // max(1, strip * columns))
    if in_order and not whole:
        together = 1
    samples, some = (together // heads, heads) if together >= heads > 0 else (1, together)
    for i in range(0, n, samples):
        for j in range(0, heads, some):
            for first in range(0, rows, strip):
                end = min(columns, first + strip) if causal else columns
                ends = min(n, i + samples), min(heads, j + some), min(rows, first + strip)
                yield (slice(i, ends[0]), slice(j, ends[1]), slice(first, ends[2])), slice(0, end)


def attend(
    q: Any, k: Any, v: Any, bias: Any, drop: Any, scale: float, causal: bool, keep: bool
) -> tuple[Any, Saved | None]:
    """``softmax(q k^T scale + bias) v``, and what the backward pass needs if `keep`.

    `drop` multiplies the weights: an array (N, H, L, S), or one whose ``pieces()`` gives a function that draws
    the next so many elements of it.
    """
    n, heads, rows, _ = q.shape
    columns = k.shape[2]
    out = _joined((n, heads, rows, v.shape[3]), q.dtype)
    q = q * q.dtype.type(scale)
    kt = k.swapaxes(2, 3)
    small = bias is None and columns > 0 and _largest_norm(q) * _largest_norm(k) < _SMALL
    shifting = "none" if small else "block"
    kept: list[Any] | None = [] if keep and keeps_weights(n * heads * rows * columns, q.dtype) else None
    totals = np.empty((n, heads, rows, 1), q.dtype)
    logarithms = np.empty_like(totals) if keep and kept is None else None
    masks = _masks(drop, columns)
    for part, seen in _blocks(n, heads, rows, columns, causal, drop):
        scores = np.matmul(q[part], kt[*part[:2], :, seen], order="C")
        scores, sums_of_rows, shift = exponentials.run(
            scores, _slice_of(bias, part, seen), part[2].start if causal else None, shifting
        )
        totals[part] = sums_of_rows
        if isinstance(shift, np.ndarray):
            # Where one block has rows far apart others will.
            shifting = "rows"
        if kept is not None:
            kept.append(scores)
        elif logarithms is not None:
            np.add(np.log(sums_of_rows), shift, logarithms[part])
        if masks is not None:
            scores = scores * masks(part, seen)
        np.matmul(scores, v[*part[:2], seen], out[part])
    _divide_rows(out, totals, out)
    # The rule needs the output as it is now; the caller may write to it.
    return out, Saved(kept, totals if logarithms is None else logarithms, out.copy("K")) if keep else None


def attend_back(
    g: Any, q: Any, k: Any, v: Any, bias: Any, drop: Any, scale: float, causal: bool, needs: Any, saved: Saved
) -> tuple[Any, ...]:
    """The gradients of q, k, v and bias: None for those not in `needs`."""
    n, heads, rows, _ = q.shape
    columns = k.shape[2]
    dq = _joined(q.shape, q.dtype) if needs[0] else None
    dk, dv = (_sums_over_rows(x, rows) if need else None for x, need in zip((k, v), needs[1:], strict=False))
    dbias = np.zeros(bias.shape, q.dtype) if needs[3] else None
    factor = q.dtype.type(scale)
    q = q * factor
    kt, vt = k.swapaxes(2, 3), v.swapaxes(2, 3)
    if saved.weights is not None:
        g = _divide_rows(g, saved.rows, _joined(g.shape, g.dtype))
    inner = _row_products(g, saved.out)
    masks = _masks(drop, columns)
    blocks = list(enumerate(_blocks(n, heads, rows, columns, causal, drop)))
    # Backwards, so that the strip that sees most columns comes first and the others add to what it wrote.
    in_order = _is_redrawn(drop)
    for i, (part, seen) in blocks if in_order else reversed(blocks):
        some = part[:2]
        first = part[2].start == 0 if in_order else part[2].stop == rows
        if saved.weights is not None:
            weights = saved.weights[i]
        else:
            weights = np.matmul(q[part], kt[*some, :, seen], order="C")
            weights_again.run(weights, _slice_of(bias, part, seen), part[2].start if causal else None, saved.rows[part])
        ours = g[part]
        mask = None if masks is None else masks(part, seen)
        if dv is not None:
            _add_product(weights if mask is None else weights * mask, ours, dv[some], first)
        scores = np.matmul(ours, vt[*some, :, seen], order="C")
        if mask is not None:
            scores *= mask
        scores -= inner[part]
        scores *= weights
        if dbias is not None:
            _add_sums(scores, _slice_of(dbias, part, seen))
        if dq is not None:
            np.matmul(scores, k[*some, seen], dq[part])
        if dk is not None:
            _add_product(scores, q[part], dk[some], first)
    if dq is not None:
        dq *= factor
    return dq, _in_joined_order(dk), _in_joined_order(dv), dbias


def _exponentials_of(scores: Any, bias: Any, first: int | None, shifting: str) -> tuple[Any, Any, Any]:
    """exp(scores + bias - shift), the rows' sums of it, and the shift, a number or one for each row.

    Under a causal mask `first` is the number of the first row. `shifting` is "none" for scores that need no shift,
    "rows" if each row is known to need its own, or "block". `scores` is overwritten, and may be what is returned.
    """
    _mask(scores, bias, first)
    if shifting == "none":
        np.exp(scores, scores)
        return scores, _row_sums(scores), 0
    shift: Any = scores.max(initial=-np.inf) - _SMALL if shifting == "block" else np.inf
    if math.isfinite(shift):
        shifted = scores - shift
        np.exp(shifted, shifted)
        totals = _row_sums(shifted)
        if totals.min(initial=np.inf) > math.exp(-_SMALL):
            return shifted, totals, shift
    shift = scores.max(-1, keepdims=True, initial=-np.inf)
    # Where everything is masked there is no maximum to subtract, and the sum is 0.
    shift[shift == -np.inf] = 0
    scores -= shift
    np.exp(scores, scores)
    totals = _row_sums(scores)
    totals[totals == 0] = 1
    return scores, totals, shift


def _weights_of(scores: Any, bias: Any, first: int | None, logarithms: Any) -> None:
    """The weights in place of their scores: exp(scores + bias - logarithms)."""
    _mask(scores, bias, first)
    scores -= logarithms
    np.exp(scores, scores)


exponentials = Slot("attention_exponentials", _exponentials_of)
weights_again = Slot("attention_weights", _weights_of)


def _mask(scores: Any, bias: Any, first: int | None) -> None:
    if bias is not None:
        scores += bias
    if first is not None and scores.shape[3] > first:
        corner = scores[..., first:]
        corner += _upper_triangle(*corner.shape[2:], scores.dtype)


@lru_cache(4)
def _upper_triangle(rows: int, columns: int, dtype: Any) -> Any:
    """-inf above the diagonal, 0 elsewhere."""
    bias = np.where(np.tri(rows, columns, dtype=np.bool_), dtype.type(0), dtype.type(-np.inf))
    bias.flags.writeable = False
    return bias


def _is_redrawn(drop: Any) -> bool:
    return drop is not None and not isinstance(drop, np.ndarray)


def _masks(drop: Any, columns: int) -> Callable[[Part, slice], Any] | None:
    """The part of the dropout mask for a block; asked for all blocks in turn."""
    if drop is None:
        return None
    if not _is_redrawn(drop):
        return lambda part, seen: drop[*part, seen]
    draw = drop.pieces()

    def next_piece(part: Part, seen: slice) -> Any:
        shape = [each.stop - each.start for each in part]
        return draw(math.prod(shape) * columns).reshape(*shape, columns)[..., seen]

    return next_piece


def _slice_of(bias: Any, part: Part, seen: slice) -> Any:
    """The block's part of what may be broadcast to the scores."""
    if bias is None:
        return None
    return bias[tuple([slice(None) if n == 1 else each for n, each in zip(bias.shape, (*part, seen), strict=True)])]


def _joined(shape: tuple[int, ...], dtype: Any) -> Any:
    """An array (N, H, L, D) that lies in memory as (N, L, H, D)."""
    n, heads, rows, features = shape
    return np.empty((n, rows, heads, features), dtype).transpose(0, 2, 1, 3)


def _sums_over_rows(x: Any, rows: int) -> Any:
    """An array like `x` (N, H, S, D) for products summed over `rows` rows; see :func:`_add_product`."""
    n, heads, columns, features = x.shape
    if features > _FEW:
        out = _joined(x.shape, x.dtype)
    else:
        out = np.empty((n, heads, features, columns), x.dtype).swapaxes(2, 3)
    if not rows:
        out[...] = 0
    return out


def _add_product(x: Any, y: Any, out: Any, first: bool) -> None:
    """Add ``x^T y`` to the first rows of `out`; the `first` product is written, with zeros in the rest."""
    x = x.swapaxes(2, 3)
    seen = x.shape[2]
    if first:
        np.matmul(x, y, out[:, :, :seen])
        out[:, :, seen:] = 0
    else:
        out[:, :, :seen] += np.matmul(x, y)


def _in_joined_order(x: Any) -> Any:
    if x is None or x.shape[3] > _FEW:
        return x
    out = _joined(x.shape, x.dtype)
    out[...] = x
    return out


def _flat(x: Any) -> Any:
    """(N, H, L, D) as (N L H, D), a view of what lies in memory so."""
    return x.transpose(0, 2, 1, 3).reshape(-1, x.shape[3])


def _divide_rows(x: Any, rows: Any, out: Any) -> Any:
    """`x` over a number for each row, in `out`, which lies in memory as (N, L, H, D)."""
    # As many divisors as elements: broadcasting along short rows takes several times as long as this copy.
    divisors = np.repeat(_flat(rows).reshape(-1), x.shape[3])
    np.divide(_flat(x).reshape(-1), divisors, _flat(out).reshape(-1))
    return out


def _row_products(x: Any, y: Any) -> Any:
    """The scalar products of the rows of `x` and `y`: (N, H, L, 1)."""
    n, heads, rows, _ = x.shape
    products = sums.sum(_flat(x) * _flat(y), 1)
    return products.reshape(n, rows, heads, 1).transpose(0, 2, 1, 3)


def _row_sums(x: Any) -> Any:
    return sums.sum(x.reshape(-1, x.shape[-1]), 1).reshape(*x.shape[:-1], 1)


def _largest_norm(x: Any) -> float:
    return math.sqrt(sums.sum(_flat(np.square(x)), 1).max(initial=0))


def _add_sums(x: Any, out: Any) -> None:
    """Add `x`, summed over what is broadcast in `out`."""
    axes = tuple(axis for axis, n in enumerate(out.shape) if n != x.shape[axis])
    out += x.sum(axes, keepdims=True) if axes else x
