"""Scaled dot-product attention, ``softmax(Q K^T scale + mask) V``, as one operation.

The kernel works on as many samples at a time as fit into the cache, in place. It never divides the
exponentials by their sums, the largest array there is: the output is divided instead, and in the backward pass
the gradient. Where the norms of queries and keys show that no score is large, the exponentials are taken
without first subtracting each row's maximum.

Vaswani et al., arXiv:1706.03762. Dividing late: Dao et al., arXiv:2205.14135.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.dtypes import FLOATING
from tinygrad5329.ops import choosing, expanding, linalg, shaping
from tinygrad5329.ops.exponential_sums import softmax
from tinygrad5329.ops.primitive import Primitive, unbroadcast
from tinygrad5329.ops.promote import broadcast_shape, expect_tensor
from tinygrad5329.random import default_generator
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["scaled_dot_product_attention"]

#: Scores in one block: half a megabyte of float32.
_BLOCK = 1 << 17
#: Exponentials of scores up to this need no shift: neither they nor the gradients over them come near a limit.
_SMALL = 30.0


def _blocks(samples: int, scores: int) -> Iterator[slice]:
    step = max(1, _BLOCK // max(1, scores))
    return (slice(start, start + step) for start in range(0, samples, step))


def _part(x: Any, block: slice) -> Any:
    """The samples of a mask, which may be broadcast over all of them."""
    return x if x is None or x.shape[0] == 1 else x[block]


def _largest_norm(x: Any) -> Any:
    return math.sqrt(np.vecdot(x, x).max(initial=0))


def _rows_sum(x: Any) -> Any:
    return sums.sum(x.reshape(-1, x.shape[-1]), 1).reshape(*x.shape[:-1], 1)


def _forward(
    xp: Any, q: Any, k: Any, v: Any, mask: Any, *, drop: Any, scale: float, causal: bool, keep: bool
) -> tuple[Any, Any]:
    """q (N, H, L, E), k (N, H, S, E), v (N, H, S, D), mask and drop broadcast to (N, H, L, S) or None.

    The output (N, H, L, D) lies in memory as (N, L, H, D), so that joining the heads copies nothing.
    """
    n, heads, rows, _ = q.shape
    columns = k.shape[2]
    out = np.empty((n, rows, heads, v.shape[3]), q.dtype).transpose(0, 2, 1, 3)
    kt = k.swapaxes(2, 3)
    bounded = mask is None and _largest_norm(q) * _largest_norm(k) * abs(scale) < _SMALL
    lower = None
    if causal:
        lower = np.tri(rows, columns, dtype=q.dtype)
        if not bounded:
            lower = np.where(lower > 0, q.dtype.type(0), q.dtype.type(-np.inf))
    q = q * q.dtype.type(scale)
    exponentials = np.empty((n, heads, rows, columns), q.dtype) if keep else None
    totals = np.empty((n, heads, rows, 1), q.dtype)
    for block in _blocks(n, heads * rows * columns):
        scores = np.matmul(q[block], kt[block], None if exponentials is None else exponentials[block])
        if bounded:
            np.exp(scores, scores)
            if lower is not None:
                scores *= lower
        else:
            for bias in (_part(mask, block), lower):
                if bias is not None:
                    scores += bias
            top = scores.max(-1, keepdims=True, initial=-np.inf)
            # Where everything is masked there is no maximum to subtract, and the sum is 0.
            top[top == -np.inf] = 0
            scores -= top
            np.exp(scores, scores)
        total = totals[block]
        total[...] = _rows_sum(scores)
        if not bounded:
            total[total == 0] = 1
        if drop is not None:
            scores = scores * drop[block]
        np.matmul(scores, v[block], out[block])
        out[block] /= total
    # The rule needs the output as it is now; the caller may write to it.
    return out, (exponentials, totals, out.copy("K")) if keep else None


def _raw(
    xp: Any, g: Any, needs: Any, q: Any, k: Any, v: Any, mask: Any, drop: Any, scale: float, aux: Any
) -> tuple[Any, ...]:
    exponentials, totals, out = aux
    n, heads, rows, columns = exponentials.shape
    dq, dk, dv = (np.empty(x.shape, x.dtype) if need else None for x, need in zip((q, k, v), needs, strict=False))
    d_mask = np.empty(exponentials.shape, q.dtype) if needs[3] else None
    vt = v.swapaxes(2, 3)
    factor = q.dtype.type(scale)
    for block in _blocks(n, heads * rows * columns):
        p = exponentials[block]
        ours = g[block] / totals[block]
        if dv is not None:
            dropped = p if drop is None else p * drop[block]
            np.matmul(dropped.swapaxes(2, 3), ours, dv[block])
        scores = np.matmul(ours, vt[block], None if d_mask is None else d_mask[block])
        if drop is not None:
            scores *= drop[block]
        scores -= np.vecdot(ours, out[block])[..., None]
        scores *= p
        if dq is not None:
            np.matmul(scores, k[block], dq[block])
        if dk is not None:
            np.matmul(scores.swapaxes(2, 3), q[block], dk[block])
    for each in (dq, dk):
        if each is not None:
            each *= factor
    return dq, dk, dv, None if d_mask is None else unbroadcast(xp, d_mask, mask.shape)


def _composite(q: Tensor, k: Tensor, v: Tensor, mask: Any, *, drop: Any, scale: float, causal: bool) -> Tensor:
    scores = linalg.matmul(q * scale, shaping.transpose(k, 2, 3))
    if mask is not None:
        scores = scores + mask
    if causal:
        scores = choosing.where(wrap(np.tri(*scores.shape[2:], dtype=bool)), scores, -math.inf)
    masked = scores._array.max(-1, keepdims=True, initial=-np.inf) == -np.inf
    if masked.any():
        scores = choosing.where(wrap(masked), 0.0, scores)
    weights = softmax(scores, 3)
    if masked.any():
        weights = choosing.where(wrap(masked), 0.0, weights)
    return linalg.matmul(weights if drop is None else weights * wrap(drop), v)


_attention = Primitive("scaled_dot_product_attention", _forward, raw=_raw, composite=_composite, aux=True)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(query key^T scale + mask) value`` (``torch.nn.functional.scaled_dot_product_attention``).

    Parameters
    ----------
    query, key, value : Tensor
        (..., L, E), (..., S, E) and (..., S, D), whose leading dimensions broadcast.
    attn_mask : Tensor, optional
        Broadcasts to (..., L, S): bools, True where a query may look, or floats that are added to the scores.
        A query that may look nowhere gets zeros.
    dropout_p : float
        The probability to drop a weight, whether training or not.
    is_causal : bool
        Query i looks at keys up to i only.
    scale : float, optional
        1 / sqrt(E) unless given.
    enable_gqa : bool
        `key` and `value` have fewer heads (the third dimension from the end), each for several queries' heads.

    Returns
    -------
    Tensor
        (..., L, D).

    Raises
    ------
    RuntimeError
        Shapes or dtypes do not fit, or `dropout_p` is not in [0, 1].
    """
    named = {"query": query, "key": key, "value": value}
    for name, t in named.items():
        expect_tensor("scaled_dot_product_attention", name, t)
    _check(named, attn_mask, dropout_p)
    if attn_mask is not None and is_causal:
        raise RuntimeError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True; combine the two "
            "in attn_mask"
        )
    if enable_gqa:
        key, value = (_spread_heads(query, t) for t in (key, value))
    q, k, v = query._array, key._array, value._array
    batch = q.shape[:-2]
    if batch != k.shape[:-2] or batch != v.shape[:-2]:
        for array in (k, v):
            batch = broadcast_shape("scaled_dot_product_attention", batch, array.shape[:-2])
        query, key, value = (expanding.broadcast_to(t, (*batch, *t.shape[-2:])) for t in (query, key, value))
    rows, columns = q.shape[-2], k.shape[-2]
    mask = _as_bias(attn_mask, (*batch, rows, columns), q.dtype)
    # Leading dimensions become two: samples and heads.
    if len(batch) != 2:
        lead = (1,) * (2 - len(batch)) + batch if len(batch) < 2 else (math.prod(batch[:-1]), batch[-1])
        query, key, value = (shaping.reshape(t, (*lead, *t.shape[-2:])) for t in (query, key, value))
        if mask is not None:
            if len(batch) > 2 and math.prod(mask.shape[:-2]) > 1:
                mask = expanding.broadcast_to(mask, (*batch, *mask.shape[-2:]))
                mask = shaping.reshape(mask, (*lead, *mask.shape[-2:]))
            else:
                mask = shaping.reshape(mask, ((1, 1, *mask.shape[:-2])[-2:] + tuple(mask.shape[-2:])))
    drop = None
    if dropout_p:
        drop = default_generator.dropout_mask(
            dropout_p, (*query.shape[:2], rows, columns), np.float32 if q.itemsize == 2 else q.dtype
        )
    if scale is None:
        scale = 1 / math.sqrt(q.shape[-1]) if q.shape[-1] else 1.0
    out = _attention(query, key, value, mask, drop=drop, scale=float(scale), causal=bool(is_causal))
    return out if len(batch) == 2 else shaping.reshape(out, (*batch, rows, v.shape[-1]))


def _as_bias(mask: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The mask as something to add to the scores, in as many dimensions."""
    if mask is None:
        return None
    array = mask._array
    if broadcast_shape("scaled_dot_product_attention", array.shape, shape) != shape:
        raise RuntimeError(
            f"The size of attn_mask, {tuple(array.shape)}, does not fit the scores, {shape}: it must broadcast to them"
        )
    lead = (1,) * (len(shape) - array.ndim)
    if array.dtype.kind == "b":
        wide = np.dtype(np.float32) if dtype.itemsize == 2 else dtype
        return wrap(np.where(array, wide.type(0), wide.type(-np.inf)).reshape(lead + array.shape))
    return shaping.reshape(mask, lead + array.shape) if lead else mask


def _spread_heads(query: Tensor, t: Tensor) -> Tensor:
    """`t` with each head repeated for the queries' heads that share it."""
    heads, shared = query.shape[-3], t.shape[-3]
    if shared == heads:
        return t
    if not shared or heads % shared:
        raise RuntimeError(
            f"Number of heads in key and value must divide the number of heads in query: got {shared} and {heads}"
        )
    lead, tail = t.shape[:-3], t.shape[-2:]
    wide = expanding.broadcast_to(shaping.unsqueeze(t, -3), (*lead, shared, heads // shared, *tail))
    return shaping.reshape(wide, (*lead, heads, *tail))


def _check(named: dict[str, Tensor], mask: Any, dropout_p: float) -> None:
    q, k, v = (t._array for t in named.values())
    if min(q.ndim, k.ndim, v.ndim) < 2:
        dims = ", ".join(f"{name}.dim: {t.dim()}" for name, t in named.items())
        raise RuntimeError(f"Expected query, key, and value to all be  at least 2 dimensional, but got {dims} instead.")
    if q.dtype != k.dtype or q.dtype != v.dtype:
        found = ", ".join(f"{name}.dtype: {t.dtype}" for name, t in named.items())
        raise RuntimeError(f"Expected query, key, and value to have the same dtype, but got {found} instead.")
    if q.dtype.kind not in FLOATING:
        raise RuntimeError(f"scaled_dot_product_attention: expected floating point tensors, got {named['query'].dtype}")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise RuntimeError(
            "scaled_dot_product_attention: expected query (..., L, E), key (..., S, E) and value (..., S, D), got "
            f"{tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}"
        )
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")
    if mask is not None:
        expect_tensor("scaled_dot_product_attention", "attn_mask", mask)
        kind = mask._array.dtype
        if kind.kind != "b" and kind != q.dtype and not (kind == np.float32 and q.itemsize == 2):
            raise RuntimeError(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
                f"{mask.dtype} and  query.dtype: {named['query'].dtype} instead."
            )
