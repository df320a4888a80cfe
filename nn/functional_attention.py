"""Multi-head attention as a function, and the masks that it takes."""

from __future__ import annotations

import math
import warnings
from typing import Any

from tinygrad5329.creation import zeros
from tinygrad5329.nn.functional_dropout import dropout
from tinygrad5329.nn.functional_linear import linear
from tinygrad5329.ops import cat, matmul, pad, scaled_dot_product_attention, softmax, where
from tinygrad5329.tensor import Tensor


def as_bias(mask: Tensor | None, name: str, dtype: Any, beside: Tensor | None = None) -> Tensor | None:
    """Return a mask as floats to add to the scores: a bool mask's True becomes -inf.

    Raises AssertionError for other dtypes; warns if the mask `beside` it is of the other kind.
    """
    if mask is None:
        return None
    is_bool = str(mask.dtype).endswith("bool")
    if not is_bool and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported; got {mask.dtype}")
    if beside is not None and beside.dtype != mask.dtype:
        warnings.warn(
            f"Support for mismatched {name} and attn_mask is deprecated. Use same type for both instead.", stacklevel=4
        )
    if not is_bool:
        return mask
    return where(mask, zeros((), dtype=dtype) - math.inf, zeros((), dtype=dtype))


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Project queries, keys and values, let each head attend, and project what the heads found.

    Parameters
    ----------
    query, key, value : Tensor
        (L, N, E), (S, N, Ek) and (S, N, Ev), or all without N.
    embed_dim_to_check, num_heads : int
        E, and the heads that divide it.
    in_proj_weight, in_proj_bias : Tensor or None
        (3E, E) and (3E,): the three projections one below the other.
    bias_k, bias_v : Tensor or None
        (1, 1, E): one more key and value.
    add_zero_attn : bool
        One more key and value of zeros.
    dropout_p : float
        The probability to drop a weight while `training`.
    out_proj_weight, out_proj_bias : Tensor
        (E, E) and (E,).
    key_padding_mask : Tensor, optional
        (N, S): keys to ignore (bool), or what to add to their scores.
    need_weights : bool
        Return the weights too.
    attn_mask : Tensor, optional
        (L, S) or (N * num_heads, L, S): pairs that may not attend (bool), or what to add to their scores.
    use_separate_proj_weight : bool
        Take `q_proj_weight` (E, E), `k_proj_weight` (E, Ek) and `v_proj_weight` (E, Ev) instead.
    static_k, static_v : Tensor, optional
        (N * num_heads, S, E / num_heads), instead of the projected keys and values.
    average_attn_weights : bool
        Average the weights over the heads.
    is_causal : bool
        `attn_mask` is the causal mask, which need not be looked at then.

    Returns
    -------
    tuple
        The result (L, N, E), and the weights (N, L, S) or (N, num_heads, L, S), or None.

    Raises
    ------
    AssertionError, RuntimeError
        If the shapes do not fit; as in PyTorch, most of these are assertions.

    Notes
    -----
    Matches `torch.nn.functional.multi_head_attention_forward`.
    """
    batched = _check_dims(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        same = query is key, key is value
        query = query.unsqueeze(1)
        key = query if same[0] else key.unsqueeze(1)
        value = key if same[1] else value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, count, width = query.shape
    head = width // num_heads
    padding = as_bias(key_padding_mask, "key_padding_mask", query.dtype, attn_mask)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and padding is None and not need_weights:
        attn_mask = None
    else:
        attn_mask = as_bias(attn_mask, "attn_mask", query.dtype)
        is_causal = False
    _check_sizes(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    if use_separate_proj_weight:
        weights = _expect(q_proj_weight=q_proj_weight, k_proj_weight=k_proj_weight, v_proj_weight=v_proj_weight)
        biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
        q, k, v = (linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))
    else:
        (in_proj_weight,) = _expect(in_proj_weight=in_proj_weight)
        q, k, v = _packed_projection(query, key, value, in_proj_weight, in_proj_bias)
    if attn_mask is not None:
        attn_mask = _four_dims(attn_mask, count, num_heads, length, key.shape[0])
    if (bias_k is None) != (bias_v is None):
        raise AssertionError("bias_k and bias_v are given together or not at all")
    extra = int(bias_k is not None) + int(add_zero_attn)
    if bias_k is not None and bias_v is not None:
        for name, static in (("key", static_k), ("value", static_v)):
            if static is not None:
                raise AssertionError(f"bias cannot be added to static {name}.")
        k = cat([k, bias_k.expand(1, count, width)])
        v = cat([v, bias_v.expand(1, count, width)])
    q = _heads(q, num_heads)
    k = _heads(k, num_heads) if static_k is None else _static(static_k, count, num_heads, head)
    v = _heads(v, num_heads) if static_v is None else _static(static_v, count, num_heads, head)
    if add_zero_attn:
        nothing = zeros((count, num_heads, 1, head), dtype=k.dtype)
        k, v = cat([k, nothing], 2), cat([v, nothing], 2)
    if extra:
        attn_mask = None if attn_mask is None else pad(attn_mask, (0, extra))
        padding = None if padding is None else pad(padding, (0, extra))
    if padding is not None:
        columns = k.shape[2]
        if tuple(padding.shape) != (count, columns):
            raise AssertionError(
                f"Expected key_padding_mask of shape {(count, columns - extra)}, the batch and its keys, got "
                f"{(padding.shape[0], padding.shape[1] - extra)}"
            )
        padding = padding.reshape(count, 1, 1, columns)
        attn_mask = padding if attn_mask is None else attn_mask + padding
    dropout_p = dropout_p if training else 0.0
    found = None
    if need_weights:
        scores = matmul(q * math.sqrt(1 / head), k.transpose(2, 3))
        found = softmax(scores if attn_mask is None else attn_mask + scores, -1)
        if dropout_p > 0:
            found = dropout(found, dropout_p)
        out = matmul(found, v)
        if average_attn_weights:
            found = found.mean(1)
        if not batched:
            found = found.squeeze(0)
    else:
        out = scaled_dot_product_attention(q, k, v, attn_mask, dropout_p, is_causal)
    # In PyTorch's memory layout, which decides which mask a following dropout draws.
    out = linear(out.permute(2, 0, 1, 3).reshape(length, count, width), out_proj_weight, out_proj_bias)
    return (out if batched else out.squeeze(1)), found


def _heads(x: Tensor, num_heads: int) -> Tensor:
    """(L, N, E) as (N, heads, L, E / heads)."""
    length, count, width = x.shape
    return x.reshape(length, count, num_heads, width // num_heads).permute(1, 2, 0, 3)


def _static(x: Tensor, count: int, num_heads: int, head: int) -> Tensor:
    if x.shape[0] != count * num_heads or x.shape[2] != head:
        raise AssertionError(
            f"expecting static keys and values of shape {(count * num_heads, 'S', head)}, but got {tuple(x.shape)}"
        )
    return x.reshape(count, num_heads, x.shape[1], head)


def _packed_projection(query: Tensor, key: Tensor, value: Tensor, w: Tensor, b: Tensor | None) -> Any:
    width = query.shape[-1]
    if key is value:
        if query is key:
            return linear(query, w, b).chunk(3, -1)
        b_q, b_kv = (None, None) if b is None else (b[:width], b[width:])
        return (linear(query, w[:width], b_q), *linear(key, w[width:], b_kv).chunk(2, -1))
    biases = (None,) * 3 if b is None else b.chunk(3)
    return [linear(x, *each) for x, *each in zip((query, key, value), w.chunk(3), biases, strict=True)]


def _four_dims(mask: Tensor, count: int, num_heads: int, length: int, columns: int) -> Tensor:
    expected = (length, columns) if mask.dim() == 2 else (count * num_heads, length, columns)
    if mask.dim() not in (2, 3):
        raise RuntimeError(f"attn_mask's dimension {mask.dim()} is not supported")
    if tuple(mask.shape) != expected:
        raise RuntimeError(
            f"The shape of the {mask.dim()}D attn_mask is {tuple(mask.shape)}, but should be {expected}."
        )
    lead = (1, 1) if mask.dim() == 2 else (count, num_heads)
    return mask.reshape(*lead, length, columns)


def _expect(**weights: Tensor | None) -> list[Any]:
    for name, weight in weights.items():
        if weight is None:
            raise AssertionError(f"multi_head_attention_forward: {name} is needed here but is None")
    return list(weights.values())


def _check_dims(query: Tensor, key: Tensor, value: Tensor, padding: Any, mask: Any, num_heads: int) -> bool:
    """Check the numbers of dimensions; whether there is a batch."""
    dims = query.dim()
    if dims not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {dims}-D query tensor")
    kind = "batched" if dims == 3 else "unbatched"
    if key.dim() != dims or value.dim() != dims:
        raise AssertionError(
            f"For {kind} ({dims}-D) `query`, expected `key` and `value` to be {dims}-D but found {key.dim()}-D and "
            f"{value.dim()}-D tensors respectively"
        )
    if padding is not None and padding.dim() != dims - 1:
        raise AssertionError(
            f"For {kind} ({dims}-D) `query`, expected `key_padding_mask` to be `None` or {dims - 1}-D but found "
            f"{padding.dim()}-D tensor instead"
        )
    if mask is not None:
        if mask.dim() not in (2, 3):
            raise AssertionError(
                f"For {kind} ({dims}-D) `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found "
                f"{mask.dim()}-D tensor instead"
            )
        expected = (num_heads, query.shape[0], key.shape[0])
        if dims == 2 and mask.dim() == 3 and tuple(mask.shape) != expected:
            raise AssertionError(f"Expected `attn_mask` shape to be {expected} but got {tuple(mask.shape)}")
    return dims == 3


def _check_sizes(query: Tensor, key: Tensor, value: Tensor, width: int, num_heads: int, separate: bool) -> None:
    if query.shape[2] != width:
        raise AssertionError(f"was expecting embedding dimension of {width}, but got {query.shape[2]}")
    if width % num_heads:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    if separate and key.shape[:2] != value.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {tuple(key.shape[:2])} do not match value's {tuple(value.shape[:2])}"
        )
    if not separate and key.shape != value.shape:
        raise AssertionError(f"key shape {tuple(key.shape)} does not match value shape {tuple(value.shape)}")
    if key.shape[1] != query.shape[1]:
        raise RuntimeError(
            f"multi_head_attention_forward: query and key must have one batch size, got {query.shape[1]} in "
            f"{tuple(query.shape)} and {key.shape[1]} in {tuple(key.shape)}"
        )
