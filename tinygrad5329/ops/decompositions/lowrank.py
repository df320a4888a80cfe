"""Singular values of a matrix of low rank, from random projections."""

from __future__ import annotations

from tinygrad5329.ops.decompositions.checks import matrices
from tinygrad5329.ops.decompositions.qr import qr
from tinygrad5329.ops.decompositions.singular import svd
from tinygrad5329.tensor import Tensor

__all__ = ["pca_lowrank", "svd_lowrank"]


def _basis(A: Tensor, q: int, niter: int, M: Tensor | None) -> Tensor:
    """An orthonormal basis of nearly all of the range of ``A - M``.

    Halko, Martinsson and Tropp, "Finding structure with randomness", 2011, algorithm 4.4.
    """
    from tinygrad5329.randomness import randn

    def times(X: Tensor) -> Tensor:
        return A @ X if M is None else A @ X - M @ X

    def back(X: Tensor) -> Tensor:
        return A.mH @ X if M is None else A.mH @ X - M.mH @ X

    Q = qr(times(randn(A.shape[-1], q, dtype=A.dtype))).Q
    for _ in range(niter):
        Q = qr(back(Q)).Q
        Q = qr(times(Q)).Q
    return Q


def svd_lowrank(
    A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """``(U, S, V)`` with ``A - M`` close to ``U diag(S) V^H``, of rank `q` (``torch.svd_lowrank``).

    Parameters
    ----------
    A : Tensor, shape (*, m, n)
    q : int
        A little above the rank. The projection is drawn from the default generator, as in PyTorch.
    niter : int
        How often the basis is refined.
    M : Tensor, optional
        Taken from `A`, broadcast to its shape.
    """
    matrices("svd_lowrank", A)
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    m, n = A.shape[-2:]
    if M is not None:
        M = M.broadcast_to(A.shape)
    wide = m < n
    if wide:
        A, M = A.mH, None if M is None else M.mH
    Q = _basis(A, q, niter, M)
    B = Q.mH @ A if M is None else Q.mH @ A - Q.mH @ M
    U, S, Vh = svd(B, full_matrices=False)
    left, right = Q @ U, Vh.mH
    return (right, S, left) if wide else (left, S, right)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """``(U, S, V)`` of the principal components of the rows of `A` (``torch.pca_lowrank``).

    `q`, by default ``min(6, m, n)``, is a little above the rank; with `center` the mean of each column is taken off
    first.
    """
    matrices("pca_lowrank", A)
    least = min(A.shape[-2:])
    q = min(6, least) if q is None else q
    if not 0 <= q <= least:
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={least}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter)
