"""Views that repeat without copying: expand, broadcast_to, broadcast_tensors; and their way back, sum_to_size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.ops.primitive import Primitive, unbroadcast
from tinygrad5329.ops.shaping import _size_tuple, _sizes
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor, attach

__all__ = ["broadcast_shapes", "broadcast_tensors", "broadcast_to"]

_expand = Primitive(
    "expand",
    lambda xp, x, *, shape: _broadcast(x, shape),
    lambda xp, g, x_shape: unbroadcast(xp, g, x_shape),
    view=True,
)


def _broadcast(x: Any, shape: tuple[int, ...]) -> Any:
    """A view of `x` in `shape`. NumPy's own is read-only; writing to an expanded tensor is allowed."""
    if x.shape == shape:
        return x.view()
    extra = len(shape) - x.ndim
    strides = (0,) * extra + tuple(
        0 if n == 1 and shape[i + extra] != 1 else step
        for i, (n, step) in enumerate(zip(x.shape, x.strides, strict=True))
    )
    if x.size and x.flags.c_contiguous and x.dtype.kind in "fiubc":
        # What as_strided does, in a tenth of its time.
        return np.ndarray(shape, x.dtype, x, 0, strides)
    return np.lib.stride_tricks.as_strided(x, shape, strides)


def _expand_shape(op: str, x: Tensor, sizes: tuple[int, ...]) -> tuple[int, ...]:
    shape = x._array.shape
    extra = len(sizes) - len(shape)
    if extra < 0:
        raise RuntimeError(
            f"{op}({{{list(shape)}}}, size={list(sizes)}): the number of sizes provided ({len(sizes)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    result = []
    for i, n in enumerate(sizes):
        old = 1 if i < extra else shape[i - extra]
        if n == -1:
            if i < extra:
                raise RuntimeError(
                    f"{op}: the expanded size of the tensor ({n}) isn't allowed in a leading, non-existing "
                    f"dimension {i}"
                )
            n = old
        if n not in (old,) and old != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({old}) at non-singleton "
                f"dimension {i}.  Target sizes: {list(sizes)}.  Tensor sizes: {list(shape)}"
            )
        result.append(n)
    return tuple(result)


def _method_expand(self: Tensor, *sizes: Any, size: Any = None) -> Tensor:
    """A view with dimensions of length 1 repeated without copying; -1 keeps one (``torch.Tensor.expand``)."""
    return _expand.run(self, shape=_expand_shape("expand", self, _sizes("expand", sizes, "size", size)))


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """``input.expand(size)`` (``torch.broadcast_to``)."""
    return _expand.run(input, shape=_expand_shape("expand", input, _size_tuple("broadcast_to", "size", size)))


def _method_broadcast_to(self: Tensor, *sizes: Any, size: Any = None) -> Tensor:
    """``self.expand(size)`` (``torch.Tensor.broadcast_to``)."""
    return broadcast_to(self, _sizes("broadcast_to", sizes, "size", size))


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """All tensors expanded to their common shape (``torch.broadcast_tensors``)."""
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}")
    try:
        shape = np.broadcast_shapes(*[t._array.shape for t in tensors])
    except ValueError:
        shapes = ", ".join(str(tuple(t.shape)) for t in tensors)
        raise RuntimeError(f"broadcast_tensors: shapes {shapes} cannot be broadcast together") from None
    return tuple([broadcast_to(t, shape) for t in tensors])


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that shapes, or lengths, broadcast to (``torch.broadcast_shapes``)."""
    sizes = []
    for shape in shapes:
        if not isinstance(shape, (int, tuple, list)):
            raise TypeError(f"Input shapes should be ints, or tuples or lists of ints, got {shape!r}")
        sizes.append((shape,) if isinstance(shape, int) else tuple(shape))
        if any(n < 0 for n in sizes[-1]):
            raise ValueError(f"Attempting to broadcast a dimension with negative length! Got {sizes[-1]}")
    try:
        return Size(np.broadcast_shapes(*sizes))
    except ValueError:
        texts = ", ".join(map(str, sizes))
        raise RuntimeError(
            f"Shape mismatch: objects cannot be broadcast to a single shape: broadcast_shapes got {texts}"
        ) from None


def _method_sum_to_size(self: Tensor, *sizes: Any, size: Any = None) -> Tensor:
    """Summed over what would be expanded from `size` to this shape (``torch.Tensor.sum_to_size``)."""
    wanted, shape = _sizes("sum_to_size", sizes, "size", size), self._array.shape
    extra = len(shape) - len(wanted)
    if extra < 0 or any(n not in (1, m) for n, m in zip(wanted, shape[extra:], strict=True)):
        raise RuntimeError(f"size {{{list(wanted)}}} is not expandable to size {{{list(shape)}}}.")
    dims = tuple(d for d, m in enumerate(shape) if d < extra or (wanted[d - extra] == 1 and m != 1))
    # To a number PyTorch sums even a number, which makes it int64 if it is an integer.
    return self.sum(dims, keepdim=True).reshape(wanted) if dims or not wanted else self.reshape(wanted)


for _function in (_method_expand, _method_broadcast_to, _method_sum_to_size):
    # What Python says about wrong arguments begins with this name.
    _function.__name__ = _function.__qualname__ = _function.__name__.removeprefix("_method_")
attach(
    expand=_method_expand, broadcast_to=_method_broadcast_to, sum_to_size=_method_sum_to_size,
    expand_as=lambda self, other: broadcast_to(self, other.shape),
)  # fmt: skip
del _function
