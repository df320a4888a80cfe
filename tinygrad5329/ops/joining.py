"""Several tensors to one and one to several: cat, stack, split, chunk, unbind."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.description import check_dim
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, write_out
from tinygrad5329.tensor import Tensor, method

__all__ = [
    "cat",
    "chunk",
    "concat",
    "concatenate",
    "hsplit",
    "hstack",
    "split",
    "stack",
    "tensor_split",
    "unbind",
    "vsplit",
    "vstack",
]

_cat = Primitive(
    "cat",
    lambda xp, *xs, dim: xp.concatenate(xs, axis=dim),
    joint=lambda xp, g, xs_shapes, dim: _cut(g, [shape[dim] for shape in xs_shapes], dim),
)
_stack = Primitive(
    "stack",
    lambda xp, *xs, dim: xp.stack(xs, axis=dim),
    joint=lambda xp, g, xs_shapes, dim: [g[(slice(None),) * dim + (i,)] for i in range(len(xs_shapes))],
)
_split = Primitive(
    "split",
    lambda xp, x, *, sizes, dim: tuple(_cut(x, sizes, dim)),
    lambda xp, g, dim: xp.concatenate(g, axis=dim),
    view=True,
    outputs=-1,
)
_unbind = Primitive(
    "unbind",
    lambda xp, x, *, dim: tuple([x[(slice(None),) * dim + (i, ...)] for i in range(x.shape[dim])]),
    lambda xp, g, dim: xp.stack(g, axis=dim),
    view=True,
    outputs=-1,
)


def _cut(x: Any, sizes: Sequence[int], dim: int) -> list[Any]:
    """Slices of the given sizes along `dim`, one after the other."""
    pieces, start = [], 0
    before = (slice(None),) * dim
    for size in sizes:
        pieces.append(x[(*before, slice(start, start + size))])
        start += size
    return pieces


def _sequence(op: str, tensors: Any) -> list[Tensor]:
    """The tensors to join, as a list."""
    if isinstance(tensors, Tensor) or not hasattr(tensors, "__iter__"):
        raise TypeError(f"{op}(): argument 'tensors' must be tuple of Tensors, not {type(tensors).__name__}")
    tensors = list(tensors)
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}")
    if not tensors:
        # The types are PyTorch's.
        error = ValueError if op == "cat" else RuntimeError
        raise error(f"{op}(): expected a non-empty list of Tensors")
    return tensors


def _common(tensors: list[Tensor]) -> list[Tensor]:
    common = tensors[0].dtype
    for t in tensors[1:]:
        common = dtypes.promote_types(common, t.dtype)
    return [cast(t, common) for t in tensors]


def cat(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors joined along an existing dimension (``torch.cat``).

    The other dimensions must agree; 1-d tensors without elements are passed over.
    """
    parts = _common(_sequence("cat", tensors))
    kept = [t for t in parts if t._array.shape != (0,)] or parts[:1]
    first = kept[0]._array.shape
    if any(t._array.ndim == 0 for t in kept):
        raise RuntimeError("zero-dimensional tensor cannot be concatenated; use stack")
    # Of nothing but empty vectors, PyTorch takes any dimension.
    dim = 0 if first == (0,) else check_dim(dim, len(first))
    for i, t in enumerate(kept):
        shape = t._array.shape
        if len(shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
        for d, (n, m) in enumerate(zip(first, shape, strict=True)):
            if n != m and d != dim:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {n} but got size {m} "
                    f"for tensor number {i} in the list (shapes {first} and {shape})."
                )
    result = _cat(*kept, dim=dim)
    return result if out is None else write_out("cat", out, result)


def stack(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors of one shape joined along a new dimension (``torch.stack``)."""
    parts = _common(_sequence("stack", tensors))
    shape = parts[0]._array.shape
    for i, t in enumerate(parts):
        if t._array.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(t._array.shape)} at entry {i}"
            )
    result = _stack(*parts, dim=check_dim(dim, len(shape) + 1))
    return result if out is None else write_out("stack", out, result)


def _int(op: str, name: str, value: Any) -> int:
    if not hasattr(value, "__index__"):
        raise TypeError(f"{op}(): argument '{name}' must be int, not {type(value).__name__}")
    return value.__index__()


@method
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive pieces along `dim`: of one size, or of the listed sizes (``torch.split``)."""
    dim = check_dim(dim, tensor._array.ndim)
    if tensor._array.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    size = tensor._array.shape[dim]
    if isinstance(split_size_or_sections, (list, tuple)):
        sizes = [_int("split", "split_sizes", n) for n in split_size_or_sections]
        if sum(sizes) != size or any(n < 0 for n in sizes):
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at "
                f"dimension {dim}), but got split_sizes={sizes}"
            )
    else:
        step = _int("split", "split_size", split_size_or_sections)
        if step < 0 or (step == 0 and size):
            raise RuntimeError(f"split expects split_size be positive, but got split_size={step}")
        sizes = [min(step, size - start) for start in range(0, size, step)] if size else [0]
    return _split(tensor, sizes=sizes, dim=dim)


@method
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` views of equal size along `dim`, the last perhaps smaller (``torch.chunk``)."""
    chunks = _int("chunk", "chunks", chunks)
    if input._array.ndim == 0:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = check_dim(dim, input._array.ndim)
    size = input._array.shape[dim]
    if size == 0:
        return _split(input, sizes=[0] * chunks, dim=dim)
    return split(input, -(-size // chunks), dim)


@method
def tensor_split(
    input: Tensor, indices_or_sections: Any = None, dim: int = 0, *, indices: Any = None, sections: int | None = None
) -> tuple[Tensor, ...]:
    """NumPy's ``array_split``: a number of nearly equal pieces, or cuts at indices (``torch.tensor_split``)."""
    given = [each for each in (indices_or_sections, indices, sections) if each is not None]
    if len(given) != 1:
        raise TypeError("tensor_split() takes one of indices_or_sections, indices and sections")
    indices_or_sections = given[0]
    if input._array.ndim == 0:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = check_dim(dim, input._array.ndim)
    size = input._array.shape[dim]
    if isinstance(indices_or_sections, Tensor):
        if indices_or_sections.dtype is not dtypes.int64 or indices_or_sections.dim() > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be long and of at most one dimension, but got "
                f"{indices_or_sections.dtype} of shape {tuple(indices_or_sections.shape)}"
            )
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        n = indices_or_sections
        if n <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {n}")
        sizes = [size // n + (i < size % n) for i in range(n)]
        return _split(input, sizes=sizes, dim=dim)
    cuts = [0, *(slice(None, i).indices(size)[1] for i in indices_or_sections), size]
    before = (slice(None),) * dim
    return tuple([input[(*before, slice(a, max(a, b)))] for a, b in itertools.pairwise(cuts)])


@method
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Views without dimension `dim`, one for each of its indices (``torch.unbind``)."""
    if input._array.ndim == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return _unbind(input, dim=check_dim(dim, input._array.ndim))


def _at_least_1d(t: Tensor) -> Tensor:
    return t.reshape(1) if t._array.ndim == 0 else t


def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Joined along dimension 1, vectors along dimension 0 (``torch.hstack``)."""
    parts = [_at_least_1d(t) for t in _sequence("hstack", tensors)]
    return cat(parts, 0 if parts and parts[0]._array.ndim == 1 else 1, out=out)


def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Joined along dimension 0, vectors as rows (``torch.vstack``)."""
    parts = [t.reshape(1, -1) if t._array.ndim < 2 else t for t in _sequence("vstack", tensors)]
    return cat(parts, 0, out=out)


def _even_split(op: str, input: Tensor, indices_or_sections: Any, dim: int) -> tuple[Tensor, ...]:
    n = indices_or_sections
    if isinstance(n, int) and (n <= 0 or input._array.shape[dim] % n):
        raise RuntimeError(
            f"{op} attempted to split along dimension {dim}, but the size of the dimension "
            f"{input._array.shape[dim]} is not divisible by the split_size {n}; tensor_split makes unequal pieces"
        )
    return tensor_split(input, n, dim)


@method
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Equal pieces, or cuts at indices, along dimension 1, of vectors along 0 (``torch.hsplit``)."""
    if input._array.ndim == 0:
        raise RuntimeError("hsplit requires a tensor with at least 1 dimension, but got a 0-d tensor")
    return _even_split("hsplit", input, indices_or_sections, 0 if input._array.ndim == 1 else 1)


@method
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Equal pieces, or cuts at indices, along dimension 0 (``torch.vsplit``)."""
    if input._array.ndim < 2:
        raise RuntimeError(f"vsplit requires a tensor with at least 2 dimensions, but got {input._array.ndim}")
    return _even_split("vsplit", input, indices_or_sections, 0)


concat = concatenate = cat
