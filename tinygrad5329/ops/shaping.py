"""The same elements in another shape: reshape, permute, squeeze; views where the strides allow it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.description import check_dim
from tinygrad5329.layout import order_of
from tinygrad5329.ops.primitive import Primitive, identity
from tinygrad5329.tensor import Tensor, method

__all__ = [
    "adjoint", "atleast_1d", "atleast_2d", "atleast_3d", "flatten", "moveaxis", "movedim", "permute", "ravel",
    "reshape", "squeeze", "swapaxes", "swapdims", "t", "transpose", "unflatten", "unsqueeze",
]  # fmt: skip

_reshape = Primitive(
    "reshape",
    lambda xp, x, *, shape: x.reshape(shape),
    lambda xp, g, x_shape: xp.reshape(g, x_shape),
    view=True,
)
_reshape.node_name = "UnsafeViewBackward0"
_view = Primitive(
    "view",
    lambda xp, x, *, shape: x.reshape(shape),
    lambda xp, g, x_shape: xp.reshape(g, x_shape),
    view=True,
)
_permute = Primitive(
    "permute",
    lambda xp, x, *, dims: x.transpose(dims),
    lambda xp, g, dims: xp.transpose(g, _inverse(dims)),
    view=True,
)
_transpose = Primitive(
    "transpose",
    lambda xp, x, *, dim0, dim1: x.swapaxes(dim0, dim1),
    lambda xp, g, dim0, dim1: xp.swapaxes(g, dim0, dim1),
    view=True,
)
_contiguous = Primitive("clone", lambda xp, x, *, order="C": x.copy(order=order), lambda xp, g: g, exact=True)


def _inverse(dims: Sequence[int]) -> tuple[int, ...]:
    inverse = [0] * len(dims)
    for place, dim in enumerate(dims):
        inverse[dim] = place
    return tuple(inverse)


def _sizes(op: str, shape: tuple[Any, ...], name: str = "shape", keyword: Any = None) -> tuple[int, ...]:
    """``f(2, 3)``, ``f((2, 3))`` and ``f(shape=(2, 3))`` alike, as a tuple of ints."""
    if keyword is not None:
        if shape:
            raise TypeError(f"{op}() got multiple values for argument '{name}'")
        shape = (keyword,)
    elif not shape:
        raise TypeError(f'{op}() missing 1 required positional arguments: "{name}"; none at all is ()')
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    try:
        return tuple([n if type(n) is int else n.__index__() for n in shape])
    except AttributeError:
        raise TypeError(f"{op}(): argument '{name}' must be tuple of ints, not {shape!r}") from None


def _size_tuple(op: str, name: str, value: Any) -> tuple[int, ...]:
    """A tuple of ints that may not be given one by one."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{op}(): argument '{name}' must be tuple of ints, not {type(value).__name__}")
    return _sizes(op, (value,), name)


def _resolve(op: str, x: Tensor, shape: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with its -1 worked out, checked against the number of elements."""
    size = x._array.size
    if -1 in shape:
        rest = -math.prod(shape)
        if shape.count(-1) > 1:
            raise RuntimeError(f"{op}: only one dimension can be inferred, got {list(shape)}")
        if rest == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified "
                "dimension size -1 can be any value and is ambiguous"
            )
        if size % rest == 0:
            return tuple([size // rest if n == -1 else n for n in shape])
    elif math.prod(shape) == size and not any(n < 0 for n in shape):
        return shape
    raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}: {op} of {tuple(x.shape)}")


def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """The elements in C order in `shape`; a view if possible, else a copy (``torch.reshape``).

    >>> import tinygrad5329 as tg
    >>> tg.reshape(tg.arange(6), (2, -1)).shape
    tinygrad5329.Size([2, 3])
    """
    shape = _size_tuple("reshape", "shape", shape)
    return _reshaped(input, _resolve("reshape", input, shape))


def _reshaped(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    # PyTorch's graph knows a view from a copy in another shape.
    return (_view if x._array.flags.c_contiguous else _reshape).run(x, shape=shape)


def _method_reshape(self: Tensor, *sizes: Any, shape: Any = None) -> Tensor:
    """The elements in C order in `shape`; a view if possible (``torch.Tensor.reshape``)."""
    return _reshaped(self, _resolve("reshape", self, _sizes("reshape", sizes, "shape", shape)))


def _method_view(self: Tensor, *shape: Any, size: Any = None, dtype: Any = None) -> Tensor:
    """A view in `shape`, or of the bytes as another dtype (``torch.Tensor.view``).

    Raises RuntimeError where the strides do not allow a view; ``reshape`` copies there.
    """
    if dtype is None and len(shape) == 1 and isinstance(shape[0], dtypes.dtype):
        dtype, shape = shape[0], ()
    if dtype is not None:
        if shape or size is not None:
            raise TypeError("view() takes a size or a dtype, not both")
        return _as_dtype(self, dtype)
    wanted = _resolve("view", self, _sizes("view", shape, "size", size))
    out = _view.run(self, shape=wanted)
    if out._view is None and self._array.size:
        # A copy, then.
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans "
            "across two contiguous subspaces). Use .reshape(...) instead."
        )
    return out


def _as_dtype(self: Tensor, d: Any) -> Tensor:
    if self.requires_grad:
        raise RuntimeError("view(dtype): bytes have no derivative; detach() the tensor first")
    out = identity(self)
    try:
        out._array = self._array.view(d.numpy)
    except ValueError as error:
        raise RuntimeError(
            f"view(dtype): {self.dtype} of shape {tuple(self.shape)} cannot be seen as {d}: {error}"
        ) from None
    out._version = self._version
    return out


def _method_permute(self: Tensor, *order: Any, dims: Any = None) -> Tensor:
    """The dimensions in another order, as a view (``torch.Tensor.permute``)."""
    return permute(self, _sizes("permute", order, "dims", dims))


def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The dimensions in the order `dims`, as a view (``torch.permute``)."""
    dims = _size_tuple("permute", "dims", dims)
    ndim = input._array.ndim
    if len(dims) != ndim:
        raise RuntimeError(
            "permute(): number of dimensions in the tensor input does not match the length of the "
            f"desired ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = tuple([check_dim(dim, ndim) for dim in dims]) if ndim else ()
    if len(set(order)) != ndim:
        raise RuntimeError(f"permute(): duplicate dims are not allowed, got {tuple(dims)}")
    return _permute.run(input, dims=order)


@method
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged, as a view (``torch.transpose``)."""
    ndim = input._array.ndim
    dim0, dim1 = check_dim(dim0, ndim), check_dim(dim1, ndim)
    return _transpose.run(input, dim0=dim0, dim1=dim1) if ndim else _view(input, shape=())


@method
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and scalars as they are (``torch.t``)."""
    if input._array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D")
    return transpose(input, 0, 1) if input._array.ndim == 2 else _view(input, shape=input._array.shape)


@method
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """``transpose`` under NumPy's name (``torch.swapaxes``)."""
    return transpose(input, axis0, axis1)


def _matrices(self: Tensor) -> Tensor:
    if self._array.ndim < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {self._array.ndim}-D tensor."
        )
    return transpose(self, -2, -1)


def _hermitian(self: Tensor) -> Tensor:
    if self._array.ndim > 2:
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {self._array.ndim}-D tensor. For batches of "
            "matrices, consider using tensor.mH"
        )
    return adjoint(self)


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, conjugated if complex (``torch.adjoint``)."""
    if input._array.ndim < 2:
        raise RuntimeError(f"adjoint() needs a matrix or a batch of them, got shape {tuple(input.shape)}")
    out = transpose(input, -2, -1)
    return out.conj() if input.is_complex() else out


@method
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions `source` moved to the places `destination` (``torch.movedim``)."""
    ndim = input._array.ndim
    sources = [check_dim(d, ndim) for d in (source if isinstance(source, (tuple, list)) else [source])]
    places = [check_dim(d, ndim) for d in (destination if isinstance(destination, (tuple, list)) else [destination])]
    if len(sources) != len(places) or len({*sources}) != len(sources) or len({*places}) != len(places):
        raise RuntimeError(
            f"movedim: source {source} and destination {destination} must be the same number of distinct dimensions"
        )
    if not ndim:
        return _view(input, shape=())
    order = [d for d in range(ndim) if d not in sources]
    for place, dim in sorted(zip(places, sources, strict=True)):
        order.insert(place, dim)
    return _permute.run(input, dims=tuple(order))


@method
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A dimension of length 1 put in at `dim`, as a view (``torch.unsqueeze``)."""
    shape = input._array.shape
    dim = check_dim(dim, len(shape) + 1)
    return _view(input, shape=(*shape[:dim], 1, *shape[dim:])) if _plain(input) else _unsqueeze.run(input, dim=dim)


# A non-contiguous array may not be reshaped in place, but a dimension of length 1 always fits.
_unsqueeze = Primitive(
    "unsqueeze",
    lambda xp, x, *, dim: np.expand_dims(x, dim),
    lambda xp, g, x_shape: xp.reshape(g, x_shape),
    view=True,
)


def _plain(x: Tensor) -> bool:
    return x._array.flags.c_contiguous


_MISSING = object()


@method
def squeeze(input: Tensor, dim: Any = _MISSING) -> Tensor:
    """Dimensions of length 1 removed: all, or those of `dim` that are 1 (``torch.squeeze``)."""
    shape = input._array.shape
    if dim is _MISSING or dim is None:
        gone = {i for i, n in enumerate(shape) if n == 1}
    else:
        dims = dim if isinstance(dim, (tuple, list)) else (dim,)
        places = [check_dim(each, len(shape)) for each in dims]
        if len(set(places)) != len(places):
            raise RuntimeError(f"squeeze(): a dim appears multiple times in the list of dims {dims}")
        gone = {d for d in places if shape and shape[d] == 1}
    return _squeeze.run(input, dims=tuple(sorted(gone)))


_squeeze = Primitive(
    "squeeze",
    lambda xp, x, *, dims: x.squeeze(dims) if dims else x.view(),
    lambda xp, g, x_shape: xp.reshape(g, x_shape),
    view=True,
)


@method
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions `start_dim` to `end_dim`, inclusive, made one (``torch.flatten``)."""
    shape = input._array.shape
    start, end = check_dim(start_dim, len(shape)), check_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return _reshaped(input, (1,))
    return _reshaped(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@method
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension (``torch.ravel``)."""
    return flatten(input)


@method
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension `dim` split into `sizes` (``torch.unflatten``)."""
    shape = input._array.shape
    if not shape:
        raise RuntimeError("unflatten(): a 0-d tensor has no dimension to unflatten")
    dim = check_dim(dim, len(shape))
    sizes = _size_tuple("unflatten", "sizes", sizes)
    if -1 in sizes:
        rest = -math.prod(sizes)
        sizes = tuple(shape[dim] // rest if n == -1 and rest else n for n in sizes)
    if math.prod(sizes) != shape[dim]:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[dim]}) "
            "in the input tensor"
        )
    return _reshaped(input, (*shape[:dim], *sizes, *shape[dim + 1 :]))


def _each(function: Any, tensors: tuple[Any, ...]) -> Any:
    """`function` of one tensor, or of several: then a tuple."""
    if len(tensors) == 1 and not isinstance(tensors[0], (tuple, list)):
        return function(tensors[0])
    return tuple([function(t) for t in (tensors[0] if len(tensors) == 1 else tensors)])


def atleast_1d(*tensors: Any) -> Any:
    """Numbers as vectors of one element; of several tensors a tuple (``torch.atleast_1d``)."""
    return _each(lambda t: t.reshape(1) if t.dim() == 0 else t, tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Numbers and vectors as matrices of one row; of several tensors a tuple (``torch.atleast_2d``)."""
    return _each(lambda t: t.reshape(1, 1) if t.dim() == 0 else unsqueeze(t, 0) if t.dim() == 1 else t, tensors)


def atleast_3d(*tensors: Any) -> Any:
    """With dimensions of length 1 put around, or behind a matrix, up to three (``torch.atleast_3d``)."""
    return _each(lambda t: unsqueeze(atleast_2d(t), -1) if t.dim() < 3 else t, tensors)


@method
def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself if its elements lie in C order, else a copy that does (``torch.Tensor.contiguous``)."""
    if memory_format is not None and order_of("contiguous", memory_format, input._array.ndim) is not None:
        return input.to(memory_format=memory_format)
    return input if input._array.flags.c_contiguous else _contiguous.run(input)


swapdims = transpose
moveaxis = movedim
_members: dict[str, Any] = {
    "reshape": _method_reshape, "view": _method_view, "permute": _method_permute, "adjoint": adjoint,
    "swapdims": transpose, "moveaxis": movedim,
    "view_as": lambda self, other: _method_view(self, other.shape),
    "reshape_as": lambda self, other: _method_reshape(self, other.shape),
    "T": property(lambda self: permute(self, tuple(reversed(range(self._array.ndim))))),
    "mT": property(_matrices), "H": property(_hermitian), "mH": property(adjoint),
}  # fmt: skip
for _name, _function in _members.items():
    if getattr(_function, "__name__", "").startswith("_method_"):
        # What Python says about wrong arguments begins with this name.
        _function.__name__ = _function.__qualname__ = _name
    setattr(Tensor, _name, _function)
del _name, _function, _members
