"""One tensor to several, as views: split, chunk, tensor_split, unbind."""

from __future__ import annotations

import itertools
from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.description import check_dim
from tinygrad5329.ops.joining import _cut
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.tensor import Tensor, attach, method

__all__ = [
    "chunk", "dsplit", "hsplit", "split", "split_with_sizes", "tensor_split", "unbind", "unsafe_chunk",
    "unsafe_split", "unsafe_split_with_sizes", "vsplit",
]  # fmt: skip


def _splitting(name: str) -> Primitive:
    return Primitive(
        name,
        lambda xp, x, *, sizes, dim: tuple(_cut(x, sizes, dim)),
        lambda xp, g, dim: xp.concatenate(g, axis=dim),
        view=True,
        outputs=-1,
    )


_split = _splitting("split")
_split_with_sizes = _splitting("split_with_sizes")
_unbind = Primitive(
    "unbind",
    lambda xp, x, *, dim: tuple([x[(slice(None),) * dim + (i, ...)] for i in range(x.shape[dim])]),
    lambda xp, g, dim: xp.stack(g, axis=dim),
    view=True,
    outputs=-1,
)


def _int(op: str, name: str, value: Any) -> int:
    if not hasattr(value, "__index__"):
        raise TypeError(f"{op}(): argument '{name}' must be int, not {type(value).__name__}")
    return value.__index__()


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive pieces along `dim`: of one size, or of the listed sizes (``torch.split``)."""
    dim = check_dim(dim, tensor._array.ndim)
    if tensor._array.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    size = tensor._array.shape[dim]
    if isinstance(split_size_or_sections, (list, tuple)):
        op = _split_with_sizes
        sizes = [_int("split", "split_sizes", n) for n in split_size_or_sections]
        if sum(sizes) != size or any(n < 0 for n in sizes):
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at "
                f"dimension {dim}), but got split_sizes={sizes}"
            )
    else:
        op = _split
        step = _int("split", "split_size", split_size_or_sections)
        if step < 0 or (step == 0 and size):
            raise RuntimeError(f"split expects split_size be positive, but got split_size={step}")
        sizes = [min(step, size - start) for start in range(0, size, step)] if size else [0]
    return op(tensor, sizes=sizes, dim=dim)


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
        return _split.run(input, sizes=[0] * chunks, dim=dim)
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
        return _split.run(input, sizes=sizes, dim=dim)
    cuts = [0, *(slice(None, i).indices(size)[1] for i in indices_or_sections), size]
    before = (slice(None),) * dim
    return tuple([input[(*before, slice(a, max(a, b)))] for a, b in itertools.pairwise(cuts)])


@method
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Views without dimension `dim`, one for each of its indices (``torch.unbind``)."""
    if input._array.ndim == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return _unbind.run(input, dim=check_dim(dim, input._array.ndim))


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


@method
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Equal pieces, or cuts at indices, along dimension 2 (``torch.dsplit``)."""
    if input._array.ndim < 3:
        raise RuntimeError(f"dsplit requires a tensor with at least 3 dimension, but got {input._array.ndim}")
    return _even_split("dsplit", input, indices_or_sections, 2)


@method
def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """:func:`split` into pieces of the listed sizes (``torch.split_with_sizes``)."""
    if not isinstance(split_sizes, (tuple, list)):
        raise TypeError(
            f"split_with_sizes(): argument 'split_sizes' must be tuple of ints, not {type(split_sizes).__name__}"
        )
    return split(input, split_sizes, dim)


# What is unsafe in PyTorch is writing to the pieces in place; here that is recorded as for any view.
def unsafe_split(tensor: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """:func:`split` (``torch.unsafe_split``)."""
    return split(tensor, split_size, dim)


unsafe_chunk, unsafe_split_with_sizes = chunk, split_with_sizes


def _method_split(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive pieces along `dim` (``torch.Tensor.split``)."""
    return split(self, split_size, dim)


_method_split.__name__ = _method_split.__qualname__ = "split"
attach(
    split=_method_split, unsafe_split=unsafe_split, unsafe_chunk=chunk, unsafe_split_with_sizes=split_with_sizes,
)  # fmt: skip
