"""Norms of vectors and matrices, and the condition number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.description import check_dim
from tinygrad5329.ops import norms
from tinygrad5329.ops.decompositions.checks import floating, matrices
from tinygrad5329.ops.decompositions.singular import svdvals
from tinygrad5329.ops.decompositions.solve import inv_ex
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.promote import cast, expect_tensor, write_out
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["cond", "matrix_norm", "norm", "vector_norm"]


def _finish(op: str, result: Tensor, out: Tensor | None) -> Tensor:
    return result if out is None else write_out(op, out, result)


def _converted(op: str, A: Tensor, dtype: Any) -> Tensor:
    """`A` in the dtype that the norm is to be computed in, which must be of the same kind and no narrower."""
    floating(op, A, half=True)
    if dtype is None:
        return A
    wanted = dtypes.as_dtype(dtype)
    if not (wanted.is_floating_point or wanted.is_complex):
        raise RuntimeError(f"{op}: dtype should be floating point or complex. Got {scalar_type(wanted.numpy)}")
    if A.is_complex() != wanted.is_complex:
        kind, others = ("complex", "real") if A.is_complex() else ("real", "complex")
        raise RuntimeError(f"{op}: dtype should be {kind} for {kind} inputs, but got {wanted.name}: {others}")
    if dtypes.promote_types(A.dtype, wanted) is not wanted:
        raise RuntimeError(
            f"{op}: the dtype of the input ({A.dtype.name}) should be convertible without narrowing to the specified "
            f"dtype ({wanted.name})"
        )
    return cast(A, wanted)


def vector_norm(
    x: Tensor,
    ord: Any = 2,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: Tensor | None = None,
) -> Tensor:
    """The `ord`-norm over all elements, or over the dimensions `dim` as one vector (``torch.linalg.vector_norm``)."""
    expect_tensor("linalg.vector_norm", "x", x)
    x = _converted("linalg.vector_norm", x, dtype)
    if isinstance(ord, (str, bool)) or not isinstance(ord, (int, float)):
        raise TypeError(f"linalg_vector_norm(): argument 'ord' must be Number, not {type(ord).__name__}")
    axes = list(dim) if isinstance(dim, (tuple, list)) else dim
    return _finish("linalg.vector_norm", norms.norm(x, float(ord), axes or None if axes != 0 else 0, keepdim), out)


def _matrix_dims(A: Tensor, dim: Any) -> tuple[int, int]:
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    first, second = (check_dim(each, A.ndim) for each in dim)
    if first == second:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    return first, second


def matrix_norm(
    A: Tensor,
    ord: Any = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: Tensor | None = None,
) -> Tensor:
    """A norm of the matrices in the two dimensions `dim` (``torch.linalg.matrix_norm``).

    Parameters
    ----------
    ord : {"fro", "nuc", inf, -inf, 1, -1, 2, -2}
        Frobenius; the sum of the singular values; the largest and smallest sum of sizes in a row, in a column;
        the largest and smallest singular value.
    """
    op = "linalg.matrix_norm"
    expect_tensor(op, "A", A)
    if A.ndim < 2:
        raise RuntimeError(f"{op}: The input tensor A must have at least 2 dimensions.")
    A = _converted(op, A, dtype)
    first, second = _matrix_dims(A, dim)
    if isinstance(ord, str):
        if ord not in ("fro", "nuc"):
            raise RuntimeError(f"{op}: Order {ord} not supported.")
        if ord == "fro":
            return _finish(op, norms.norm(A, 2.0, [first, second], keepdim), out)
    elif ord not in (2, -2, 1, -1, math.inf, -math.inf):
        raise RuntimeError(f"{op}: Order {ord} not supported.")
    if ord in ("nuc", 2, -2):
        values = svdvals(matrices(op, A.movedim((first, second), (-2, -1))))
        result = values.sum(-1) if ord == "nuc" else _extreme(op, values, -1, ord > 0)
    else:
        row, column = (first, second) if abs(ord) == math.inf else (second, first)
        sums = norms.norm(A, 1.0, column)
        result = _extreme(op, sums, row - (row > column), ord > 0)
    if keepdim:
        for each in sorted((first, second)):
            result = result.unsqueeze(each)
    return _finish(op, result, out)


def _extreme(op: str, values: Tensor, dim: int, largest: bool) -> Tensor:
    if values.shape[dim] == 0:
        raise RuntimeError(f"{op}: the norm of a matrix without elements has no value for this order")
    return values.amax(dim) if largest else values.amin(dim)


def norm(
    A: Tensor,
    ord: Any = None,
    dim: Any = None,
    keepdim: bool = False,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
) -> Tensor:
    """A vector or a matrix norm (``torch.linalg.norm``).

    Without `ord` the 2-norm of all elements, or over `dim`. With `ord`, the vector norm of a 1-D tensor or over one
    dimension, the matrix norm of a 2-D tensor or over two.
    """
    op = "linalg.norm"
    expect_tensor(op, "A", A)
    if isinstance(dim, int):
        dim = (dim,)
    if dim is not None and len(dim) not in (1, 2) and ord is not None:
        raise RuntimeError(f"{op}: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype, out=out)
    if dim is None and A.ndim not in (1, 2):
        raise RuntimeError(f"{op}: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.ndim}D.")
    if (len(dim) if dim is not None else A.ndim) == 2:
        return matrix_norm(A, ord, (0, 1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    if isinstance(ord, str):
        raise RuntimeError(f"{op}: Order {ord} not supported for vectors: it is a norm of matrices")
    return vector_norm(A, ord, dim, keepdim, dtype=dtype, out=out)


def cond(A: Tensor, p: Any = None, *, out: Tensor | None = None) -> Tensor:
    """The condition number in the norm `p` (``torch.linalg.cond``); infinite for singular matrices.

    `p` is None or 2, the ratio of the largest and the smallest singular value, -2, or, for square matrices, any
    other order of `matrix_norm`: ``norm(A) * norm(inv(A))``.
    """
    op = "linalg.cond"
    matrices(op, A)
    if p is None or p in (2, -2):
        if A.numel() == 0 and 0 in A.shape[-2:]:
            return _finish(op, A.new_zeros(A.shape[:-2]).real, out)
        values = svdvals(A)
        largest, smallest = values[..., 0], values[..., -1]
        return _finish(op, smallest / largest if p == -2 else largest / smallest, out)
    if p not in ("fro", "nuc", math.inf, -math.inf, 1, -1):
        raise RuntimeError(f"{op} got an invalid norm type: {p}")
    matrices(op, A, square=True)
    if A.numel() == 0:
        return _finish(op, A.new_zeros(A.shape[:-2]).real, out)
    inverse, info = inv_ex(A)
    if info._array.any():
        infinite = wrap(np.where(info._array[..., None, None] != 0, np.inf, 0).astype(A.dtype.to_real().numpy))
        inverse = inverse.nan_to_num() + infinite
    return _finish(op, matrix_norm(A, p) * matrix_norm(inverse, p), out)
