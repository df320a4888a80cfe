"""The dimensions of a reduction: PyTorch's ``dim`` and ``keepdim`` made into NumPy's axes, and checked."""

from __future__ import annotations

import math
from operator import index
from typing import Any

from tinygrad5329.description import check_dim
from tinygrad5329.dtypes import TITLES
from tinygrad5329.tensor import Tensor

__all__ = [
    "all_axes", "check_keepdim", "kept_shape", "one_axis", "reduced_count", "scalar_type",
    "spread", "tensor_operand",
]  # fmt: skip


def scalar_type(numpy_dtype: Any) -> str:
    """The name of a dtype in PyTorch's messages, such as ``Long``."""
    return TITLES[numpy_dtype.name]


def tensor_operand(op: str, input: Any) -> Any:
    """The array of `input`; TypeError if it is not a tensor."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{op}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return input._array


def one_axis(op: str, dim: Any, ndim: int) -> int | None:
    """The axis that `dim` names; None for a 0-d tensor, which PyTorch treats as having one dimension."""
    if type(dim) is not int:
        try:
            if isinstance(dim, bool):
                raise TypeError
            dim = index(dim)
        except TypeError:
            raise TypeError(f"{op}(): argument 'dim' must be int, not {type(dim).__name__}") from None
    if 0 <= dim < ndim:
        return dim
    dim = check_dim(dim, ndim)
    return dim if ndim else None


def check_keepdim(op: str, keepdim: Any) -> None:
    """TypeError unless `keepdim` is a bool: in ``x.sum(0, 1)`` the 1 is most likely meant as a dimension."""
    if keepdim is not False and keepdim is not True:
        raise TypeError(f"{op}(): argument 'keepdim' must be bool, not {type(keepdim).__name__}")


def all_axes(op: str, dim: Any, ndim: int) -> Any:
    """The axes that `dim` names, an int or several: an int, a tuple, or None for all of them."""
    if type(dim) is int:
        return one_axis(op, dim, ndim)
    if dim is None:
        return None
    if not isinstance(dim, (tuple, list)):
        return one_axis(op, dim, ndim)
    axes = []
    for each in dim:
        axis = one_axis(op, each, ndim)
        if axis in axes:
            raise RuntimeError(f"dim {axis or 0} appears multiple times in the list of dims")
        axes.append(axis)
    if len(axes) == 1:
        return axes[0]
    return None if len(axes) in (0, ndim) else tuple(sorted(axes))  # type: ignore[type-var]


def reduced_count(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements go into one result of a reduction over `axis`."""
    if type(axis) is int:
        return shape[axis]
    return math.prod(shape if axis is None else [shape[each] for each in axis])


def kept_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The shape of a reduction over `axis` that keeps the axes, with length 1."""
    if axis is None:
        return (1,) * len(shape)
    gone = axis if type(axis) is tuple else (axis,)
    return tuple([1 if i in gone else n for i, n in enumerate(shape)])


def spread(xp: Any, g: Any, shape: tuple[int, ...], axis: Any) -> Any:
    """`g`, of the shape that a reduction of `shape` over `axis` gives, over all of `shape` again."""
    if len(g.shape) not in (0, len(shape)):
        g = xp.reshape(g, kept_shape(shape, axis))
    return xp.broadcast_to(g, shape)
