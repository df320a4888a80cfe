"""Products and powers of vectors along a dimension: ``cross``, ``vecdot``, Vandermonde matrices."""

from __future__ import annotations

from operator import index

from tinygrad5329.description import check_dim
from tinygrad5329.ops.joining import cat
from tinygrad5329.ops.promote import broadcast_shape, expect_tensor, operands, write_out
from tinygrad5329.ops.rearranging import roll
from tinygrad5329.tensor import Tensor, method

__all__ = ["cross"]


def _cross(op: str, input: Tensor, other: Tensor, dim: int, out: Tensor | None) -> Tensor:
    x, y = operands(op, input, other)
    # a_1 b_2 - a_2 b_1 and so on, the numbers modulo 3.
    result = roll(x, -1, dim) * roll(y, -2, dim) - roll(x, -2, dim) * roll(y, -1, dim)
    return result if out is None else write_out(op, out, result)


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The cross product of vectors of length 3 along `dim`, broadcast (``torch.linalg.cross``)."""
    op = "linalg.cross"
    expect_tensor(op, "input", input)
    expect_tensor(op, "other", other)
    if input.ndim != other.ndim:
        raise RuntimeError(f"{op}: inputs must have the same number of dimensions.")
    at = check_dim(dim, input.ndim)
    if input.shape[at] != 3 or other.shape[at] != 3:
        raise RuntimeError(
            f"{op}: inputs dimension {dim} must have length 3. Got {input.shape[at]} and {other.shape[at]}"
        )
    broadcast_shape(op, tuple(input.shape), tuple(other.shape))
    return _cross(op, input, other, at, out)


@method
def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """``linalg.cross``, by default along the first dimension of length 3 (``torch.cross``)."""
    if dim is None:
        expect_tensor("cross", "input", input)
        dim = next((i for i, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError(f"no dimension of size 3 in input: cross got shape {tuple(input.shape)}")
    return linalg_cross(input, other, dim=dim, out=out)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The sums along `dim` of ``conj(x) * y``, broadcast (``torch.linalg.vecdot``)."""
    expect_tensor("linalg.vecdot", "x", x)
    expect_tensor("linalg.vecdot", "y", y)
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {x.dtype} and y of type "
            f"{y.dtype} instead"
        )
    if not (x.dtype.is_floating_point or x.dtype.is_complex):
        raise RuntimeError(f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {x.dtype}")
    result = (x.conj() * y).sum(dim)
    return result if out is None else write_out("linalg.vecdot", out, result)


def vander(x: Tensor, N: int | None = None) -> Tensor:
    """The powers 0 to ``N - 1`` of each element, along a new last dimension (``torch.linalg.vander``)."""
    expect_tensor("linalg.vander", "x", x)
    if x.dtype.numpy.kind == "b":
        raise RuntimeError("linalg.vander: Expected an integral, floating point or complex tensor, got Bool")
    x = x if x.ndim else x.unsqueeze(0)
    count = x.shape[-1] if N is None else index(N)
    if count <= 1:
        raise RuntimeError(f"N must be greater than 1. linalg.vander got {count}")
    ones = x.new_ones((*x.shape, 1))
    repeated = x.unsqueeze(-1).expand(*x.shape, count - 1)
    return cat([ones, repeated], -1).cumprod(-1)
