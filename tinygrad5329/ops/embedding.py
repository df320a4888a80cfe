"""Looking up rows of a table by index, one by one or in bags that are summed, averaged or maximised."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.grad_mode import no_grad
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.indexing import _index, _index_backward
from tinygrad5329.ops.inplace import check_writable
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.tensor import Tensor, bump_version

__all__ = ["embedding", "embedding_renorm_"]

#: `share` says how much of its gradient each index hands on to its row: 0 for padding; None is 1.
_embedding: Primitive = Primitive(
    "embedding",
    lambda xp, weight, *, index, share: weight.take(index, 0, mode="clip"),
    lambda xp, g, weight_shape, index, share: _index_backward.under(
        xp, g if share is None else g * xp.asarray(share), shape=weight_shape, index=(index,)
    ),
    exact=True,
)


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """The rows `indices` of `weight` (``torch.embedding``).

    Parameters
    ----------
    weight : Tensor
        (rows, features).
    indices : Tensor
        int64 or int32, of any shape, which the result has with the features behind it.
    padding_idx : int
        This row gets no gradient; none for a negative number.
    scale_grad_by_freq : bool
        Divide each row's gradient by how often the row occurs in `indices`.
    sparse : bool
        Only False: gradients are dense.

    Raises
    ------
    IndexError
        An index is out of range.
    RuntimeError
        `weight` is not a matrix, `indices` holds no integers, or `sparse` is True.
    """
    expect_tensor("embedding", "weight", weight)
    expect_tensor("embedding", "indices", indices)
    table = weight._array
    if table.ndim != 2:
        raise RuntimeError(f"'weight' must be 2-D: embedding got a weight of shape {tuple(table.shape)}")
    refuse_sparse("embedding", sparse)
    index = index_array("embedding", "indices", indices)
    check_rows("embedding", index, len(table))
    share = None
    if padding_idx >= 0:
        share = (index != padding_idx)[..., None]
    if scale_grad_by_freq and index.size:
        frequency = 1 / np.bincount(index.reshape(-1))[index][..., None]
        share = frequency if share is None else frequency * share
    if not index.size:
        return _index(weight, index=(index,))
    return _embedding(weight, index=index, share=None if share is None else share.astype(table.dtype))


def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: float, norm_type: float = 2.0) -> Tensor:
    """Scale the rows `indices` whose norm exceeds `max_norm` down to it, in place (``torch.embedding_renorm_``)."""
    index = index_array("embedding_renorm_", "indices", indices)
    table = input._array
    check_rows("embedding_renorm_", index, len(table))
    with no_grad():
        check_writable(input, "embedding_renorm_")
        rows = np.unique(index)
        values = table[rows]
        norms = np.linalg.norm(values.astype(np.float32) if table.itemsize == 2 else values, norm_type, axis=1)
        large = norms > max_norm
        if large.any():
            # PyTorch's guard against rounding above the limit.
            scale = max_norm / (norms[large, None] + 1e-7)
            table[rows[large]] = (values[large] * scale).astype(table.dtype)
        bump_version(input, "embedding_renorm_")
    return input


def index_array(op: str, name: str, indices: Tensor) -> Any:
    """The int64 array of a tensor of indices; a copy, which later writes to the tensor do not reach."""
    array = indices._array
    if array.dtype != np.int64 and array.dtype != np.int32:
        raise RuntimeError(
            f"Expected tensor for argument #1 '{name}' to have one of the following scalar types: Long, Int; but got "
            f"{scalar_type(array.dtype)} instead (while checking arguments for {op}); convert it with .long()"
        )
    return array.astype(np.int64)


def check_rows(op: str, index: Any, rows: int) -> None:
    """Raise unless all of `index` are rows of the table."""
    # Seen without a sign, negative numbers are huge: one pass finds both kinds.
    if index.size and index.view(np.uint64).max() >= rows:
        bad = index[(index < 0) | (index >= rows)].flat[0]
        raise IndexError(f"index out of range in self: {op} got index {bad}, the table has {rows} rows")


def refuse_sparse(op: str, sparse: bool) -> None:
    """Raise for ``sparse=True``."""
    if sparse:
        raise RuntimeError(f"{op}: sparse=True is not supported, gradients are dense; leave it away")
