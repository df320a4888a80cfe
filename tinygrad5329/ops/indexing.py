"""Reading and writing parts of tensors: ``x[index]``, ``x[index] = v``, gather, index_select, where-like picks.

Indices made of ints, slices, None and Ellipsis give views; indices with tensors or lists give copies.
Both are differentiable, reading and writing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.scatter import add_at, scatter_zeros
from tinygrad5329.description import check_dim
from tinygrad5329.grad_mode import state
from tinygrad5329.ops.inplace import adopt, check_writable, in_place
from tinygrad5329.ops.primitive import Primitive, unbroadcast
from tinygrad5329.ops.promote import as_tensor_operand, broadcast_shape, expect_tensor, write_out
from tinygrad5329.tensor import Tensor, attach, bump_version, method, wrap

__all__ = [
    "argwhere", "gather", "index_add", "index_select", "masked_fill", "masked_select", "nonzero", "select", "take",
    "take_along_dim",
]  # fmt: skip

_slice: Primitive = Primitive(
    "slice",
    lambda xp, x, *, index: _read(x, index),
    lambda xp, g, x_shape, index: _slice_backward.under(xp, g, shape=x_shape, index=index),
    view=True,
)
_slice_backward: Primitive = Primitive(
    "slice_backward",
    lambda xp, x, *, shape, index: _put(np.zeros(shape, x.dtype), index, x),
    lambda xp, g, index: _slice.under(xp, g, index=index),
)
_index: Primitive = Primitive(
    "index",
    lambda xp, x, *, index: x[index],
    lambda xp, g, x_shape, index: _index_backward.under(xp, g, shape=x_shape, index=index),
)
_index_backward: Primitive = Primitive(
    "index_backward",
    lambda xp, x, *, shape, index: scatter_zeros(shape, index, x),
    lambda xp, g, index: _index.under(xp, g, index=index),
)
_index_put: Primitive = Primitive(
    "index_put",
    lambda xp, x, v, *, index: _put(x.copy(), index, v),
    lambda xp, g, index: _index_put.under(xp, g, xp.zeros((), g.dtype), index=index),
    lambda xp, g, v_shape, index: unbroadcast(xp, _last_written(xp, g, index), v_shape),
)
_gather: Primitive = Primitive(
    "gather",
    lambda xp, x, *, dim, index: np.take_along_axis(x, index, dim) if x.ndim else np.full(index.shape, x),
    lambda xp, g, x_shape, dim, index: _gather_backward.under(xp, g, shape=x_shape, dim=dim, index=index),
)
_gather_backward: Primitive = Primitive(
    "gather_backward",
    lambda xp, x, *, shape, dim, index: scatter_zeros(shape, _along(shape, dim, index), x) if shape else np.sum(x),
    lambda xp, g, dim, index: _gather.under(xp, g, dim=dim, index=index),
)
_masked_fill: Primitive = Primitive(
    "masked_fill",
    lambda xp, x, value, *, mask: xp.where(mask, value, x),
    lambda xp, g, mask, x_shape: unbroadcast(xp, xp.where(xp.asarray(mask), 0.0, g), x_shape),
    lambda xp, g, mask: xp.sum(xp.where(xp.asarray(mask), g, 0.0)),
)
_index_add: Primitive = Primitive(
    "index_add",
    lambda xp, x, source, *, dim, index, alpha: _add_along(x.copy(), dim, index, alpha * source),
    lambda xp, g: g,
    lambda xp, g, dim, index, alpha: alpha * _index.under(xp, g, index=(*(slice(None),) * dim, index)),
)


def _read(x: Any, index: Any) -> Any:
    out = x[index]
    if isinstance(out, np.ndarray):
        return out
    # Ints alone give a NumPy scalar; with an ellipsis they give a 0-d view.
    return x[(*index, ...) if isinstance(index, tuple) else (index, ...)]


def _put(x: Any, index: Any, value: Any) -> Any:
    x[index] = value
    return x


def _last_written(xp: Any, g: Any, index: Any) -> Any:
    """The gradient of written values: where an index occurs twice, only one of the writes lasted."""
    read = _index if _is_advanced(index) else _slice
    return read.under(xp, g, index=index)


def _add_along(x: Any, dim: int, index: Any, source: Any) -> Any:
    add_at(x, (*(slice(None),) * dim, index), source)
    return x


def _along(shape: tuple[int, ...], dim: int, index: Any) -> Any:
    """The full index of ``take_along_axis``."""
    grids = np.ogrid[tuple(slice(n) for n in index.shape)]
    return tuple(index if d == dim else grid for d, grid in enumerate(grids))


# --- what may stand in the brackets ------------------------------------------------------------------


def _is_advanced(index: Any) -> bool:
    parts = index if type(index) is tuple else (index,)
    return any(isinstance(part, (np.ndarray, bool, np.bool_)) for part in parts)


def _part(part: Any) -> Any:
    """One entry of an index as NumPy takes it."""
    if part is None or part is Ellipsis or isinstance(part, (bool, int)):
        return part
    if isinstance(part, slice):
        step = part.step
        if step is not None and int(step) <= 0:
            raise ValueError("step must be greater than zero; use flip() to reverse a dimension")
        if any(isinstance(each, Tensor) for each in (part.start, part.stop, step)):
            return slice(*(None if each is None else int(each) for each in (part.start, part.stop, step)))
        return part
    if isinstance(part, Tensor):
        array = part._array
        if array.dtype.kind == "u" and array.dtype.itemsize == 1:
            return array.astype(bool)
        if array.dtype.kind not in "ib":
            raise IndexError(f"tensors used as indices must be long, int, byte or bool tensors, not {part.dtype}")
        # A 0-d integer tensor selects like an int; a copy guards against later writes to the index.
        return int(array) if array.ndim == 0 and array.dtype.kind == "i" else array.copy()
    if isinstance(part, (list, tuple, range)):
        array = np.array([p._array if isinstance(p, Tensor) else p for p in part])
        return array.astype(np.int64) if array.size == 0 else _part(wrap(array))
    if isinstance(part, np.ndarray):
        return _part(wrap(part))
    if hasattr(part, "__index__"):
        return part.__index__()
    # PyTorch's types: text is refused as a sequence of numbers.
    error = TypeError if isinstance(part, str) else IndexError
    raise error(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        f"(got {type(part).__name__})"
    )


def _normalise(index: Any) -> Any:
    if type(index) is int:
        return index
    if isinstance(index, tuple):
        return tuple([_part(part) for part in index])
    return _part(index)


def _stages(index: Any) -> tuple[Any, Any] | None:
    """A view and an index of it, where ints and arrays stand apart; None where NumPy agrees with PyTorch.

    NumPy takes an int beside an array for one more array, and moves the dimension of arrays that are not
    neighbours to the front. PyTorch takes the int first.
    """
    if type(index) is not tuple:
        return None
    ints = [i for i, part in enumerate(index) if type(part) is int]
    arrays = [i for i, part in enumerate(index) if isinstance(part, np.ndarray)]
    places = sorted(ints + arrays)
    if not ints or not arrays or places[-1] - places[0] == len(places) - 1:
        return None
    view: list[Any] = []
    rest: list[Any] = []
    for part in index:
        if isinstance(part, np.ndarray):
            view += [slice(None)] * (part.ndim if part.dtype.kind == "b" else 1)
            rest.append(part)
        else:
            view.append(part)
            if type(part) is not int:
                rest.append(part if part is Ellipsis else slice(None))
    return tuple(view), tuple(rest)


def _explain(x: Tensor, index: Any, error: Exception) -> IndexError:
    shape = x._array.shape
    parts = index if isinstance(index, tuple) else (index,)
    used = sum(p.ndim if isinstance(p, np.ndarray) and p.dtype.kind == "b" else 1
               for p in parts if p is not None and p is not Ellipsis and not isinstance(p, bool))  # fmt: skip
    if used > len(shape):
        if not shape:
            return IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number"
            )
        return IndexError(f"too many indices for tensor of dimension {len(shape)} (shape {shape})")
    dim = 0
    for part in parts:
        if isinstance(part, int) and not isinstance(part, bool) and not -shape[dim] <= part < shape[dim]:
            return IndexError(f"index {part} is out of bounds for dimension {dim} with size {shape[dim]}")
        if part is Ellipsis:
            break
        dim += part is not None
    message = str(error).replace("axis", "dimension").replace("boolean index did not match indexed array", "mask")
    return IndexError(f"{message} (indexing a tensor of shape {shape})")


def getitem(input: Tensor, index: Any) -> Tensor:
    """``input[index]``: a view for ints, slices, None and Ellipsis; a copy with tensors or lists."""
    index = _normalise(index)
    stages = _stages(index)
    try:
        if stages is not None:
            return _index(_slice(input, index=stages[0]), index=stages[1])
        return _index(input, index=index) if _is_advanced(index) else _slice(input, index=index)
    except (IndexError, RuntimeError) as error:
        raise _explain(input, index, error) from None


def _fill_operand(op: str, value: Any, input: Tensor) -> Tensor:
    """What is written into `input`, in its dtype; RuntimeError for a number that it cannot hold."""
    kind = input._array.dtype.kind
    if isinstance(value, complex) and kind != "c":
        raise RuntimeError(f"value cannot be converted to type {input.dtype.name} without overflow: {value}")
    if kind in "iu" and isinstance(value, (int, float)):
        value = dtypes.to_fill(value, input._array.dtype)
    return as_tensor_operand(op, "value", value, input.dtype)


def setitem(input: Tensor, index: Any, value: Any) -> None:
    """``input[index] = value``, recorded: earlier values get no gradient through the overwritten places."""
    index = _normalise(index)
    stages = _stages(index)
    if stages is not None:
        return setitem(getitem(input, stages[0]), stages[1], value)
    value = _fill_operand("setitem", value, input)
    recorded = state.grad and (input.requires_grad or value.requires_grad)
    check_writable(input, "index_put_")
    try:
        target = input._array[index]
        source = value._array
        while source.ndim > np.ndim(target) and source.shape[0] == 1:
            source = source[0]
        if source.ndim != value.ndim:
            value = value.reshape(source.shape)
        input._array[index] = source
    except (IndexError, TypeError) as error:
        raise _explain(input, index, error) from None
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to indexing result of "
            f"shape {list(np.shape(target))}"
        ) from None
    if recorded:
        adopt(input, _index_put, (value,), {"index": index}, "index_put_")
    bump_version(input, "setitem (x[index] = value)")


attach(__getitem__=getitem, __setitem__=setitem)


# --- named functions ---------------------------------------------------------------------------------


def _long(op: str, index: Any) -> Any:
    expect_tensor(op, "index", index)
    if index._array.dtype.kind not in "iu" or index._array.dtype.itemsize < 4:
        raise RuntimeError(f"{op}(): Expected dtype int32/int64 for index, got {index.dtype}")
    return index._array.copy()


def _in_range(op: str, index: Any, size: int) -> None:
    if index.size and (index.min() < 0 or index.max() >= size):
        bad = index[(index < 0) | (index >= size)].flat[0]
        raise RuntimeError(f"{op}(): index {bad} is out of bounds for dimension with size {size}")


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
    places = _long("index_select", index)
    if places.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if input._array.ndim == 0:
        return _index(input.reshape(1), index=(places.reshape(-1),)).reshape(())
    _in_range("index_select", places, input._array.shape[dim])
    result = _index(input, index=(*(slice(None),) * dim, places.reshape(-1)))
    return result if out is None else write_out("index_select", out, result)


@method
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` for dim 0, and so on (``torch.gather``)."""
    if sparse_grad:
        raise RuntimeError("gather(): sparse_grad=True is not supported; gradients are dense")
    ndim = input._array.ndim
    dim = check_dim(dim, ndim)
    places = _long("gather", index)
    if places.ndim != ndim and (places.size == 0 or places.ndim == 0):
        # Nothing to gather has any shape, and a 0-d index takes an element of a vector.
        _in_range("gather", places, input._array.size)
        result = _index(input.reshape(-1), index=(places.astype(np.int64),))
        return result if out is None else write_out("gather", out, result)
    if max(places.ndim, 1) != max(ndim, 1):
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as input tensor: got {places.ndim} and {ndim}"
        )
    source = input
    for d, n in enumerate(places.shape):
        if d != dim and n > input._array.shape[d]:
            raise RuntimeError(
                f"Size does not match at dimension {d} expected index {list(places.shape)} to be no larger than self "
                f"{list(input.shape)} apart from dimension {dim}"
            )
    _in_range("gather", places, input._array.shape[dim] if ndim else 1)
    if ndim:
        source = getitem(input, tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(places.shape)))
    result = _gather(source, dim=dim, index=places)
    return result if out is None else write_out("gather", out, result)


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
    return gather(input.expand(whole), dim, indices.expand(places), out=out)


@method
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements of the flattened input (``torch.take``)."""
    places = _long("take", index)
    size = input._array.size
    if places.size and (places.min() < -size or places.max() >= size):
        raise IndexError(f"take(): index out of range for {size} elements")
    return _index(input.reshape(-1), index=(places,))


@method
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where `mask`, broadcast, is true, in one dimension (``torch.masked_select``)."""
    expect_tensor("masked_select", "mask", mask)
    if mask._array.dtype.kind != "b":
        raise RuntimeError(f"masked_select: expected BoolTensor for mask, got {mask.dtype}")
    shape = broadcast_shape("masked_select", input._array.shape, mask._array.shape)
    result = getitem(input.expand(shape), mask.expand(shape)).reshape(-1)
    return result if out is None else write_out("masked_select", out, result)


@method
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`input` with `value` where `mask` is true (``torch.Tensor.masked_fill``)."""
    expect_tensor("masked_fill", "mask", mask)
    if mask._array.dtype.kind != "b":
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype}")
    if isinstance(value, Tensor) and value._array.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._array.ndim} dimension(s)."
        )
    return _masked_fill(input, _fill_operand("masked_fill", value, input), mask=mask._array.copy())


@method
def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Write `value` where `mask` is true (``torch.Tensor.masked_fill_``)."""
    return in_place(self, "masked_fill_", masked_fill, mask, value)


@method
def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """`input` with ``alpha * source`` added at the entries `index` of `dim` (``torch.index_add``)."""
    expect_tensor("index_add", "source", source)
    dim = check_dim(dim, input._array.ndim)
    places = _long("index_add", index)
    if places.ndim > 1:
        raise IndexError(f"index_add(): Index is supposed to be a vector, but has the shape {places.shape}")
    if source.dtype is not input.dtype:
        raise RuntimeError(f"index_add(): self ({input.dtype}) and source ({source.dtype}) must have the same dtype")
    places = places.reshape(-1)
    if input._array.ndim == 0 and source._array.ndim == 0 and out is None:
        return index_add(input.reshape(1), 0, index, source.reshape(1), alpha=alpha).reshape(())
    _in_range("index_add", places, input._array.shape[dim] if input._array.ndim else 1)
    expected = (*input._array.shape[:dim], places.size, *input._array.shape[dim + 1 :])
    if source._array.shape != expected or not input._array.ndim:
        raise RuntimeError(f"index_add(): source has shape {tuple(source.shape)} but index and self ask for {expected}")
    result = _index_add(input, source, dim=dim, index=places, alpha=alpha)
    return result if out is None else write_out("index_add", out, result)


@method
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The indices of the nonzero elements: rows, or one tensor a dimension (``torch.nonzero``)."""
    if as_tuple:
        if out is not None:
            raise TypeError("nonzero(): out is for one tensor of rows; leave as_tuple away")
        found = np.nonzero(input._array) if input._array.ndim else np.nonzero(input._array.reshape(1))
        return tuple([wrap(each) for each in found])
    result = wrap(np.argwhere(input._array))
    return result if out is None else write_out("nonzero", out, result)


@method
def argwhere(input: Tensor) -> Tensor:
    """The indices of the nonzero elements as rows (``torch.argwhere``)."""
    return nonzero(input)
