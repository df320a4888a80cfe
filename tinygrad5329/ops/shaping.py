"""The same elements in another shape: reshape, permute, expand; views where the strides allow it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.description import check_dim
from tinygrad5329.dtypes import dtype
from tinygrad5329.ops.primitive import Primitive, identity, unbroadcast
from tinygrad5329.tensor import Tensor, method

__all__ = [
    "adjoint", "broadcast_tensors", "broadcast_to", "flatten", "moveaxis", "movedim", "permute", "ravel", "reshape",
    "squeeze", "swapaxes", "swapdims", "t", "transpose", "unflatten", "unsqueeze",
]  # fmt: skip

_reshape = Primitive(
    "reshape",
    lambda xp, x, *, shape: x.reshape(shape),
    lambda xp, g, x_shape: xp.reshape(g, x_shape),
    view=True,
)
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
_expand = Primitive(
    "expand",
    lambda xp, x, *, shape: _broadcast(x, shape),
    lambda xp, g, x_shape: unbroadcast(xp, g, x_shape),
    view=True,
)
_contiguous = Primitive("clone", lambda xp, x: x.copy(order="C"), lambda xp, g: g)


def _inverse(dims: Sequence[int]) -> tuple[int, ...]:
    inverse = [0] * len(dims)
    for place, dim in enumerate(dims):
        inverse[dim] = place
    return tuple(inverse)


def _broadcast(x: Any, shape: tuple[int, ...]) -> Any:
    """A view of `x` in `shape`. NumPy's own is read-only; writing to an expanded tensor is allowed."""
    if x.shape == shape:
        return x.view()
    extra = len(shape) - x.ndim
    strides = (0,) * extra + tuple(
        0 if n == 1 and shape[i + extra] != 1 else step
        for i, (n, step) in enumerate(zip(x.shape, x.strides, strict=True))
    )
    return np.lib.stride_tricks.as_strided(x, shape, strides)


def _sizes(op: str, shape: tuple[Any, ...]) -> tuple[int, ...]:
    """``f(2, 3)`` and ``f((2, 3))`` alike, as a tuple of ints."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    try:
        return tuple([n if type(n) is int else n.__index__() for n in shape])
    except AttributeError:
        raise TypeError(f"{op}(): argument 'shape' must be tuple of ints, not {shape!r}") from None


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
    shape = _sizes("reshape", (shape,))
    return _reshape(input, shape=_resolve("reshape", input, shape))


def _method_reshape(self: Tensor, *shape: Any) -> Tensor:
    """The elements in C order in `shape`; a view if possible (``torch.Tensor.reshape``)."""
    return _reshape(self, shape=_resolve("reshape", self, _sizes("reshape", shape)))


def _method_view(self: Tensor, *shape: Any) -> Tensor:
    """A view in `shape`, or of the bytes as another dtype (``torch.Tensor.view``).

    Raises RuntimeError where the strides do not allow a view; ``reshape`` copies there.
    """
    if len(shape) == 1 and isinstance(shape[0], dtype):
        return _as_dtype(self, shape[0])
    wanted = _resolve("view", self, _sizes("view", shape))
    out = _view(self, shape=wanted)
    if self._array.size and not np.may_share_memory(out._array, self._array):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans "
            "across two contiguous subspaces). Use .reshape(...) instead."
        )
    return out


def _as_dtype(self: Tensor, d: Any) -> Tensor:
    if self.requires_grad:
        raise RuntimeError("view(dtype): bytes have no derivative; detach() the tensor first")
    out = identity(self)
    out._array = self._array.view(d.numpy)
    out._version = self._version
    return out


def _method_permute(self: Tensor, *dims: Any) -> Tensor:
    """The dimensions in another order, as a view (``torch.Tensor.permute``)."""
    return permute(self, dims[0] if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims)


def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The dimensions in the order `dims`, as a view (``torch.permute``)."""
    ndim = input._array.ndim
    if len(dims) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
            f"desired ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = tuple([check_dim(dim, ndim) for dim in dims]) if ndim else ()
    if len(set(order)) != ndim:
        raise RuntimeError(f"permute(): duplicate dims are not allowed, got {tuple(dims)}")
    return _permute(input, dims=order)


@method
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged, as a view (``torch.transpose``)."""
    ndim = input._array.ndim
    dim0, dim1 = check_dim(dim0, ndim), check_dim(dim1, ndim)
    return _transpose(input, dim0=dim0, dim1=dim1) if ndim else _view(input, shape=())


@method
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and scalars as they are (``torch.t``)."""
    if input._array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D")
    return transpose(input, 0, 1) if input._array.ndim == 2 else _view(input, shape=input._array.shape)


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
    order = [d for d in range(ndim) if d not in sources]
    for place, dim in sorted(zip(places, sources, strict=True)):
        order.insert(place, dim)
    return _permute(input, dims=tuple(order))


@method
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A dimension of length 1 put in at `dim`, as a view (``torch.unsqueeze``)."""
    shape = input._array.shape
    dim = check_dim(dim, len(shape) + 1)
    return _view(input, shape=(*shape[:dim], 1, *shape[dim:])) if _plain(input) else _unsqueeze(input, dim=dim)


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
        gone = {d for d in (check_dim(each, len(shape)) for each in dims) if shape and shape[d] == 1}
    return _squeeze(input, dims=tuple(sorted(gone)))


_squeeze = Primitive(
    "squeeze",
    lambda xp, x, *, dims: x.squeeze(dims) if dims else x.view(),
    lambda xp, g, x_shape: xp.reshape(g, x_shape),
    view=True,
)


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


def _method_expand(self: Tensor, *sizes: Any) -> Tensor:
    """A view with dimensions of length 1 repeated without copying; -1 keeps one (``torch.Tensor.expand``)."""
    return _expand(self, shape=_expand_shape("expand", self, _sizes("expand", sizes)))


@method
def broadcast_to(input: Tensor, shape: Sequence[int]) -> Tensor:
    """``input.expand(shape)`` (``torch.broadcast_to``)."""
    return _expand(input, shape=_expand_shape("expand", input, tuple(shape)))


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """All tensors expanded to their common shape (``torch.broadcast_tensors``)."""
    try:
        shape = np.broadcast_shapes(*[t._array.shape for t in tensors])
    except ValueError:
        shapes = ", ".join(str(tuple(t.shape)) for t in tensors)
        raise RuntimeError(f"broadcast_tensors: shapes {shapes} cannot be broadcast together") from None
    return tuple([broadcast_to(t, shape) for t in tensors])


@method
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions `start_dim` to `end_dim`, inclusive, made one (``torch.flatten``)."""
    shape = input._array.shape
    start, end = check_dim(start_dim, len(shape)), check_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return _reshape(input, shape=(1,))
    return _reshape(input, shape=(*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@method
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension (``torch.ravel``)."""
    return flatten(input)


@method
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension `dim` split into `sizes` (``torch.unflatten``)."""
    shape = input._array.shape
    dim = check_dim(dim, len(shape))
    sizes = tuple(sizes)
    if -1 in sizes:
        rest = -math.prod(sizes)
        sizes = tuple(shape[dim] // rest if n == -1 and rest else n for n in sizes)
    if math.prod(sizes) != shape[dim]:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[dim]}) "
            "in the input tensor"
        )
    return _reshape(input, shape=(*shape[:dim], *sizes, *shape[dim + 1 :]))


@method
def contiguous(input: Tensor) -> Tensor:
    """The tensor itself if its elements lie in C order, else a copy that does (``torch.Tensor.contiguous``)."""
    return input if input._array.flags.c_contiguous else _contiguous(input)


swapaxes = swapdims = transpose
moveaxis = movedim
for _name, _function in {
    "reshape": _method_reshape, "view": _method_view, "permute": _method_permute, "expand": _method_expand,
    "adjoint": adjoint,
    "swapaxes": transpose, "swapdims": transpose, "moveaxis": movedim,
    "view_as": lambda self, other: _method_view(self, *other.shape),
    "reshape_as": lambda self, other: _method_reshape(self, *other.shape),
    "expand_as": lambda self, other: broadcast_to(self, other.shape),
    "T": property(lambda self: permute(self, tuple(reversed(range(self._array.ndim))))),
    "mT": property(lambda self: transpose(self, -2, -1)),
    "H": property(adjoint), "mH": property(adjoint),
}.items():  # fmt: skip
    setattr(Tensor, _name, _function)
del _name, _function
