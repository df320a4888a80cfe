"""Places in sorted values: searchsorted, bucketize."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["bucketize", "searchsorted"]


def _search(edges: Any, values: Any, right: bool, out_int32: bool) -> Any:
    """Where `values` would go into `edges`, which are sorted along the last dimension."""
    side: Any = "right" if right else "left"
    kind = np.int32 if out_int32 else np.int64
    common = np.promote_types(edges.dtype, values.dtype)
    edges, values = edges.astype(common, copy=False), values.astype(common, copy=False)
    if edges.ndim == 1:
        return np.asarray(np.searchsorted(edges, values, side)).astype(kind)
    length, rows = edges.shape[-1], edges.reshape(-1, edges.shape[-1])
    wanted = values.reshape(len(rows), -1) if values.size else values.reshape(len(rows), values.shape[-1])
    # One search for all rows: ranks among all values take the place of the values, a row further on each time.
    _, ranks = np.unique(np.concatenate((rows, wanted), 1), return_inverse=True)
    ranks = ranks.reshape(len(rows), -1)
    ranks = ranks + (np.arange(len(rows)) * (ranks.max(initial=0) + 1))[:, None]
    found = np.searchsorted(ranks[:, :length].reshape(-1), ranks[:, length:].reshape(-1), side)
    starts = np.repeat(np.arange(len(rows)) * length, wanted.shape[1])
    return (found - starts).reshape(values.shape).astype(kind)


def _values(op: str, input: Any) -> Tensor:
    if isinstance(input, Tensor):
        return input
    if isinstance(input, (bool, int, float, np.number)):
        return wrap(np.asarray(input, dtypes.of_scalar(input).numpy))
    raise TypeError(f"{op}(): argument 'input' must be Tensor or Number, not {type(input).__name__}")


def searchsorted(
    sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    sorter: Tensor | None = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The places of `input` in sequences sorted along the last dimension (``torch.searchsorted``).

    Parameters
    ----------
    right : bool
        Behind elements that are equal, instead of before them; ``side="right"`` says the same.
    sorter : Tensor of int64, optional
        The indices that sort `sorted_sequence`, if it is not sorted.

    >>> import tinygrad5329 as tg
    >>> tg.searchsorted(tg.tensor([1.0, 3.0, 5.0]), tg.tensor([3.0, 6.0]))
    tensor([1, 3])
    """
    expect_tensor("searchsorted", "sorted_sequence", sorted_sequence)
    values = _values("searchsorted", input)
    edges, wanted = sorted_sequence._array, values._array
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    if edges.ndim == 0:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension"
        )
    if edges.ndim > 1 and (wanted.ndim != edges.ndim or wanted.shape[:-1] != edges.shape[:-1]):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {list(edges.shape)} and input "
            f"value tensor {list(wanted.shape)}"
        )
    if sorter is not None:
        expect_tensor("searchsorted", "sorter", sorter)
        if sorter._array.shape != edges.shape:
            raise RuntimeError(
                "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
                f"{list(edges.shape)}and got sorter tensor {list(sorter.shape)}"
            )
        if sorter.dtype is not dtypes.int64:
            raise RuntimeError(f"torch.searchsorted(): sorter must be a tensor of long dtype but got {sorter.dtype}")
        order = sorter._array
        if order.size and (order.min() < 0 or order.max() >= edges.shape[-1]):
            raise RuntimeError("torch.searchsorted(): sorter index out of range")
        edges = np.take_along_axis(edges, order, -1)
    result = wrap(_search(edges, wanted, right or side == "right", out_int32))
    if out is not None and out.dtype is not result.dtype:
        raise RuntimeError(
            "torch.searchsorted(): output tensor's dtype is wrong, it can only be Int(int32) or Long(int64) depending "
            f"on whether out_int32 flag is True, but we got output tensor's dtype {out.dtype}"
        )
    return result if out is None else write_out("searchsorted", out, result)


def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """The numbers of the buckets between sorted `boundaries` that elements fall into (``torch.bucketize``)."""
    expect_tensor("bucketize", "boundaries", boundaries)
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)
