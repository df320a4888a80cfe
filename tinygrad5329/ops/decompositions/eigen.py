"""Eigenvalues and eigenvectors, of any square matrix and of Hermitian ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.ops.decompositions.checks import LinAlgError, deliver, matrices
from tinygrad5329.ops.decompositions.parts import adjoint, as_diagonal, diagonal, divided, skew
from tinygrad5329.ops.decompositions.solve import solution
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, write_out
from tinygrad5329.tensor import Tensor

__all__ = ["eig", "eigh", "eigh_of", "eigvals", "eigvalsh"]


def _diverged(op: str, x: Any) -> LinAlgError:
    if not np.isfinite(x).all():
        return LinAlgError(
            f"{op}: The algorithm failed to converge because the input matrix contained non-finite values."
        )
    return LinAlgError(
        f"{op}: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated "
        "eigenvalues."
    )


def _eigh(xp: Any, x: Any, *, uplo: str) -> Any:
    try:
        return tuple(np.linalg.eigh(x, uplo))  # type: ignore[call-overload]
    except np.linalg.LinAlgError:
        raise _diverged("linalg.eigh", x) from None


def _eigh_rule(xp: Any, g: Any, outs: Any) -> Any:
    """Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation",
    2008, section 3.1."""
    (values, v), (gvalues, gv) = outs, g
    gaps = values[..., None, :] - values[..., :, None]
    # Rotations alone keep vectors orthonormal: the other half of the product has no meaning, and PyTorch drops it.
    turn = 0.5 * _off_diagonal(xp, skew(xp, xp.matmul(adjoint(xp, v), gv)))
    inner = divided(xp, turn, gaps) + as_diagonal(xp, gvalues)
    return xp.matmul(xp.matmul(v, inner), adjoint(xp, v))


def _off_diagonal(xp: Any, x: Any) -> Any:
    return xp.where(np.eye(x.shape[-1], dtype=bool), 0.0, x)


#: Eigenvalues in ascending order and vectors of stacks of Hermitian matrices, read from one triangle.
eigh_of: Primitive = Primitive("linalg_eigh", _eigh, _eigh_rule, outputs=2)


def _checked_uplo(op: str, UPLO: str) -> str:
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}: {op} reads one triangle")
    return UPLO.upper()


def eigh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> Any:
    """``(eigenvalues, eigenvectors)`` of Hermitian matrices, the values real and ascending (``torch.linalg.eigh``).

    One triangle of `A` (*, n, n) is read, the lower one unless `UPLO` is "U". Vectors are unique up to a phase
    only, and a gradient through them needs eigenvalues that differ.
    """
    matrices("linalg.eigh", A, square=True)
    return deliver("linalg.eigh", eigh_of(A, uplo=_checked_uplo("linalg.eigh", UPLO)), return_types.linalg_eigh, out)


def eigvalsh(A: Tensor, UPLO: str = "L", *, out: Tensor | None = None) -> Tensor:
    """The real eigenvalues of Hermitian matrices, ascending (``torch.linalg.eigvalsh``)."""
    matrices("linalg.eigvalsh", A, square=True)
    values, _ = eigh_of(A, uplo=_checked_uplo("linalg.eigvalsh", UPLO))
    return values if out is None else write_out("linalg.eigvalsh", out, values)


def _eig(xp: Any, x: Any, *, real: bool) -> Any:
    try:
        # LAPACK's routine for real matrices returns conjugate pairs that are so to the last bit.
        values, vectors = np.linalg.eig(x.real if real else x)
    except np.linalg.LinAlgError:
        raise _diverged("linalg.eig", x) from None
    return values.astype(x.dtype, copy=False), vectors.astype(x.dtype, copy=False)


def _eig_rule(xp: Any, g: Any, outs: Any) -> Any:
    """Boeddeker et al., "On the computation of complex-valued gradients with application to statistically optimum
    beamforming", 2017, equations 4.77 and 4.60, for vectors of length 1."""
    (values, v), (gvalues, gv) = outs, g
    adj = adjoint(xp, v)
    inner = xp.matmul(adj, gv)
    inner = inner - xp.matmul(adj, v * diagonal(xp, inner).real[..., None, :])
    gaps = xp.conj(values[..., None, :] - values[..., :, None])
    inner = divided(xp, _off_diagonal(xp, inner), gaps) + as_diagonal(xp, gvalues)
    return solution.under(xp, adj, xp.matmul(inner, adj))


_eig_of = Primitive("linalg_eig", _eig, _eig_rule, outputs=2)


def _complex_eig(op: str, A: Tensor) -> tuple[Tensor, Tensor]:
    matrices(op, A, square=True)
    if not np.isfinite(A._array).all():
        raise RuntimeError(f"{op}: input tensor should not contain infs or NaNs.")
    # A recorded cast: it takes the real part of the gradient of a real matrix.
    return _eig_of(cast(A, A.dtype.to_complex()), real=not A.is_complex())


def eig(A: Tensor, *, out: Any = None) -> Any:
    """``(eigenvalues, eigenvectors)`` of square matrices, always complex (``torch.linalg.eig``).

    The eigenvectors, of length 1, are the columns; a gradient through them needs eigenvalues that differ.
    """
    return deliver("linalg.eig", _complex_eig("linalg.eig", A), return_types.linalg_eig, out)


def eigvals(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex eigenvalues of square matrices, in no particular order (``torch.linalg.eigvals``)."""
    values, _ = _complex_eig("linalg.eigvals", A)
    return values if out is None else write_out("linalg.eigvals", out, values)
