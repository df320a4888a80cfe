"""Elements picked out by name: select, index_select, gather, take, masked_select, nonzero."""

from __future__ import annotations

from operator import index as as_int
from typing import Any

import numpy as np

from tinygrad5329.backends.scatter import Along, scatter_zeros, take_along
from tinygrad5329.description import check_dim
from tinygrad5329.ops.indexing import _index, getitem
from tinygrad5329.ops.inplace import check_overlap
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import broadcast_shape, expect_tensor, write_out
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = [
    "argwhere", "gather", "index_select", "masked_select", "nonzero", "nonzero_static", "select", "take",
    "take_along_dim",
]  # fmt: skip

_gather: Primitive = Primitive(
    "gather",
    lambda xp, x, *, dim, index: (
        take_along.run(x, dim, index) if x.ndim and x.size else np.full(index.shape, x if x.size else 0, x.dtype)
    ),
    lambda xp, g, x_shape, dim, index: _gather_backward.under(xp, g, shape=x_shape, dim=dim, index=index),
    exact=True,
)
_gather_backward: Primitive = Primitive(
    "gather_backward",
    lambda xp, x, *, shape, dim, index: scatter_zeros(shape, Along(dim, index), x) if shape else np.sum(x),
    lambda xp, g, dim, index: _gather.under(xp, g, dim=dim, index=index),
)


def index_array(op: str, index: Any, *, only_long: bool = False) -> Any:
    """A copy of an index tensor's array; RuntimeError unless it holds int64 or, unless `only_long`, int32."""
    expect_tensor(op, "index", index)
    if index._array.size and index._array.dtype != np.int64 and (only_long or index._array.dtype != np.int32):
        wanted = "int64" if only_long else "int32/int64"
        raise RuntimeError(f"{op}(): Expected dtype {wanted} for index, got {index.dtype}")
    return index._array.copy() if index._array.size else index._array.astype(np.int64)


def check_range(op: str, index: Any, size: int, *, error: type[Exception] = RuntimeError, low: int = 0) -> None:
    """Refuse an index outside of ``[low, size)``."""
    if not index.size:
        return
    if low == 0 and index.dtype == np.int64:
        # Seen without a sign, negative numbers are huge: one pass finds both kinds.
        if index.view(np.uint64).max() < size:
            return
    elif index.min() >= low and index.max() < size:
        return
    bad = index[(index < low) | (index >= size)].flat[0]
    raise error(f"{op}(): index {bad} is out of bounds for dimension with size {size}")


def _write_apart(op: str, out: Any, result: Tensor, *inputs: Tensor) -> Tensor:
    """``write_out`` for operations whose `out` must have the input's dtype and memory of its own."""
    expect_tensor(op, "out", out)
    if out.dtype is not result.dtype:
        raise RuntimeError(f"{op}(): Expected out tensor to have dtype {result.dtype}, but got {out.dtype} instead")
    check_overlap(out._array, op)
    if any(np.may_share_memory(out._array, each._array) for each in inputs):
        raise RuntimeError(
            f"unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
            f"memory location. Please clone() the tensor before performing the operation {op}."
        )
    return write_out(op, out, result)


@method
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The view at `index` of dimension `dim`, which disappears (``torch.select``)."""
    if input._array.ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    if not hasattr(index, "__index__"):
        raise TypeError(f"select(): argument 'index' must be int, not {type(index).__name__}")
    dim = check_dim(dim, input._array.ndim)
    return getitem(input, (*(slice(None),) * dim, index.__index__()))


@method
def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The entries `index` of dimension `dim` (``torch.index_select``)."""
    dim = check_dim(dim, input._array.ndim)
    places = index_array("index_select", index)
    if places.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if input._array.ndim == 0:
        if places.size != 1:
            raise RuntimeError(f"index_select(): a 0-d tensor has one entry, but index has {places.size}")
        check_range("index_select", places, 1, error=IndexError)
        result = _index(input.reshape(1), index=(places.reshape(-1),)).reshape(())
    else:
        check_range("index_select", places, input._array.shape[dim])
        result = _index(input, index=(*(slice(None),) * dim, places.reshape(-1)))
    return result if out is None else _write_apart("index_select", out, result, input, index)


def check_along(op: str, shape: tuple[int, ...], dim: int, places: Any) -> None:
    """Refuse an index for `dim` that is larger than `shape` elsewhere, or of another number of dimensions."""
    if max(places.ndim, 1) != max(len(shape), 1):
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as input tensor: {op} got {places.ndim} and "
            f"{len(shape)}"
        )
    for d, n in enumerate(places.shape):
        if d != dim and n > shape[d]:
            raise RuntimeError(
                f"Size does not match at dimension {d} expected index {list(places.shape)} to be no larger than self "
                f"{list(shape)} apart from dimension {dim}"
            )


@method
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` for dim 0, and so on (``torch.gather``)."""
    if sparse_grad:
        raise RuntimeError("gather(): sparse_grad=True is not supported; gradients are dense")
    ndim = input._array.ndim
    dim = check_dim(dim, ndim)
    places = index_array("gather", index)
    if places.ndim != ndim and (places.size == 0 or places.ndim == 0):
        # Nothing to gather has any shape, and a 0-d index takes an element of a vector.
        check_range("gather", places, input._array.size)
        result = _index(input.reshape(-1), index=(places.astype(np.int64),))
        return result if out is None else _write_apart("gather", out, result, input, index)
    source = input
    check_along("gather", input._array.shape, dim, places)
    check_range("gather", places, input._array.shape[dim] if ndim else 1)
    if ndim:
        parts = tuple(slice(None) if d == dim or n == m else slice(n)
                      for d, (n, m) in enumerate(zip(places.shape, input._array.shape, strict=True)))  # fmt: skip
        source = input if all(part == slice(None) for part in parts) else getitem(input, parts)
    result = _gather(source, dim=dim, index=places)
    return result if out is None else _write_apart("gather", out, result, input, index)


@method
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """``gather`` with broadcasting; along the flattened input without `dim` (``torch.take_along_dim``)."""
    expect_tensor("take_along_dim", "indices", indices)
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1), out=out)
    if input.dim() != indices.dim():
        dims = f"got {input.dim()} dimensions for input, and {indices.dim()} for indices"
        raise RuntimeError(f"take_along_dim(): input and indices should have the same number of dimensions, but {dims}")
    dim = check_dim(dim, input._array.ndim)
    ones = [tuple(1 if d == dim else n for d, n in enumerate(each.shape)) for each in (input, indices)]
    shape = broadcast_shape("take_along_dim", *ones)
    whole = [*shape[:dim], input.shape[dim], *shape[dim + 1 :]]
    places = [*shape[:dim], indices.shape[dim], *shape[dim + 1 :]]
    size = whole[dim]
    check_range("take_along_dim", indices._array, size, low=-size)
    if (indices._array < 0).any():
        indices = wrap(np.where(indices._array < 0, indices._array + size, indices._array))
    return gather(input.expand(whole), dim, indices.expand(places), out=out)


@method
def take(input: Tensor, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elements of the flattened input (``torch.take``)."""
    places = index_array("take", index, only_long=True)
    size = input._array.size
    if not size and places.size:
        raise IndexError("take(): tried to take from an empty tensor")
    check_range("take", places, size, error=IndexError, low=-size)
    result = _index(input.reshape(-1), index=(places,))
    return result if out is None else _write_apart("take", out, result, input, index)


@method
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where `mask`, broadcast, is true, in one dimension (``torch.masked_select``)."""
    expect_tensor("masked_select", "mask", mask)
    if mask._array.dtype.kind != "b":
        raise RuntimeError(f"masked_select: expected BoolTensor for mask, got {mask.dtype}")
    shape = broadcast_shape("masked_select", input._array.shape, mask._array.shape)
    result = getitem(input.expand(shape), mask.expand(shape)).reshape(-1)
    return result if out is None else _write_apart("masked_select", out, result, input, mask)


def _places(x: Any) -> Any:
    """``np.argwhere`` by way of flat positions, in a fraction of its time."""
    if x.ndim < 2 or not x.size:
        return np.argwhere(x)
    flat = np.flatnonzero(x if x.dtype.kind == "b" else x != 0)
    out = np.empty((flat.size, x.ndim), np.int64)
    for d in range(x.ndim - 1, 0, -1):
        before = flat // x.shape[d]
        np.subtract(flat, before * x.shape[d], out[:, d])
        flat = before
    out[:, 0] = flat
    return out


@method
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The indices of the nonzero elements: rows, or one tensor a dimension (``torch.nonzero``)."""
    expect_tensor("nonzero", "input", input)
    if as_tuple:
        if out is not None:
            raise TypeError("nonzero(): out is for one tensor of rows; leave as_tuple away")
        found = np.nonzero(input._array) if input._array.ndim else np.nonzero(input._array.reshape(1))
        return tuple([wrap(each) for each in found])
    result = wrap(_places(input._array))
    return result if out is None else write_out("nonzero", out, result)


@method
def argwhere(input: Tensor) -> Tensor:
    """The indices of the nonzero elements as rows (``torch.argwhere``)."""
    return nonzero(input)


@method
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1, out: Tensor | None = None) -> Tensor:
    """:func:`nonzero` cut, or filled up with `fill_value`, to `size` rows (``torch.nonzero_static``)."""
    expect_tensor("nonzero_static", "input", input)
    if as_int(size) < 0:
        raise RuntimeError(f"nonzero_static: 'size' must be a non-negative integer, got {size}")
    rows = np.full((size, input._array.ndim), fill_value, np.int64)
    found = _places(input._array)[:size]
    rows[: len(found)] = found
    return wrap(rows) if out is None else write_out("nonzero_static", out, wrap(rows))
