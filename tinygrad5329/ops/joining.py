"""Several tensors to one: cat, stack, and their kin for rows, columns and depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.description import check_dim
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, write_out
from tinygrad5329.ops.shaping import atleast_1d, atleast_2d, atleast_3d
from tinygrad5329.tensor import Tensor

__all__ = [
    "cat", "column_stack", "concat", "concatenate", "dstack", "hstack", "row_stack", "stack", "vstack",
]  # fmt: skip

_cat = Primitive(
    "cat",
    lambda xp, *xs, dim: xp.concatenate(xs, axis=dim),
    joint=lambda xp, g, xs_shapes, dim: _cut(g, [shape[dim] for shape in xs_shapes], dim),
    exact=True,
)
_stack = Primitive(
    "stack",
    lambda xp, *xs, dim: xp.concatenate([x[(slice(None),) * dim + (None,)] for x in xs], axis=dim),
    joint=lambda xp, g, xs_shapes, dim: [g[(slice(None),) * dim + (i,)] for i in range(len(xs_shapes))],
    exact=True,
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
    first = tensors[0]._array.dtype
    if all([t._array.dtype is first for t in tensors]):
        return tensors
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
    result = _cat.run(*kept, dim=dim)
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
    result = _stack.run(*parts, dim=check_dim(dim, len(shape) + 1))
    return result if out is None else write_out("stack", out, result)


def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Joined along dimension 1, vectors along dimension 0 (``torch.hstack``)."""
    parts = [atleast_1d(t) for t in _sequence("hstack", tensors)]
    return cat(parts, 0 if parts and parts[0]._array.ndim == 1 else 1, out=out)


def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Joined along dimension 0, vectors as rows (``torch.vstack``)."""
    parts = [atleast_2d(t) for t in _sequence("vstack", tensors)]
    return cat(parts, 0, out=out)


def dstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Joined along dimension 2, as by :func:`atleast_3d` (``torch.dstack``)."""
    return cat([atleast_3d(t) for t in _sequence("dstack", tensors)], 2, out=out)


def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Joined along dimension 1, numbers and vectors as columns (``torch.column_stack``)."""
    parts = [t.reshape(-1, 1) if t._array.ndim < 2 else t for t in _sequence("column_stack", tensors)]
    return cat(parts, 1, out=out)


row_stack = vstack
concat = concatenate = cat
