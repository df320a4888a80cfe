"""Reading and writing parts of tensors: ``x[index]`` and ``x[index] = v``.

Indices made of ints, slices, None and Ellipsis give views; indices with tensors or lists give copies.
Both are differentiable, reading and writing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.scatter import add_at, read, scatter_zeros, write
from tinygrad5329.grad_mode import state
from tinygrad5329.ops.inplace import adopt, check_overlap, check_writable
from tinygrad5329.ops.primitive import Primitive, unbroadcast
from tinygrad5329.ops.promote import as_tensor_operand
from tinygrad5329.tensor import Tensor, attach, bump_version, wrap

__all__: list[str] = []


def _viewing(name: str) -> Primitive:
    """A primitive ``(x, index=...)`` for a basic index; several names for it, since PyTorch has several."""
    return Primitive(
        name,
        lambda xp, x, *, index: _read(x, index),
        lambda xp, g, x_shape, index: _slice_backward.under(xp, g, shape=x_shape, index=index),
        view=True,
    )


_ADDING: set[str] = set()


def assigning(name: str) -> Primitive:
    """A primitive ``(x, v, index=...)``: `x` with `v` written at `index`, which may name a place twice."""
    return Primitive(
        name,
        lambda xp, x, v, *, index: _write(np.array(x), index, v),
        lambda xp, g, index: _index_put.under(xp, g, xp.zeros((), g.dtype), index=index),
        lambda xp, g, v_shape, index: unbroadcast(xp, _read_again(xp, g, index), v_shape),
        exact=True,
    )


def adding(name: str) -> Primitive:
    """A primitive ``(x, v, index=...)``: `x` with `v` added at `index`, places named twice counting twice."""
    _ADDING.add(name)
    return Primitive(
        name,
        lambda xp, x, v, *, index: _add(np.array(x), index, v),
        lambda xp, g: g,
        lambda xp, g, v_shape, index: unbroadcast(xp, _read_again(xp, g, index), v_shape),
    )


_slice = _viewing("slice")
_select = _viewing("select")
_alias = _viewing("alias")
_new_axis = _viewing("new_axis")
_new_axis.node_name = "UnsqueezeBackward0"
_slice_backward: Primitive = Primitive(
    "slice_backward",
    lambda xp, x, *, shape, index: _put(np.zeros(shape, x.dtype), index, x),
    lambda xp, g, index: _slice.under(xp, g, index=index),
    exact=True,
)
_index: Primitive = Primitive(
    "index",
    lambda xp, x, *, index: read(x, index),
    lambda xp, g, x_shape, index: _index_backward.under(xp, g, shape=x_shape, index=index),
    exact=True,
)
_index_backward: Primitive = Primitive(
    "index_backward",
    lambda xp, x, *, shape, index: scatter_zeros(shape, index, x),
    lambda xp, g, index: _index.under(xp, g, index=index),
)
_index_put = assigning("index_put")
_EVERY = slice(None)


def _read(x: Any, index: Any) -> Any:
    out = x[index]
    if isinstance(out, np.ndarray):
        return out
    # Ints alone give a NumPy scalar; with an ellipsis they give a 0-d view.
    return x[(*index, ...) if isinstance(index, tuple) else (index, ...)]


def _put(x: Any, index: Any, value: Any) -> Any:
    x[index] = value
    return x


def _write(x: Any, index: Any, value: Any) -> Any:
    write(x, index, value)
    return x


def _add(x: Any, index: Any, value: Any) -> Any:
    add_at(x, index, value)
    return x


def _read_again(xp: Any, g: Any, index: Any) -> Any:
    """The gradient of written values: where an index names a place twice, both get it, as in PyTorch."""
    read = _index if _is_advanced(index) else _slice
    return read.under(xp, g, index=index)


# --- what may stand in the brackets ------------------------------------------------------------------


def _is_advanced(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, (np.ndarray, bool, np.bool_)) for part in parts)


def _viewer(index: Any) -> Primitive:
    """The primitive under whose name PyTorch's graph has the view: that of the last step."""
    for part in reversed(index if type(index) is tuple else (index,)):
        if type(part) is int:
            return _select
        if part is None:
            return _new_axis
        if part is not Ellipsis and (part != _EVERY or type(index) is slice):
            return _slice
    return _alias


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


def _is_plain(index: tuple[Any, ...]) -> bool:
    """Whether `index` is of ints, None, Ellipsis and slices of them without steps."""
    for part in index:
        if type(part) is slice:
            if part.step is not None or type(part.start) not in _BOUNDS or type(part.stop) not in _BOUNDS:
                return False
        elif type(part) is not int and part is not None and part is not Ellipsis:
            return False
    return True


_BOUNDS = (int, type(None))


def _normalise(index: Any) -> Any:
    if type(index) is int:
        return index
    if isinstance(index, tuple):
        return tuple([_part(part) for part in index])
    return _part(index)


def _is_bool(part: Any) -> bool:
    return isinstance(part, (bool, np.bool_)) or (
        isinstance(part, np.ndarray) and part.ndim == 0 and part.dtype.kind == "b"
    )


def _stages(index: Any) -> tuple[Any, Any] | None:
    """A view and an index of it, where ints and arrays stand apart; None where NumPy agrees with PyTorch.

    NumPy takes an int beside an array for one more array, and moves the dimension of arrays that are not
    neighbours to the front. PyTorch takes the int first. It takes a bool for an index of a new dimension.
    """
    if type(index) is not tuple:
        return None
    ints = [i for i, part in enumerate(index) if type(part) is int]
    bools = [i for i, part in enumerate(index) if _is_bool(part)]
    arrays = [i for i, part in enumerate(index) if isinstance(part, np.ndarray) and i not in bools]
    places = sorted(ints + arrays)
    if bools:
        if len(bools) == 1 and not places:
            return None
    elif not ints or not arrays or places[-1] - places[0] == len(places) - 1:
        return None
    view: list[Any] = []
    rest: list[Any] = []
    for part in index:
        if _is_bool(part):
            # A new dimension of one entry, which is taken or not.
            view.append(None)
            rest.append(np.zeros(int(part), np.int64))
        elif isinstance(part, np.ndarray):
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
    if _is_plain(index if type(index) is tuple else (index,)):
        # The common case first: what NumPy and PyTorch agree on.
        try:
            return _viewer(index).run(input, index=index)
        except (IndexError, RuntimeError) as error:
            raise _explain(input, index, error) from None
    index = _normalise(index)
    stages = _stages(index)
    try:
        if stages is not None:
            return _index(_slice(input, index=stages[0]), index=stages[1])
        return (_index if _is_advanced(index) else _viewer(index))(input, index=index)
    except (IndexError, RuntimeError) as error:
        raise _explain(input, index, error) from None


def fill_operand(op: str, value: Any, input: Tensor) -> Tensor:
    """What is written into `input`, in its dtype; RuntimeError for a number that it cannot hold."""
    kind = input._array.dtype.kind
    if (value.is_complex() if isinstance(value, Tensor) else isinstance(value, complex)) and kind != "c":
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
    value = fill_operand("setitem", value, input)
    recorded = state.grad and (input.requires_grad or value.requires_grad)
    # A part of an expanded tensor may be written to if it does not overlap itself.
    check_writable(input, "index_put_", repeated=not recorded)
    try:
        target = input._array[index]
        if isinstance(target, np.ndarray) and not _is_advanced(index):
            check_overlap(target, "index_put_")
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


def overwrite(input: Tensor, op: Primitive, source: Tensor, index: Any) -> Tensor:
    """``op(input, source, index=index)`` of an :func:`assigning` or :func:`adding` primitive, in place."""
    name = f"{op.name}_"
    check_writable(input, name)
    change = _add if op.name in _ADDING else _write
    try:
        change(input._array, index, source._array)
    except ValueError as error:
        raise RuntimeError(f"{name}: {error}") from None
    if state.grad and (input.requires_grad or source.requires_grad):
        adopt(input, op, (source,), {"index": index}, name)
    bump_version(input, name)
    return input


def _no_deletion(self: Tensor, index: Any) -> None:
    raise TypeError("Tensor does not support deleting items")


attach(__getitem__=getitem, __setitem__=setitem, __delitem__=_no_deletion)
