"""Writing at indices by name: index_put, index_copy, index_fill, index_add, put, masked_fill, masked_scatter.

Each has a variant in place. Where an index names a place twice, one of the writes lasts and both get the
gradient, as in PyTorch; ``index_add`` and ``accumulate=True`` count both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.description import check_dim
from tinygrad5329.ops.indexing import _explain, _index_put, _part, adding, assigning, fill_operand, overwrite
from tinygrad5329.ops.inplace import in_place
from tinygrad5329.ops.picking import check_range, index_array
from tinygrad5329.ops.primitive import Primitive, unbroadcast
from tinygrad5329.ops.promote import broadcast_shape, expect_tensor, write_out
from tinygrad5329.tensor import Tensor, method

__all__ = [
    "fill", "index_add", "index_copy", "index_fill", "index_put", "index_put_", "masked_fill", "masked_scatter", "put",
]  # fmt: skip

_index_add = adding("index_add")
_index_accumulate = adding("index_accumulate")
_index_accumulate.node_name = "IndexPutBackward0"
_index_copy = assigning("index_copy")
_index_fill = assigning("index_fill")
_masked_scatter = assigning("masked_scatter")
_masked_fill: Primitive = Primitive(
    "masked_fill",
    lambda xp, x, value, *, mask: xp.where(mask, value, x),
    lambda xp, g, mask, x_shape: unbroadcast(xp, xp.where(xp.asarray(mask), 0.0, g), x_shape),
    lambda xp, g, mask: xp.sum(xp.where(xp.asarray(mask), g, 0.0)),
)


def _row_index(op: str, input: Tensor, dim: int, index: Any) -> tuple[Any, Any]:
    """The full index that has `index` at `dim`, and the entries of `index` as a vector."""
    expect_tensor(op, "input", input)
    shape = input._array.shape
    dim = check_dim(dim, len(shape))
    places = index_array(op, index)
    if places.ndim > 1:
        raise IndexError(f"{op}(): Index is supposed to be a vector, but has the shape {places.shape}")
    places = places.reshape(-1)
    size = shape[dim] if shape else 1
    if op == "index_fill":
        check_range(op, places, size, error=IndexError, low=-size)
        places = np.where(places < 0, places + size, places)
    check_range(op, places, size, error=RuntimeError if op == "index_add" else IndexError)
    if not shape:
        return (() if places.size else (np.zeros((), bool),)), places
    return (*(slice(None),) * dim, places), places


def _row_source(op: str, input: Tensor, dim: int, places: Any, source: Any) -> Tensor:
    """`source` checked against the rows that it is for."""
    expect_tensor(op, "source", source)
    if source.dtype is not input.dtype:
        raise RuntimeError(f"{op}(): self ({input.dtype}) and source ({source.dtype}) must have the same dtype")
    shape = input._array.shape
    dim = check_dim(dim, len(shape))
    if not shape:
        if source._array.size != places.size or source._array.ndim > (op != "index_add"):
            raise RuntimeError(f"{op}(): source has shape {tuple(source.shape)} for {places.size} indices of a number")
        return source.reshape(()) if places.size == 1 else source.sum() if op == "index_add" else source[-1:]
    expected = (*shape[:dim], places.size, *shape[dim + 1 :])
    if source._array.shape != expected:
        if source._array.ndim == 0 and expected == (1,):
            return source.reshape(1)
        error = IndexError if op == "index_copy" and source._array.ndim not in (0, len(shape)) else RuntimeError
        raise error(f"{op}(): source has shape {tuple(source.shape)} but index and self ask for {expected}")
    return source


def _scaled(op: str, alpha: Any, source: Tensor) -> Tensor:
    number = isinstance(alpha, Tensor) and alpha._array.ndim == 0
    if not number and not isinstance(alpha, (int, float, complex, np.generic)):
        raise TypeError(f"{op}(): argument 'alpha' must be Number, not {type(alpha).__name__}")
    if source.dtype.numpy.kind in "iub" and isinstance(alpha, float):
        raise RuntimeError(f"For integral input tensors, argument alpha must not be a floating point number ({op})")
    return source if not isinstance(alpha, Tensor) and alpha == 1 else (source * alpha).to(source.dtype)


@method
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """`input` with ``alpha * source`` added at the entries `index` of `dim` (``torch.index_add``)."""
    where, places = _row_index("index_add", input, dim, index)
    source = _scaled("index_add", alpha, _row_source("index_add", input, dim, places, source))
    result = _index_add(input, source, index=where)
    return result if out is None else write_out("index_add", out, result)


@method
def index_add_(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """:func:`index_add` in place (``torch.Tensor.index_add_``)."""
    where, places = _row_index("index_add", self, dim, index)
    source = _scaled("index_add", alpha, _row_source("index_add", self, dim, places, source))
    return overwrite(self, _index_add, source, where)


@method
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input` with `source` written at the entries `index` of `dim` (``torch.index_copy``)."""
    where, places = _row_index("index_copy", input, dim, index)
    result = _index_copy(input, _row_source("index_copy", input, dim, places, source), index=where)
    return result if out is None else write_out("index_copy", out, result)


@method
def index_copy_(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """:func:`index_copy` in place (``torch.Tensor.index_copy_``)."""
    where, places = _row_index("index_copy", self, dim, index)
    return overwrite(self, _index_copy, _row_source("index_copy", self, dim, places, source), where)


def _number(op: str, value: Any, input: Tensor) -> Tensor:
    if isinstance(value, Tensor) and value._array.ndim:
        raise RuntimeError(
            f"{op} only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s)."
        )
    return fill_operand(op, value, input)


def _distinct_rows(input: Tensor, dim: int, index: Any) -> Any:
    """The full index of the rows to fill, none of them twice: the value's gradient counts each once."""
    where, places = _row_index("index_fill", input, dim, index)
    return (*where[:-1], np.unique(places)) if input._array.ndim else where


@method
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """`input` with one value at the entries `index` of `dim` (``torch.index_fill``)."""
    return _index_fill(input, _number("index_fill_", value, input), index=_distinct_rows(input, dim, index))


@method
def index_fill_(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """:func:`index_fill` in place (``torch.Tensor.index_fill_``)."""
    return overwrite(self, _index_fill, _number("index_fill_", value, self), _distinct_rows(self, dim, index))


def _put_at(input: Tensor, indices: Any, values: Any, accumulate: bool, function: Any) -> Tensor:
    expect_tensor("index_put_", "input", input)
    expect_tensor("index_put_", "values", values)
    if not isinstance(indices, (tuple, list)):
        raise TypeError(f"index_put_(): argument 'indices' must be tuple of Tensors, not {type(indices).__name__}")
    for i, each in enumerate(indices):
        if not isinstance(each, Tensor):
            raise TypeError(f"index_put_(): expected Tensor as element {i}, but got {type(each).__name__}")
    if values.dtype is not input.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype} for the destination and "
            f"{values.dtype} for the source."
        )
    parts = tuple([_part(each if each._array.ndim else each.reshape(1)) for each in indices])
    if all(each._array.ndim == 0 for each in indices):
        # Of 0-d indices the result has no dimension; as vectors of one element they kept it.
        parts = tuple([part.reshape(()) for part in parts])
    while values._array.ndim > 1 and values._array.shape[0] == 1:
        values = values.squeeze(0)
    try:
        if accumulate and values._array.ndim:
            target = input._array[parts]
            values = values.expand(broadcast_shape("index_put_", target.shape, values._array.shape))
        return function(_index_accumulate if accumulate else _index_put, values, parts)
    except IndexError as error:
        raise _explain(input, parts, error) from None


@method
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """`input` with `values` written, or added, at a tuple of index tensors (``torch.index_put``)."""
    return _put_at(input, indices, values, accumulate, lambda op, source, where: op(input, source, index=where))


@method
def index_put_(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """:func:`index_put` in place (``torch.Tensor.index_put_``)."""
    return _put_at(input, indices, values, accumulate, lambda op, source, where: overwrite(input, op, source, where))


@method
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """`input` with elements of `source` at places of the flattened tensor (``torch.put``)."""
    places = index_array("put_", index, only_long=True)
    expect_tensor("put_", "source", source)
    size = input._array.size
    if places.size != source._array.size:
        raise IndexError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._array.size}, index.numel() = {places.size}"
        )
    if source.dtype is not input.dtype:
        raise RuntimeError(f"put_(): self ({input.dtype}) and source ({source.dtype}) must have the same dtype")
    if not size and places.size:
        raise IndexError("put_(): tried to put elements into an empty tensor")
    check_range("put_", places, size, error=IndexError, low=-size)
    op = _index_accumulate if accumulate else _index_put
    return op(input.reshape(-1), source.reshape(-1), index=(places.reshape(-1),)).reshape(input._array.shape)


@method
def put_(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """:func:`put` in place (``torch.Tensor.put_``)."""
    return in_place(self, "put_", put, index, source, accumulate)


@method
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`input` with consecutive elements of `source` where `mask` is true (``torch.masked_scatter``)."""
    for name, value in (("mask", mask), ("source", source)):
        expect_tensor("masked_scatter", name, value)
    if mask._array.dtype.kind != "b":
        raise RuntimeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype}")
    if source.dtype is not input.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {input.dtype} and {source.dtype}"
        )
    shape = broadcast_shape("masked_scatter", input._array.shape, mask._array.shape)
    # Without dimensions NumPy would read a mask as an index that adds one.
    chosen = np.atleast_1d(np.broadcast_to(mask._array, shape)).copy()
    count = int(np.count_nonzero(chosen))
    if count > source._array.size:
        raise RuntimeError(
            f"masked_scatter: expected number of elements in mask, which is {count}, to be no more than the "
            f"{source._array.size} elements in source"
        )
    whole = input if input._array.shape == shape else input.expand(shape)
    result = _masked_scatter(whole.reshape(chosen.shape), source.reshape(-1)[:count], index=(chosen,))
    return result.reshape(shape)


@method
def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """:func:`masked_scatter` in place (``torch.Tensor.masked_scatter_``)."""
    return in_place(self, "masked_scatter_", masked_scatter, mask, source)


@method
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`input` with `value` where `mask` is true (``torch.Tensor.masked_fill``)."""
    expect_tensor("masked_fill", "mask", mask)
    if mask._array.dtype.kind != "b":
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype}")
    return _masked_fill(input, _number("masked_fill_", value, input), mask=mask._array.copy())


def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like `input` full of `value`, which gets the gradient if it is a tensor (``torch.fill``)."""
    expect_tensor("fill", "input", input)
    return input.clone().fill_(value)


@method
def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Write `value` where `mask` is true (``torch.Tensor.masked_fill_``)."""
    return in_place(self, "masked_fill_", masked_fill, mask, value)
