"""Writing to a tensor in place: ``add_``, ``copy_``, ``zero_`` and so on, also through views.

An in-place operation is the ordinary one, whose result is written over the tensor's memory, after which
the tensor takes over the result's place on the tape. If the tensor is a view, its base takes a node that
says which part of it was replaced, and every view of that base is recorded anew when next used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.scatter import scatter_zeros
from tinygrad5329.grad_mode import state
from tinygrad5329.ops import activation, arithmetic, choosing, pointwise
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import can_cast
from tinygrad5329.ops.shaping import _inverse
from tinygrad5329.tensor import Tensor, _set_view_renewal, bump_version, method, wrap

__all__ = ["adopt", "check_writable", "direct", "in_place"]


class Place(NamedTuple):
    """Where a view lies in its base: in elements, over the base's dimensions in the `order` of its memory.

    With `parts` the elements of a complex base are counted as two reals, the last dimension of it.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    order: tuple[int, ...]
    parts: bool = False


def _strided(x: Any, place: Place) -> Any:
    """The view of `x` at `place`; a copy where `x` lies otherwise in memory than the base did."""
    if place.parts:
        return _strided(x[..., None].view(x.real.dtype), place._replace(parts=False))
    # A gradient may be a strided array, whose flat form is then a strided view too.
    flat = x.transpose(place.order).reshape(-1)
    steps = tuple(step * flat.strides[0] for step in place.stride)
    return np.lib.stride_tricks.as_strided(flat[place.offset :], place.size, steps)


def _strided_backward(g: Any, shape: Any, place: Place) -> Any:
    if place.parts:
        pairs = _strided_backward(g, (*shape, 2), place._replace(parts=False))
        return np.ascontiguousarray(pairs).view(np.result_type(g.dtype, np.complex64))[..., 0]
    count = math.prod(shape)
    positions = _strided(np.arange(count), place._replace(order=(0,)))
    flat = scatter_zeros((count,), (positions.reshape(-1),), g.reshape(-1))
    return flat.reshape([shape[axis] for axis in place.order]).transpose(_inverse(place.order))


def _overwritten(x: Any, value: Any, place: Place) -> Any:
    if place.parts:
        pairs = _overwritten(x[..., None].view(x.real.dtype), value, place._replace(parts=False))
        return np.ascontiguousarray(pairs).view(x.dtype)[..., 0]
    whole = np.array(x.transpose(place.order), order="C")
    _strided(whole, place._replace(order=tuple(range(whole.ndim))))[...] = value
    return whole.transpose(_inverse(place.order))


_as_strided: Primitive = Primitive(
    "as_strided",
    lambda xp, x, *, place: _strided(x, place),
    lambda xp, g, x_shape, place: _as_strided_backward.under(xp, g, shape=x_shape, place=place),
    view=True,
)
_as_strided_backward: Primitive = Primitive(
    "as_strided_backward",
    lambda xp, x, *, shape, place: _strided_backward(x, shape, place),
    lambda xp, g, place: _as_strided.under(xp, g, place=place),
)
#: `x` with one strided part replaced by `value`: what a write through a view does to its base.
_copy_slices: Primitive = Primitive(
    "copy_slices",
    lambda xp, x, value, *, place: _overwritten(x, value, place),
    lambda xp, g, place, value_shape, value_dtype: _copy_slices.under(
        xp, g, xp.zeros(value_shape, value_dtype), place=place
    ),
    lambda xp, g, place: _as_strided.under(xp, g, place=place),
)


def _place(view: Tensor, base: Tensor) -> Place:
    """Where `view` lies in the memory of `base`."""
    array, whole = view._array, base._array
    parts = array.itemsize != whole.itemsize and array.dtype == whole.real.dtype
    if parts:
        whole = whole[..., None].view(whole.real.dtype)
    order = tuple(sorted(range(whole.ndim), key=lambda axis: -whole.strides[axis]))
    if not whole.transpose(order).flags.c_contiguous or array.itemsize != whole.itemsize:
        raise RuntimeError(
            "an in-place operation through a view of a tensor whose memory has gaps, or of another dtype, cannot be "
            "recorded; clone() the base first"
        )
    size = array.itemsize
    offset = (array.__array_interface__["data"][0] - whole.__array_interface__["data"][0]) // size
    return Place(array.shape, tuple(step // size for step in array.strides), offset, order, parts)


def check_writable(x: Tensor, op: str, *, repeated: bool = False) -> None:
    """Refuse in-place writes that would falsify a gradient or have no defined result.

    With `repeated`, one memory location may be several elements: all of them are given one value.
    """
    if state.grad:
        if x._rg and x.is_leaf:
            raise RuntimeError(
                f"a leaf Variable that requires grad is being used in an in-place operation: {op}. Do it under "
                "tg.no_grad(), or use the operation that is not in place"
            )
        if x._view is not None and x._view.base._rg and x._view.base.is_leaf:
            raise RuntimeError(
                f"a view of a leaf Variable that requires grad is being used in an in-place operation: {op}. Do it "
                "under tg.no_grad()"
            )
    array = x._array
    if not array.flags.writeable:
        raise RuntimeError(f"{op}: the memory of this tensor is read-only; clone() it first")
    if not repeated:
        check_overlap(array, op)


def check_overlap(array: Any, op: str) -> None:
    """Refuse to write to an array of which several elements are one memory location."""
    if not array.flags.c_contiguous and any(
        step == 0 and n > 1 for n, step in zip(array.shape, array.strides, strict=True)
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory "
            f"location. Please clone() the tensor before performing the operation {op}."
        )


def adopt(x: Tensor, op: Primitive, others: tuple[Any, ...], params: dict[str, Any], name: str) -> None:
    """Give `x`, whose memory already holds the result, its new place on the tape as ``op(x, *others)``.

    Only for rules that need neither the input nor the result.
    """
    old = wrap(x._array)
    old._node, old._rg = x._fresh_node(), x._rg
    inputs = (old, *others)
    mask = sum(1 << i for i, t in enumerate(inputs) if isinstance(t, Tensor) and t._rg)
    arrays = [t._array if isinstance(t, Tensor) else t for t in inputs]
    _rebase(x, op._record(inputs, arrays, mask, x._array, None, params, None))


def _rebase(x: Tensor, node: Any) -> None:
    """Let `node` be what made `x`; where `x` is a view, let its base know."""
    if x._view is None:
        x._node, x._rg = node, True
        return
    base = x._view.base
    where = {"place": _place(x, base)}
    old, value = wrap(base._array), wrap(x._array)
    old._node, old._rg = base._node, base._rg
    value._node, value._rg = node, True
    mask = (1 if old._rg else 0) | 2
    base._node = _copy_slices._record((old, value), [base._array, x._array], mask, base._array, None, where, None)
    base._rg = True
    renew(x)


def renew(view: Tensor) -> None:
    """Record `view` anew from its base."""
    base = view._view.base  # type: ignore[union-attr]
    view._view.seen = base._node  # type: ignore[union-attr]
    if base._node is None:
        return
    where = {"place": _place(view, base)}
    view._node = _as_strided._record((base,), [base._array], 1, view._array, None, where, None)
    view._rg = True


_set_view_renewal(renew)


def in_place(x: Tensor, name: str, function: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """Write ``function(x, *args)`` over `x`, recorded if need be; what every ``_`` method does."""
    check_writable(x, name)
    source = x
    recorded = state.grad and (
        x.requires_grad or any(isinstance(a, Tensor) and a.requires_grad for a in (*args, *kwargs.values()))
    )
    if recorded:
        # Rules may need the old value, which is about to be overwritten.
        source = wrap(x._array.copy())
        source._node, source._rg = x._fresh_node(), x._rg
    result = function(source, *args, **kwargs)
    if result._array.shape != x._array.shape:
        raise RuntimeError(
            f"{name}: output with shape {list(x.shape)} doesn't match the broadcast shape {list(result.shape)}"
        )
    if not can_cast(result.dtype, x.dtype):
        raise RuntimeError(
            f"{name}: result type {result.dtype.name} can't be cast to the desired output type {x.dtype.name}"
        )
    if recorded and result.dtype is not x.dtype:
        result = result.to(x.dtype)
    np.copyto(x._array, result._array, casting="unsafe")
    if recorded and result._rg:
        _rebase(x, result._node)
    elif recorded and x._rg:
        # A result without a history, such as that of a comparison: what was here before has no influence any more.
        adopt(x, _overwrite, (wrap(x._array),), {}, name)
    bump_version(x, name)
    return x


def _define(name: str, function: Callable[..., Tensor], ufunc: Any = None) -> None:
    """The method `name`; with `ufunc`, unrecorded cases write without an intermediate array."""

    scaled = ufunc is np.add or ufunc is np.subtract

    def operation(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        plain = not kwargs or (scaled and len(kwargs) == 1 and type(kwargs.get("alpha")) is float)
        if ufunc is not None and plain and direct(self, args):
            other = [a._array if isinstance(a, Tensor) else a for a in args]
            check_writable(self, name)
            with np.errstate(all="ignore"):
                if kwargs:
                    other = [each * kwargs["alpha"] for each in other]
                ufunc(self._array, *other, out=self._array)
            bump_version(self, name)
            return self
        return in_place(self, name, function, *args, **kwargs)

    operation.__name__ = name
    operation.__doc__ = f"``{name[:-1]}`` in place (``torch.Tensor.{name}``)."
    setattr(Tensor, name, operation)


def direct(x: Tensor, args: tuple[Any, ...]) -> bool:
    """Whether a ufunc may write straight into `x`: nothing recorded, one dtype, no widening, no half precision."""
    array = x._array
    if array.dtype.kind != "f" or array.itemsize == 2 or (state.grad and x.requires_grad):
        return False
    for a in args:
        if isinstance(a, Tensor):
            if (
                a._array.dtype is not array.dtype
                or (state.grad and a.requires_grad)
                or (a._array.shape != array.shape and a._array.ndim)
            ):
                return False
        elif type(a) is not float and type(a) is not int:
            return False
    return True


_UFUNCS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative, "exp": np.exp,
    "log": np.log, "sqrt": np.sqrt, "tanh": np.tanh, "abs": np.abs, "square": np.square, "maximum": np.maximum,
}  # fmt: skip
for _name in [
    "add",
    "sub",
    "subtract",
    "mul",
    "multiply",
    "div",
    "divide",
    "true_divide",
    "floor_divide",
    "remainder",
    "fmod",
    "pow",
    "neg",
    "negative",
    "lerp",
]:
    _define(f"{_name}_", getattr(arithmetic, _name), _UFUNCS.get(_name))
for _name in ["clamp", "clamp_min", "clamp_max", "clip"]:
    _define(f"{_name}_", getattr(choosing, _name))
for _name in ["relu", "sigmoid"]:
    _define(f"{_name}_", getattr(activation, _name))
for _name in pointwise.__all__:
    _define(f"{_name}_", getattr(pointwise, _name), _UFUNCS.get(_name))

for _operator, _name in {
    "__iadd__": "add_", "__isub__": "sub_", "__imul__": "mul_", "__itruediv__": "div_",
    "__ifloordiv__": "floor_divide_", "__imod__": "remainder_", "__ipow__": "pow_",
}.items():  # fmt: skip
    setattr(Tensor, _operator, getattr(Tensor, _name))


@method
def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Write `src`, broadcast and converted, over this tensor (``torch.Tensor.copy_``)."""
    if not isinstance(src, Tensor):
        raise TypeError(f"copy_(): argument 'other' must be Tensor, not {type(src).__name__}")
    check_writable(self, "copy_")
    shape = self._array.shape
    value = src if src._array.shape == shape else src.expand(shape)
    recorded = state.grad and self._array.dtype.kind in dtypes.INEXACT and (self.requires_grad or src.requires_grad)
    if recorded and value.dtype is not self.dtype:
        value = value.to(self.dtype)
    np.copyto(self._array, value._array, casting="unsafe")
    if recorded:
        adopt(self, _overwrite, (value,), {}, "copy_")
    bump_version(self, "copy_")
    return self


_overwrite: Primitive = Primitive(
    "copy",
    lambda xp, x, value: value.copy(),
    lambda xp, g: xp.zeros_like(g),
    lambda xp, g: g,
)


@method
def fill_(self: Tensor, value: Any) -> Tensor:
    """Write one value over all elements (``torch.Tensor.fill_``)."""
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
            )
        return copy_(self, value)
    check_writable(self, "fill_", repeated=True)
    recorded = state.grad and self.requires_grad
    self._array.fill(dtypes.to_fill(value, self._array.dtype))
    if recorded:
        adopt(self, _overwrite, (wrap(self._array),), {}, "fill_")
    bump_version(self, "fill_")
    return self


@method
def zero_(self: Tensor) -> Tensor:
    """Write zeros over all elements (``torch.Tensor.zero_``)."""
    return fill_(self, 0)


@method
def detach_(self: Tensor) -> Tensor:
    """Cut this tensor off from the graph that made it (``torch.Tensor.detach_``)."""
    if self._view is not None:
        raise RuntimeError("Can't detach views in-place. Use detach() instead.")
    self._node, self._rg = None, False
    return self
