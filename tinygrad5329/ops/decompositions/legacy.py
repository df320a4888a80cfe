"""The functions on matrices that PyTorch has outside of ``linalg``, with the arguments they have there."""

from __future__ import annotations

from typing import Any

from tinygrad5329 import return_types
from tinygrad5329.ops.decompositions.checks import deliver, expand_batches, matrices, same_dtype
from tinygrad5329.ops.decompositions.cholesky import cholesky as _linalg_cholesky
from tinygrad5329.ops.decompositions.determinant import slogdet as _linalg_slogdet
from tinygrad5329.ops.decompositions.lu import lu_factor, lu_factor_ex
from tinygrad5329.ops.decompositions.lu import lu_solve as _linalg_lu_solve
from tinygrad5329.ops.decompositions.pseudoinverse import pinv
from tinygrad5329.ops.decompositions.qr import qr as _linalg_qr
from tinygrad5329.ops.decompositions.singular import svd as _linalg_svd
from tinygrad5329.ops.decompositions.singular import svdvals
from tinygrad5329.ops.decompositions.solve import inv
from tinygrad5329.ops.decompositions.triangular import triangular
from tinygrad5329.tensor import Tensor, method

__all__ = [
    "cholesky", "inverse", "lu", "lu_solve", "pinverse", "qr", "slogdet", "svd",
    "triangular_solve",
]  # fmt: skip


@method
def cholesky(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """``linalg.cholesky`` with `upper` by position (``torch.cholesky``)."""
    return _linalg_cholesky(input, upper=upper, out=out)


@method
def inverse(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``linalg.inv`` (``torch.inverse``)."""
    return inv(input, out=out)


@method
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """``linalg.pinv`` with a smaller tolerance (``torch.pinverse``)."""
    return pinv(input, rcond=rcond)


@method
def slogdet(input: Tensor, *, out: Any = None) -> Any:
    """``linalg.slogdet`` (``torch.slogdet``)."""
    return return_types.slogdet(_linalg_slogdet(input, out=out))


@method
def qr(input: Tensor, some: bool = True, *, out: Any = None) -> Any:
    """``linalg.qr``, in the mode "reduced" or, without `some`, "complete" (``torch.qr``)."""
    results = _linalg_qr(input, "reduced" if some else "complete")
    return deliver("qr", results, return_types.qr, out)


@method
def svd(input: Tensor, some: bool = True, compute_uv: bool = True, *, out: Any = None) -> Any:
    """``(U, S, V)`` with ``input = U diag(S) V^H`` (``torch.svd``).

    Unlike ``linalg.svd`` it returns `V` and no more columns than singular values unless `some` is False; without
    `compute_uv`, `U` and `V` are square and full of zeros.
    """
    matrices("svd", input, "input")
    if compute_uv:
        U, S, Vh = _linalg_svd(input, full_matrices=not some)
        results = (U, S, Vh.mH)
    else:
        m, n = input.shape[-2:]
        batch = tuple(input.shape[:-2])
        results = (input.new_zeros((*batch, m, m)), svdvals(input), input.new_zeros((*batch, n, n)))
    return deliver("svd", results, return_types.svd, out)


@method
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> tuple[Tensor, ...]:
    """``(LU, pivots)``, and ``info`` with `get_infos` (``torch.lu``); see ``linalg.lu_factor``."""
    factored = lu_factor_ex(A, pivot=pivot) if get_infos else lu_factor(A, pivot=pivot)
    return deliver("lu", tuple(factored), tuple, out)


@method
def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``linalg.lu_solve`` with the right hand side first (``torch.lu_solve``)."""
    return _linalg_lu_solve(LU_data, LU_pivots, b, out=out)


@method
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False, *, out: Any = None
) -> Any:
    """``(solution, cloned_coefficient)`` of ``A X = b`` for triangular `A`, transposed if asked
    (``torch.triangular_solve``); ``linalg.solve_triangular`` has taken its place.
    """
    op = "triangular_solve"
    same_dtype(op, matrices(op, A, square=True), matrices(op, b, "b"))
    if A.shape[-1] != b.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for triangular_solve: each A matrix is {A.shape[-2]} by {A.shape[-1]} but each "
            f"b matrix is {b.shape[-2]} by {b.shape[-1]}"
        )
    a, right = expand_batches(op, A, b)
    solution = triangular(a.mT if transpose else a, right, upper=bool(upper) != bool(transpose), unit=unitriangular)
    return deliver(op, (solution, a.clone()), return_types.triangular_solve, out)
