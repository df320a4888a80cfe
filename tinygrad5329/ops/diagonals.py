"""The parts of matrices below and above a diagonal: tril, triu, and the diagonals themselves."""

from __future__ import annotations

from functools import lru_cache
from operator import index
from typing import Any

import numpy as np

from tinygrad5329.description import check_dim
from tinygrad5329.ops.inplace import in_place
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor, method

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "trace", "tril", "triu"]

_diagonal: Primitive = Primitive(
    "diagonal",
    lambda xp, x, *, offset, dim1, dim2: writable_diagonal(x, offset, dim1, dim2),
    lambda xp, g, x_shape, offset, dim1, dim2: _diagonal_backward.under(
        xp, g, shape=x_shape, offset=offset, dim1=dim1, dim2=dim2
    ),
    view=True,
)


def _zeros_but_diagonal(name: str) -> Primitive:
    return Primitive(
        name,
        lambda xp, x, *, shape, offset, dim1, dim2: _put_diagonal(x, shape, offset, dim1, dim2),
        lambda xp, g, offset, dim1, dim2: _diagonal.under(xp, g, offset=offset, dim1=dim1, dim2=dim2),
        exact=True,
    )


_diagonal_backward: Primitive = _zeros_but_diagonal("diagonal_backward")
_diag_embed = _zeros_but_diagonal("diag_embed")


@lru_cache(16)
def _small_below(rows: int, columns: int, k: int) -> Any:
    return np.tri(rows, columns, k, bool)


def _below(rows: int, columns: int, k: int) -> Any:
    """True on and below the diagonal `k`; what attention masks are made of is not made anew every time."""
    return (_small_below if rows * columns <= _SMALL else _small_below.__wrapped__)(rows, columns, k)


def _kept(x: Any, mask: Any) -> Any:
    out = np.zeros_like(x)
    np.copyto(out, x, where=mask)
    return out


#: Masks of so many elements at most are remembered.
_SMALL = 1 << 20
_tril: Primitive = Primitive(
    "tril",
    lambda xp, x, *, k: _kept(x, _below(x.shape[-2], x.shape[-1], k)),
    lambda xp, g, k: _tril.under(xp, g, k=k),
    exact=True,
)
_triu: Primitive = Primitive(
    "triu",
    lambda xp, x, *, k: _kept(x, ~_below(x.shape[-2], x.shape[-1], k - 1)),
    lambda xp, g, k: _triu.under(xp, g, k=k),
    exact=True,
)


def writable_diagonal(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """A view of the diagonal of `x`; NumPy's own is read-only."""
    view = x.diagonal(offset, dim1, dim2)
    if x.flags.writeable:
        view.flags.writeable = True
    return view


def _put_diagonal(g: Any, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Any:
    whole = np.zeros(shape, g.dtype)
    writable_diagonal(whole, offset, dim1, dim2)[...] = g
    return whole


def _triangle(op: str, primitive: Primitive, input: Any, diagonal: Any, out: Any) -> Tensor:
    expect_tensor(op, "input", input)
    if isinstance(diagonal, bool) or not hasattr(diagonal, "__index__"):
        raise TypeError(f"{op}(): argument 'diagonal' must be int, not {type(diagonal).__name__}")
    if input._array.ndim < 2:
        raise RuntimeError(f"{op}: input tensor must have at least 2 dimensions, got shape {tuple(input.shape)}")
    # Beyond the matrix every diagonal is the same; NumPy counts in 64 bits.
    limit = sum(input._array.shape[-2:])
    result = primitive(input, k=max(-limit, min(limit, index(diagonal))))
    return result if out is None else write_out(op, out, result)


@method
def tril(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The matrices with zeros above the `diagonal` (``torch.tril``)."""
    return _triangle("tril", _tril, input, diagonal, out)


@method
def triu(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The matrices with zeros below the `diagonal` (``torch.triu``)."""
    return _triangle("triu", _triu, input, diagonal, out)


@method
def tril_(self: Tensor, diagonal: int = 0) -> Tensor:
    """:func:`tril` in place (``torch.Tensor.tril_``)."""
    return in_place(self, "tril_", tril, diagonal)


@method
def triu_(self: Tensor, diagonal: int = 0) -> Tensor:
    """:func:`triu` in place (``torch.Tensor.triu_``)."""
    return in_place(self, "triu_", triu, diagonal)


@method
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of dimensions `dim1` and `dim2`, last, as a view (``torch.diagonal``)."""
    ndim = input._array.ndim
    dim1, dim2 = check_dim(dim1, ndim), check_dim(dim2, ndim)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return _diagonal(input, offset=offset, dim1=dim1, dim2=dim2)


@method
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices of zeros with the vectors of `input` as their diagonals (``torch.diag_embed``)."""
    expect_tensor("diag_embed", "input", input)
    shape = list(input._array.shape)
    if not shape:
        raise IndexError("diag_embed(): a 0-d tensor has no dimension to embed; reshape it to a vector")
    ndim = len(shape) + 1
    dim1, dim2 = check_dim(dim1, ndim), check_dim(dim2, ndim)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    length = shape.pop() + abs(offset)
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, length)
    return _diag_embed(input, shape=tuple(shape), offset=offset, dim1=dim1, dim2=dim2)


@method
def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """A vector as the diagonal of a matrix, or a copy of a matrix's diagonal (``torch.diag``)."""
    expect_tensor("diag", "input", input)
    if input._array.ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input._array.ndim}D")
    result = diag_embed(input, diagonal) if input._array.ndim == 1 else _diagonal(
        input, offset=diagonal, dim1=0, dim2=1).clone()  # fmt: skip
    return result if out is None else write_out("diag", out, result)


@method
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements as the diagonal of a matrix (``torch.diagflat``)."""
    expect_tensor("diagflat", "input", input)
    return diag_embed(input.reshape(-1), offset)


@method
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix (``torch.trace``)."""
    expect_tensor("trace", "input", input)
    if input._array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input._array.ndim}")
    return diagonal(input).sum()


@method
def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Write a number on the main diagonal, which starts again below in a tall matrix with `wrap`.

    Matches ``torch.Tensor.fill_diagonal_``; a tensor of more than two dimensions must have equal ones.

    >>> import tinygrad5329 as tg
    >>> tg.zeros(2, 2).fill_diagonal_(5)
    tensor([[5., 0.],
            [0., 5.]])
    """
    shape = self._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"dimensions must larger than 1: fill_diagonal_() got a tensor of shape {shape}")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError(f"all dimensions of input must be of equal length: fill_diagonal_() got shape {shape}")
    if not self._array.size:
        return self
    steps = self.stride()
    self.as_strided((min(shape),), (sum(steps),), self.storage_offset()).fill_(fill_value)
    if wrap and len(shape) == 2:
        for start in range(shape[1] + 1, shape[0], shape[1] + 1):
            self[start:].diagonal().fill_(fill_value)
    return self
