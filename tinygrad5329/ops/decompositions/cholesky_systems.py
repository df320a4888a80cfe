"""Systems of equations and inverses from a Cholesky factor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops.choosing import where
from tinygrad5329.ops.decompositions.checks import expand_batches, matrices, same_dtype
from tinygrad5329.ops.decompositions.parts import adjoint
from tinygrad5329.ops.decompositions.triangular import triangular
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["cholesky_inverse", "cholesky_solve"]


def _forward(xp: Any, b: Any, factor: Any, *, upper: bool) -> Any:
    factor = factor if upper else adjoint(xp, factor)
    y = triangular.under(xp, adjoint(xp, factor), b, upper=False, unit=False)
    return triangular.under(xp, factor, y, upper=True, unit=False)


def _triangle(factor: Tensor, upper: bool) -> Tensor:
    """`factor` with zeros beside its triangle, which yet have its gradient."""
    if not factor.requires_grad:
        return factor
    read = np.tri(factor.shape[-1], dtype=bool)
    return where(wrap(read.T if upper else read), factor, factor - factor.detach())


def _rule(xp: Any, g: Any, needs: Any, factor: Any, out: Any, upper: bool) -> Any:
    """Through ``A = L L^H``; as in PyTorch, as if the factor could be any matrix."""
    gb = _solution.under(xp, g, factor, upper=upper)
    if not needs[1]:
        return gb, None
    product = xp.matmul(gb, adjoint(xp, out))
    both = -(product + adjoint(xp, product))
    return gb, xp.matmul(factor, both) if upper else xp.matmul(both, factor)


_solution: Primitive = Primitive("cholesky_solve", _forward, joint=_rule)


@method
def cholesky_solve(input: Tensor, L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """``X`` with ``A X = input`` from the Cholesky factor `L` of ``A`` (``torch.cholesky_solve``).

    `L` is lower triangular with ``A = L L^H``, or with `upper` upper triangular with ``A = L^H L``. Its gradient is
    that of any matrix in its place: multiply by a mask for a triangle's.
    """
    op = "cholesky_solve"
    same_dtype(op, matrices(op, L, "L", square=True), matrices(op, input, "input"))
    if L.shape[-1] != input.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {L.shape[-1]} by {L.shape[-1]} but each b "
            f"matrix is {input.shape[-2]} by {input.shape[-1]}"
        )
    b, factor = expand_batches(op, input, L)
    result = _solution(b, _triangle(factor, upper), upper=bool(upper))
    return result if out is None else write_out(op, out, result)


@method
def cholesky_inverse(L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of ``A`` from its Cholesky factor, as in :func:`cholesky_solve` (``torch.cholesky_inverse``)."""
    matrices("cholesky_inverse", L, "L", square=True)
    eye = L.new_zeros(L.shape)
    eye.diagonal(0, -2, -1).fill_(1)
    return cholesky_solve(eye, L, upper, out=out)
