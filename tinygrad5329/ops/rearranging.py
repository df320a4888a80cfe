"""Elements in another order: flip, roll, rot90; and a part of them: narrow."""

from __future__ import annotations

from typing import Any

from tinygrad5329.description import check_dim
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.ops.shaping import _size_tuple, _sizes, flatten, reshape, transpose
from tinygrad5329.tensor import Tensor, method

__all__ = ["flip", "fliplr", "flipud", "narrow", "narrow_copy", "roll", "rot90"]

_flip: Primitive = Primitive(
    "flip",
    lambda xp, x, *, dims: xp.flip(x, dims).copy(),
    lambda xp, g, dims: xp.flip(g, dims),
    exact=True,
)
_roll: Primitive = Primitive(
    "roll",
    lambda xp, x, *, shifts, dims: xp.roll(x, shifts, dims),
    lambda xp, g, shifts, dims: _roll.under(xp, g, shifts=tuple(-s for s in shifts), dims=dims),
    exact=True,
)


def _dims(dims: Any, ndim: int, op: str) -> tuple[int, ...]:
    result = tuple([check_dim(d, ndim) for d in dims])
    if len(set(result)) != len(result):
        raise RuntimeError(f"{op}: dim appears multiple times in the list of dims {dims}")
    return result


def flip(input: Tensor, dims: Any) -> Tensor:
    """A copy with the order of the elements reversed along `dims` (``torch.flip``)."""
    dims = _dims(_size_tuple("flip", "dims", dims), input._array.ndim, "flip")
    return _flip(input, dims=dims if input._array.ndim else ())


def fliplr(input: Tensor) -> Tensor:
    """``flip`` along dimension 1 (``torch.fliplr``)."""
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """``flip`` along dimension 0 (``torch.flipud``)."""
    if input._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, (0,))


@method
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """The elements moved along `dims`, those that fall out coming in at the other end (``torch.roll``)."""
    shifts = _sizes("roll", (shifts,), "shifts")
    dims = () if dims is None else _sizes("roll", (dims,), "dims")
    if not shifts:
        raise RuntimeError("roll(): `shifts` required")
    if not dims and len(shifts) == 1:
        return reshape(_roll(flatten(input), shifts=shifts, dims=(0,)), input._array.shape)
    if len(dims) != len(shifts):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    if input._array.ndim == 0:
        raise IndexError(f"roll(): dimension specified as {dims[0]} but the tensor has no dimensions")
    return _roll(input, shifts=shifts, dims=tuple([check_dim(d, input._array.ndim) for d in dims]))


@method
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` elements of dimension `dim` from `start` on, as a view (``torch.narrow``)."""
    if input._array.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, Tensor) and (start._array.ndim or start._array.dtype.kind not in "iu"):
        raise RuntimeError("narrow(): start must be an 0-dim integral Tensor.")
    for name, value in (("start", start), ("length", length)):
        if not hasattr(value, "__index__"):
            raise TypeError(f"narrow(): argument '{name}' must be int, not {type(value).__name__}")
    dim = check_dim(dim, input._array.ndim)
    size = input._array.shape[dim]
    start = start.__index__()
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start += size if start < 0 else 0
    if length < 0 or start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return input[(slice(None),) * dim + (slice(start, start + length),)]


@method
def narrow_copy(input: Tensor, dim: int, start: int, length: int, *, out: Tensor | None = None) -> Tensor:
    """:func:`narrow` as a copy (``torch.narrow_copy``)."""
    result = narrow(input, dim, start, length).clone()
    return result if out is None else write_out("narrow_copy", out, result)


@method
def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """The plane of two dimensions turned by `k` right angles, the first towards the second (``torch.rot90``)."""
    dims = _size_tuple("rot90", "dims", dims)
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    ndim = input._array.ndim
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    for d in dims:
        if not -ndim <= d < ndim:
            raise RuntimeError(f"Rotation dim out of range, dim = {d} of a tensor of {ndim} dimensions")
    first, second = dims[0] % ndim, dims[1] % ndim
    if first == second:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    k %= 4
    if k == 0:
        return input.clone()
    if k == 2:
        return flip(input, (first, second))
    if k == 1:
        return transpose(flip(input, (second,)), first, second)
    return flip(transpose(input, first, second), (second,))


def _method_flip(self: Tensor, *sizes: Any, dims: Any = None) -> Tensor:
    """A copy with the order reversed along `dims` (``torch.Tensor.flip``)."""
    return flip(self, _sizes("flip", sizes, "dims", dims))


for _name, _function in {"flip": _method_flip, "fliplr": fliplr, "flipud": flipud}.items():
    _function.__name__ = _function.__qualname__ = _name
    setattr(Tensor, _name, _function)
del _name, _function
