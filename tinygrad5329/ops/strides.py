"""Views by strides: as_strided and its scatter, unfold; and what replaces a tensor's memory: resize_, set_."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tinygrad5329.backends.scatter import combine_at, scatter_zeros
from tinygrad5329.description import check_dim
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.shaping import _size_tuple, _sizes
from tinygrad5329.ops.view_scatters import check_part
from tinygrad5329.storage import root
from tinygrad5329.tape import Version
from tinygrad5329.tensor import Tensor, View, attach, bump_version, method

__all__ = ["as_strided", "as_strided_scatter", "resize_as_"]


class Geometry(NamedTuple):
    """Where elements lie in memory: in elements, from its beginning."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int

    def places(self) -> Any:
        """The place of every element."""
        places = np.array(self.offset)
        for n, step in zip(self.size, self.stride, strict=True):
            places = places[..., None] + np.arange(n) * step
        return places

    def end(self) -> int:
        """One more than the last place."""
        if 0 in self.size:
            return self.offset
        return self.offset + sum((n - 1) * step for n, step in zip(self.size, self.stride, strict=True)) + 1

    def overlaps(self) -> bool:
        """Whether some place is that of several elements."""
        count = math.prod(self.size)
        return count > 1 and np.unique(self.places()).size < count


_as_strided_view: Primitive = Primitive(
    "as_strided_view",
    lambda xp, x, *, memory, source, target: _view(memory, target),
    lambda xp, g, source, target: _pulled(xp, g, source, target),
    view=True,
)
_as_strided_view.node_name = "AsStridedBackward0"
#: Elements that lie as `source` put into memory of zeros, adding up, and read as `target`: its own kind of transpose.
_restride: Primitive = Primitive(
    "restride",
    lambda xp, x, *, source, target: _moved(x, source, target),
    lambda xp, g, source, target: _restride.under(xp, g, source=target, target=source),
)
_as_strided_scatter: Primitive = Primitive(
    "as_strided_scatter",
    lambda xp, x, v, *, place: _written(x, v, place),
    lambda xp, g, v_shape, place: _as_strided_scatter.under(xp, g, xp.zeros(v_shape, g.dtype), place=place),
    lambda xp, g, place: _restride.under(xp, g, source=_dense(g.shape), target=place),
    exact=True,
)
_unfold: Primitive = Primitive(
    "unfold",
    lambda xp, x, *, dim, size, step: _windows(x, dim, size, step),
    lambda xp, g, x_shape, dim, size, step: _unfold_backward.under(xp, g, shape=x_shape, dim=dim, size=size, step=step),
    view=True,
)
_unfold_backward: Primitive = Primitive(
    "unfold_backward",
    lambda xp, x, *, shape, dim, size, step: _overlaid(x, shape, dim, size, step),
    lambda xp, g, dim, size, step: _unfold.under(xp, g, dim=dim, size=size, step=step),
)


def _dense(shape: tuple[int, ...]) -> Geometry:
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    return Geometry(tuple(shape), tuple(strides), 0)


def _view(memory: Any, g: Geometry) -> Any:
    steps = tuple(step * memory.itemsize for step in g.stride)
    return np.lib.stride_tricks.as_strided(memory[g.offset :], g.size, steps)


def _moved(x: Any, source: Geometry, target: Geometry) -> Any:
    length = max(source.end(), target.end())
    memory = scatter_zeros((length,), (source.places().reshape(-1),), x.reshape(-1))
    return memory[target.places()]


def _pulled(xp: Any, g: Any, source: Geometry, target: Geometry) -> Any:
    """The gradient at the input; elements of it that share a place share what arrives there."""
    pulled = _restride.under(xp, g, source=target, target=source)
    if not source.overlaps():
        return pulled
    counts = np.zeros(source.end(), np.int64)
    combine_at(np.add, counts, (source.places().reshape(-1),), np.ones((), np.int64))
    return pulled * xp.asarray((1 / counts[source.places()]).astype(g.dtype))


def _written(x: Any, v: Any, place: Geometry) -> Any:
    whole = np.array(x, order="C")
    whole.reshape(-1)[place.places()] = v
    return whole


def _windows(x: Any, dim: int, size: int, step: int) -> Any:
    count = (x.shape[dim] - size) // step + 1
    shape = (*x.shape[:dim], count, *x.shape[dim + 1 :], size)
    strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1 :], x.strides[dim])
    return np.lib.stride_tricks.as_strided(x, shape, strides)


def _overlaid(g: Any, shape: tuple[int, ...], dim: int, size: int, step: int) -> Any:
    """The sum of windows at their places."""
    whole = np.zeros(shape, g.dtype)
    span = step * (g.shape[dim] - 1) + 1
    before = (slice(None),) * dim
    for k in range(size):
        whole[(*before, slice(k, k + span, step))] += g[..., k]
    return whole


def _memory(array: Any) -> Any:
    """All memory that belongs to `array`, flat, in elements of its type."""
    whole = root(array)
    extent = 1 + sum((n - 1) * step for n, step in zip(whole.shape, whole.strides, strict=True)) // whole.itemsize
    flat = np.lib.stride_tricks.as_strided(whole, (extent if whole.size else 0,), (whole.itemsize,))
    return flat if flat.dtype == array.dtype else flat.view(array.dtype)


def _geometry(x: Tensor) -> Geometry:
    return Geometry(x._array.shape, tuple(step // x._array.itemsize for step in x._array.strides), x.storage_offset())


def _target(op: str, size: Any, stride: Any, offset: int, length: int) -> Geometry:
    size, stride = _size_tuple(op, "size", size), _size_tuple(op, "stride", stride)
    if len(size) != len(stride):
        raise RuntimeError(f"{op}: mismatch in length of strides and shape: {list(stride)} for {list(size)}")
    if any(step < 0 for step in stride):
        raise RuntimeError(f"{op}: Negative strides are not supported at the moment, got strides: {list(stride)}")
    target = Geometry(size, stride, offset)
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    if target.end() > length:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset} are out of bounds for "
            f"storage of {length} elements ({op})"
        )
    return target


@method
def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view with the given strides over the memory of `input` (``torch.as_strided``).

    Strides and offset count elements; the memory is that of the tensor of which `input` is a view.
    Raises RuntimeError where the view would reach outside.
    """
    source, memory = _geometry(input), _memory(input._array)
    offset = source.offset if storage_offset is None else int(storage_offset)
    target = _target("as_strided", size, stride, offset, memory.size)
    out = _as_strided_view(input, memory=memory, source=source, target=target)
    if out._view is None and out._array.size:
        # It may lie outside of the input, in the memory of its base.
        input._version = out._version = input._version or Version()
        out._view = View(input if input._view is None else input._view.base)
    return out


@method
def as_strided_scatter(input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """`input` with `src` where :func:`as_strided` would look (``torch.as_strided_scatter``)."""
    # What is written to is a copy, dense and from its own beginning on.
    offset = 0 if storage_offset is None else int(storage_offset)
    place = _target("as_strided_scatter", size, stride, offset, input._array.size)
    return _as_strided_scatter(input, check_part("as_strided_scatter", input, src, place.size), place=place)


def _method_unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` elements along `dimension`, every `step`, in a new last dimension, as a view
    (``torch.Tensor.unfold``).

    >>> import tinygrad5329 as tg
    >>> tg.arange(5).unfold(0, 3, 1)
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    ndim = self._array.ndim
    dim = check_dim(dimension, ndim)
    length = self._array.shape[dim] if ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > length:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {length} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if not ndim:
        return self.reshape(1)[:size]
    return _unfold(self, dim=dim, size=size, step=step)


def _no_grad(x: Tensor, what: str) -> None:
    if x.requires_grad:
        raise RuntimeError(f"cannot {what} variables that require grad")


def _method_resize(self: Tensor, *sizes: Any, size: Any = None, memory_format: Any = None) -> Tensor:
    """Another shape in place, over the same memory if it suffices (``torch.Tensor.resize_``).

    Elements beyond the old ones are uninitialised.
    """
    if memory_format is not None:
        raise RuntimeError(f"resize_(): memory_format is not supported, got {memory_format!r}")
    _no_grad(self, "resize")
    wanted = _sizes("resize_", sizes, "size", size)
    if any(n < 0 for n in wanted):
        raise RuntimeError(f"Trying to create tensor with negative dimension: {list(wanted)}")
    if wanted == self._array.shape:
        return self
    memory, offset, count = _memory(self._array), self.storage_offset(), math.prod(wanted)
    if offset + count > memory.size:
        grown = np.empty(offset + count, self._array.dtype)
        grown[: memory.size] = memory
        memory, self._view, self._version = grown, None, None
    self._array = memory[offset : offset + count].reshape(wanted)
    bump_version(self, "resize_")
    return self


def _method_resize_as(self: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """The shape of another tensor in place (``torch.Tensor.resize_as_``)."""
    return _method_resize(self, tuple(the_template.shape), memory_format=memory_format)


def _method_set(
    self: Tensor, source: Tensor | None = None, storage_offset: int = 0, size: Any = None, stride: Any = None
) -> Tensor:
    """Share the memory of `source`, with its shape or the given one (``torch.Tensor.set_``)."""
    _no_grad(self, "set")
    if source is None:
        self._array, self._view, self._version = np.empty(0, self._array.dtype), None, None
        return self
    if not isinstance(source, Tensor):
        raise TypeError(f"set_(): argument 'source' must be Tensor, not {type(source).__name__}")
    if source.dtype is not self.dtype:
        raise RuntimeError(f"Could not set tensor of type {source.dtype} to a tensor of type {self.dtype}")
    if size is not None:
        stride = _dense(_size_tuple("set_", "size", size)).stride if stride is None else stride
        source = as_strided(source.detach(), size, stride, storage_offset)
    elif storage_offset or stride is not None:
        raise TypeError("set_(): storage_offset and stride need a size")
    source._version = source._version or Version()
    self._array, self._version, self._view = source._array, source._version, source._view
    return self


for _name, _function in {
    "unfold": _method_unfold, "resize_": _method_resize, "resize_as_": _method_resize_as, "set_": _method_set,
}.items():  # fmt: skip
    _function.__name__ = _function.__qualname__ = _name
    attach(**{_name: _function})
del _name, _function


def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """The shape of another tensor in place (``torch.resize_as_``)."""
    return _method_resize_as(input, the_template, memory_format=memory_format)
