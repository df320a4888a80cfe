"""Singular values, and what they tell of a matrix: its rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.ops.decompositions.checks import LinAlgError, deliver, matrices
from tinygrad5329.ops.decompositions.eigen import eigh_of
from tinygrad5329.ops.decompositions.parts import adjoint, as_diagonal, diagonal, divided, skew
from tinygrad5329.ops.decompositions.thresholds import thresholds
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor

__all__ = ["matrix_rank", "svd", "svd_of", "svdvals"]

#: cuSOLVER's algorithms, which PyTorch takes on a GPU alone.
_GPU_DRIVERS = ("gesvd", "gesvdj", "gesvda")


def _forward(xp: Any, x: Any, *, full_matrices: bool) -> Any:
    try:
        return tuple(np.linalg.svd(x, full_matrices))
    except np.linalg.LinAlgError:
        why = "ill-conditioned or has too many repeated singular values"
        if not np.isfinite(x).all():
            why = "contained non-finite values"
        raise LinAlgError(f"linalg.svd: The algorithm failed to converge because the input matrix {why}.") from None


def _rule(xp: Any, g: Any, outs: Any, x_dtype: Any) -> Any:
    """Giles, 2008, section 3.2, and for complex matrices Wan and Zhang, "Automatic differentiation for complex
    valued SVD", 2019. The columns that only full matrices have are arbitrary and take no part."""
    (u, s, vh), (gu, gs, gvh) = outs, g
    m, n, k = u.shape[-2], vh.shape[-1], s.shape[-1]
    u, gu, v, gv = u[..., :k], gu[..., :k], adjoint(xp, vh[..., :k, :]), adjoint(xp, gvh[..., :k, :])
    column, row = s[..., :, None], s[..., None, :]
    gaps = (row - column) * (row + column)
    inner_u, inner_v = xp.matmul(adjoint(xp, u), gu), xp.matmul(adjoint(xp, v), gv)
    off = ~np.eye(k, dtype=bool)
    around_u = xp.where(off, skew(xp, inner_u), 0.0)
    around_v = xp.where(off, skew(xp, inner_v), 0.0)
    inner = divided(xp, around_u, gaps) * row + column * divided(xp, around_v, gaps) + as_diagonal(xp, gs)
    if x_dtype.kind == "c":
        inner = inner + as_diagonal(xp, divided(xp, 1j * diagonal(xp, inner_u).imag, s))
    found = xp.matmul(u, xp.matmul(inner, adjoint(xp, v)))
    if m > k:
        outside = divided(xp, gu - xp.matmul(u, inner_u), row)
        found = found + xp.matmul(outside, adjoint(xp, v))
    if n > k:
        outside = divided(xp, gv - xp.matmul(v, inner_v), row)
        found = found + xp.matmul(u, adjoint(xp, outside))
    return found


#: ``U``, the singular values in descending order, and ``V^H`` of stacks of matrices.
svd_of: Primitive = Primitive("linalg_svd", _forward, _rule, outputs=3)


def _check_driver(op: str, driver: Any) -> None:
    if driver is None:
        return
    if driver in _GPU_DRIVERS:
        raise RuntimeError(f"{op}: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.")
    raise RuntimeError(f"{op}: unknown svd driver {driver}; on the CPU there is one, driver=None")


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None, out: Any = None) -> Any:
    """``(U, S, Vh)`` with ``A = U diag(S) Vh`` (``torch.linalg.svd``).

    Parameters
    ----------
    A : Tensor, shape (*, m, n)
    full_matrices : bool
        Whether `U` and `Vh` are square, with columns that are arbitrary, or (*, m, k) and (*, k, n) with
        ``k = min(m, n)``.
    driver : None
        For the GPU alone.

    Notes
    -----
    `S` is real and descending. The vectors are unique up to a common phase; a gradient through them needs
    singular values that differ, and for `U` of a tall matrix or `Vh` of a wide one that are not 0.
    """
    matrices("linalg.svd", A)
    _check_driver("linalg.svd", driver)
    return deliver("linalg.svd", svd_of(A, full_matrices=bool(full_matrices)), return_types.linalg_svd, out)


def svdvals(A: Tensor, *, driver: str | None = None, out: Tensor | None = None) -> Tensor:
    """The singular values, descending (``torch.linalg.svdvals``)."""
    matrices("linalg.svdvals", A)
    _check_driver("linalg.svdvals", driver)
    values = svd_of(A, full_matrices=False)[1]
    return values if out is None else write_out("linalg.svdvals", out, values)


def matrix_rank(
    A: Tensor,
    *,
    atol: Any = None,
    rtol: Any = None,
    hermitian: bool = False,
    tol: Any = None,
    out: Tensor | None = None,
) -> Tensor:
    """How many singular values are above ``max(atol, rtol * largest)`` (``torch.linalg.matrix_rank``).

    `atol` and `rtol` are numbers or one for each matrix; `rtol` is ``max(m, n) * eps`` unless one is given.
    `tol` is an older name of `atol`. With `hermitian`, the sizes of the eigenvalues are counted.
    """
    op = "linalg.matrix_rank"
    matrices(op, A, square=hermitian)
    if tol is not None:
        if atol is not None:
            raise RuntimeError(f"{op}: tol is an older name of atol; give one of the two")
        atol, rtol = tol, (0.0 if rtol is None else rtol)
    source = A.detach()
    if 0 in A.shape[-2:]:
        result = source.new_zeros(A.shape[:-2]).long()
    else:
        sizes = eigh_of(source, uplo="L")[0].abs() if hermitian else svd_of(source, full_matrices=False)[1]
        result = (sizes > thresholds(op, A, sizes, atol, rtol).unsqueeze(-1)).sum(-1)
    return result if out is None else write_out(op, out, result)
