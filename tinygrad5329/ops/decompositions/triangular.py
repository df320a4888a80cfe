"""Triangular systems: ``solve_triangular``, and what PyTorch builds on it for Cholesky factors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops.decompositions.checks import expand_batches, matrices, same_dtype
from tinygrad5329.ops.decompositions.parts import adjoint, lower, upper
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor

__all__ = ["solve_triangular", "triangular"]

#: Systems up to this size go to LAPACK as they are; larger ones are halved, so that products do the work.
_BLOCK = 64


def _solve_upper(u: Any, b: Any) -> Any:
    """``u^-1 b`` for upper triangles. LAPACK's solver meets nothing to pivot in one: it substitutes back."""
    n = u.shape[-1]
    if n <= _BLOCK:
        if np.diagonal(u, axis1=-2, axis2=-1).all():
            return np.linalg.solve(u, b)
        return _substitute(u, b)
    half = n // 2
    below = _solve_upper(u[..., half:, half:], b[..., half:, :])
    above = _solve_upper(u[..., :half, :half], b[..., :half, :] - u[..., :half, half:] @ below)
    return np.concatenate((above, below), axis=-2)


def _substitute(u: Any, b: Any) -> Any:
    """Back substitution; a zero on the diagonal divides, as in PyTorch."""
    x = np.array(np.broadcast_to(b, np.broadcast_shapes(u.shape[:-2], b.shape[:-2]) + b.shape[-2:]))
    with np.errstate(all="ignore"):
        for i in reversed(range(u.shape[-1])):
            x[..., i, :] = x[..., i, :] / u[..., i, i, None]
            x[..., :i, :] -= u[..., :i, i, None] * x[..., None, i, :]
    return x


def _forward(xp: Any, a: Any, b: Any, *, upper: bool, unit: bool) -> Any:
    if 0 in b.shape or 0 in a.shape:
        return np.zeros_like(b)
    a = np.triu(a) if upper else np.tril(a)
    if unit:
        count = np.arange(a.shape[-1])
        a[..., count, count] = 1
    if upper:
        return _solve_upper(a, b)
    return np.ascontiguousarray(np.flip(_solve_upper(np.flip(a, (-1, -2)), np.flip(b, -2)), -2))


def _rule(xp: Any, g: Any, needs: Any, a: Any, out: Any, upper: bool, unit: bool) -> Any:
    gb = triangular.under(xp, adjoint(xp, a), g, upper=not upper, unit=unit)
    if not needs[0]:
        return None, gb
    ga = -xp.matmul(gb, adjoint(xp, out))
    return _triangle(xp, ga, upper, unit), gb


def _triangle(xp: Any, x: Any, is_upper: bool, unit: bool) -> Any:
    return upper(xp, x, int(unit)) if is_upper else lower(xp, x, -int(unit))


#: ``a^-1 b`` of stacks of triangular matrices with equal leading dimensions.
triangular: Primitive = Primitive("solve_triangular", _forward, joint=_rule)


def solve_triangular(
    A: Tensor,
    B: Tensor,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """``X`` with ``A X = B``, or ``X A = B`` without `left`, for triangular `A` (``torch.linalg.solve_triangular``).

    Parameters
    ----------
    A : Tensor, shape (*, n, n)
        Only the triangle that `upper` names is looked at, without its diagonal if `unitriangular`.
    B : Tensor, shape (*, n, k), or (*, k, n) without `left`
        Leading dimensions are broadcast. A zero on the diagonal gives infinities, not an error.
    """
    op = "linalg.solve_triangular"
    same_dtype(op, matrices(op, A, square=True), matrices(op, B, "B"))
    if A.shape[-1] != B.shape[-2 if left else -1]:
        product = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{op}: Incompatible shapes of A and B for the equation {product} "
            f"({A.shape[-2]}x{A.shape[-1]} and {B.shape[-2]}x{B.shape[-1]})"
        )
    if left:
        result = triangular(*expand_batches(op, A, B), upper=upper, unit=unitriangular)
    else:
        a, b = expand_batches(op, A.mT, B.mT)
        result = triangular(a, b, upper=not upper, unit=unitriangular).mT
    return result if out is None else write_out(op, out, result)
