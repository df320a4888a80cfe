"""Rows of a table in bags: the sum, mean or maximum of each bag, without the rows' ever being a user's tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops import arithmetic, choosing, shaping
from tinygrad5329.ops.embedding import _embedding, index_array, refuse_sparse
from tinygrad5329.ops.indexing import _index, _index_backward
from tinygrad5329.ops.promote import cast, expect_tensor
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["embedding_bag"]

_SUM, _MEAN, _MAX = range(3)


def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sums (mode 0), means (1) or maxima (2) of bags of rows (``torch.embedding_bag``).

    Parameters
    ----------
    weight : Tensor
        (rows, features).
    indices : Tensor
        (n,), the rows of all bags one after the other.
    offsets : Tensor
        (bags,), where each bag begins in `indices`; with `include_last_offset` one more, the end of the last.
    scale_grad_by_freq : bool
        Divide each row's gradient by how often the row occurs.
    mode : int
    sparse : bool
        Only False: gradients are dense.
    per_sample_weights : Tensor, optional
        (n,), factors of the rows of a sum.
    padding_idx : int, optional
        This row counts as absent.

    Returns
    -------
    tuple of Tensor
        The result (bags, features), and int64: the bag of each index, the size of each bag without padding,
        and for maxima the row (bags, features) that each came from. Empty bags give 0.
    """
    for name, value in (("weight", weight), ("indices", indices), ("offsets", offsets)):
        expect_tensor("embedding_bag", name, value)
    refuse_sparse("embedding_bag", sparse)
    if mode not in (_SUM, _MEAN, _MAX):
        raise RuntimeError(f"embedding_bag: mode is 0 for sum, 1 for mean or 2 for max, got {mode}")
    table = weight._array
    if table.ndim != 2:
        raise RuntimeError(f"'weight' must be 2-D: embedding_bag got a weight of shape {tuple(table.shape)}")
    index = index_array("embedding_bag", "indices", indices)
    _check_rows(index, len(table))
    lengths = _lengths(index_array("embedding_bag", "offsets", offsets), index.size, include_last_offset)
    bags = np.repeat(np.arange(len(lengths)), lengths)
    everywhere = wrap(bags)
    if per_sample_weights is not None:
        _check_sample_weights(weight, per_sample_weights, index, mode)
    if padding_idx is not None:
        padding = _from_the_front(padding_idx, len(table))
        kept = np.flatnonzero(index != padding)
        if len(kept) < len(index):
            index, bags = index[kept], bags[kept]
            if per_sample_weights is not None:
                per_sample_weights = _index(per_sample_weights, index=(kept,))
    sizes = np.bincount(bags, minlength=len(lengths))
    if mode == _MAX:
        result, largest = _maxima(weight, index, bags, sizes)
        return result, everywhere, wrap(sizes), wrap(largest)
    share = None
    if scale_grad_by_freq and index.size:
        share = (1 / np.bincount(index)[index][:, None]).astype(table.dtype)
    rows = _embedding(weight, index=index, share=share) if index.size else _index(weight, index=(index,))
    if per_sample_weights is not None:
        rows = arithmetic.mul(rows, shaping.unsqueeze(per_sample_weights, 1))
    result = _sums(rows, bags, sizes)
    if mode == _MEAN:
        result = arithmetic.mul(result, wrap((1 / np.maximum(sizes, 1)).astype(result._array.dtype)[:, None]))
    return cast(result, weight.dtype), everywhere, wrap(sizes), wrap(np.zeros_like(sizes))


def _sums(rows: Tensor, bags: Any, sizes: Any) -> Tensor:
    count, width = len(sizes), rows._array.shape[1]
    if count and rows._array.size and (sizes == sizes[0]).all():
        return shaping.reshape(rows, (count, int(sizes[0]), width)).sum(1)
    return _index_backward(rows, shape=(count, width), index=(bags,))


def _maxima(weight: Tensor, index: Any, bags: Any, sizes: Any) -> tuple[Tensor, Any]:
    """The maximum of each bag and feature, and the row it came from."""
    table = weight._array
    count, width = len(sizes), table.shape[1]
    if not index.size:
        return wrap(np.zeros((count, width), table.dtype)), np.zeros((count, width), np.int64)
    starts = np.cumsum(sizes) - sizes
    # Bags side by side, filled up to the longest with what is never the maximum.
    padded = np.full((count, int(sizes.max()), width), -np.inf, table.dtype)
    padded[bags, np.arange(len(index)) - starts[bags]] = table[index]
    filled = sizes > 0
    places = padded.argmax(1) + starts[:, None]
    largest = np.where(filled[:, None], index[np.minimum(places, len(index) - 1)], 0)
    result = _index(weight, index=(largest, np.arange(width)))
    if not filled.all():
        result = choosing.where(wrap(filled[:, None]), result, wrap(np.zeros((), table.dtype)))
    return result, largest


def _lengths(starts: Any, total: int, include_last_offset: bool) -> Any:
    """How many indices each bag has."""
    if starts.ndim != 1:
        raise RuntimeError(f"embedding_bag: offsets has to be 1-D, got shape {tuple(starts.shape)}")
    if include_last_offset and not len(starts):
        raise RuntimeError("include_last_offset: number of offset should be at least 1")
    if len(starts):
        if starts[0] != 0:
            raise RuntimeError(
                "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
                f"However, got {starts[0]}"
            )
        if starts[-1] > total:
            raise RuntimeError(
                f"offsets[-1] can not be greater than input's length {total} but got offsets[-1] of {starts[-1]}"
            )
        if (np.diff(starts) < 0).any():
            raise RuntimeError(f"embedding_bag: offsets must not decrease, got {starts.tolist()}")
    if include_last_offset:
        # The last bag reaches to the end whatever the last offset says, as in PyTorch.
        starts = starts[:-1]
    return np.diff(starts, append=total) if len(starts) else starts


def _check_rows(index: Any, rows: int) -> None:
    if index.ndim != 1:
        raise RuntimeError(f"embedding_bag: indices has to be 1-D, got shape {tuple(index.shape)}")
    if index.size and index.view(np.uint64).max() >= rows:
        place = int(np.flatnonzero((index < 0) | (index >= rows))[0])
        raise RuntimeError(
            f"Index {place} of input takes value {index[place]} which is not in the valid range [0, {rows})"
        )


def _check_sample_weights(weight: Tensor, factors: Any, index: Any, mode: int) -> None:
    expect_tensor("embedding_bag", "per_sample_weights", factors)
    if mode != _SUM:
        raise RuntimeError("embedding_bag: per_sample_weights only supported with mode='sum'")
    if factors._array.dtype != weight._array.dtype:
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 "
            f"'per_sample_weights'; but got {weight.dtype} and {factors.dtype} (while checking arguments for "
            "embedding_bag)"
        )
    if factors._array.shape != index.shape:
        raise RuntimeError(
            f"embedding_bag: expected per_sample_weights of shape {tuple(index.shape)}, one for each index, got "
            f"{tuple(factors.shape)}"
        )


def _from_the_front(padding_idx: int, rows: int) -> int:
    if not -rows <= padding_idx < rows:
        raise RuntimeError(f"padding_idx must be within the number of embeddings, -{rows} through {rows - 1}")
    return padding_idx % rows
