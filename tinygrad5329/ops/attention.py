"""Scaled dot-product attention, ``softmax(Q K^T scale + mask) V``, as one operation.

Its kernel is in ``backends/attention.py``. A recorded backward pass differentiates the same function written in
tensor operations instead, which makes all scores at once.

Vaswani et al., arXiv:1706.03762.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends import attention
from tinygrad5329.dtypes import FLOATING
from tinygrad5329.ops import choosing, expanding, linalg, shaping
from tinygrad5329.ops.exponential_sums import softmax
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import broadcast_shape, expect_tensor
from tinygrad5329.random import default_generator
from tinygrad5329.random.redrawn import RedrawnMask
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["scaled_dot_product_attention"]


def _forward(
    xp: Any, q: Any, k: Any, v: Any, mask: Any, *, drop: Any, scale: float, causal: bool, keep: bool
) -> tuple[Any, Any]:
    """q (N, H, L, E), k (N, H, S, E), v (N, H, S, D), mask broadcasts to (N, H, L, S) or is None."""
    return attention.attend(q, k, v, mask, drop, scale, causal, keep)


def _raw(
    xp: Any, g: Any, needs: Any, q: Any, k: Any, v: Any, mask: Any, drop: Any, scale: float, causal: bool, aux: Any
) -> tuple[Any, ...]:
    return attention.attend_back(g, q, k, v, mask, drop, scale, causal, needs, aux)


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
    if drop is not None:
        weights = weights * wrap(drop.whole(weights.shape) if isinstance(drop, RedrawnMask) else drop)
    return linalg.matmul(weights, v)


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
        drop = _dropout_mask(dropout_p, (*query.shape[:2], rows, columns), np.float32 if q.itemsize == 2 else q.dtype)
    if scale is None:
        scale = 1 / math.sqrt(q.shape[-1]) if q.shape[-1] else 1.0
    out = _attention(query, key, value, mask, drop=drop, scale=float(scale), causal=bool(is_causal))
    return out if len(batch) == 2 else shaping.reshape(out, (*batch, rows, v.shape[-1]))


def _dropout_mask(p: float, shape: tuple[int, ...], dtype: Any) -> Any:
    """The mask; where the weights are not kept, one that is drawn again for each block of them."""
    if not attention.keeps_weights(math.prod(shape), dtype) and RedrawnMask.serves(default_generator, p):
        return RedrawnMask(default_generator, p, math.prod(shape), dtype)
    return default_generator.dropout_mask(p, shape, dtype)


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
