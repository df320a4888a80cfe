"""A copy with one part replaced: select_scatter, slice_scatter, diagonal_scatter, as_strided_scatter.

Each is the counterpart of a view: what the tensor would be after a write through that view.
"""

from __future__ import annotations

from typing import Any

from tinygrad5329.description import check_dim
from tinygrad5329.ops.diagonals import _diagonal, diagonal, writable_diagonal
from tinygrad5329.ops.indexing import assigning
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, expect_tensor, write_out
from tinygrad5329.tensor import Tensor, method

__all__ = ["diagonal_scatter", "select_scatter", "slice_scatter"]

_select_scatter = assigning("select_scatter")
_slice_scatter = assigning("slice_scatter")
_diagonal_scatter: Primitive = Primitive(
    "diagonal_scatter",
    lambda xp, x, v, *, offset, dim1, dim2: _with_diagonal(x, v, offset, dim1, dim2),
    lambda xp, g, v_shape, offset, dim1, dim2: _diagonal_scatter.under(
        xp, g, xp.zeros(v_shape, g.dtype), offset=offset, dim1=dim1, dim2=dim2
    ),
    lambda xp, g, offset, dim1, dim2: _diagonal.under(xp, g, offset=offset, dim1=dim1, dim2=dim2),
    exact=True,
)


def _with_diagonal(x: Any, v: Any, offset: int, dim1: int, dim2: int) -> Any:
    whole = x.copy()
    writable_diagonal(whole, offset, dim1, dim2)[...] = v
    return whole


def check_part(op: str, input: Any, src: Any, shape: tuple[int, ...]) -> Tensor:
    """`src` in the dtype of `input`; RuntimeError unless it has the shape of the part that it replaces."""
    expect_tensor(op, "input", input)
    expect_tensor(op, "src", src)
    if src._array.shape != tuple(shape):
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = "
            f"{list(shape)} ({op})"
        )
    return cast(src, input.dtype)


@method
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """`input` with `src` at `index` of dimension `dim` (``torch.select_scatter``)."""
    part = input.detach().select(dim, index)
    dim = check_dim(dim, input._array.ndim)
    where = (*(slice(None),) * dim, index.__index__())
    return _select_scatter(input, check_part("select_scatter", input, src, part.shape), index=where)


@method
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1, *,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`input` with `src` at ``start:end:step`` of dimension `dim` (``torch.slice_scatter``)."""
    expect_tensor("slice_scatter", "input", input)
    if not input._array.ndim:
        raise RuntimeError("slice_scatter(): a 0-d tensor has no dimension to slice")
    if step <= 0:
        raise RuntimeError(f"slice step must be positive, got {step}")
    dim = check_dim(dim, input._array.ndim)
    where = (*(slice(None),) * dim, slice(start, end, step))
    part = input._array[where].shape
    result = _slice_scatter(input, check_part("slice_scatter", input, src, part), index=where)
    return result if out is None else write_out("slice_scatter", out, result)


@method
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """`input` with `src` as the diagonal of `dim1` and `dim2` (``torch.diagonal_scatter``)."""
    expect_tensor("diagonal_scatter", "input", input)
    part = diagonal(input.detach(), offset, dim1, dim2).shape
    dim1, dim2 = check_dim(dim1, input._array.ndim), check_dim(dim2, input._array.ndim)
    src = check_part("diagonal_scatter", input, src, part)
    return _diagonal_scatter(input, src, offset=offset, dim1=dim1, dim2=dim2)
