"""Pseudo-inverses and least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.dtypes import finfo
from tinygrad5329.ops.decompositions.checks import deliver, expand_batches, matrices, same_dtype
from tinygrad5329.ops.decompositions.parts import adjoint
from tinygrad5329.ops.decompositions.solve import is_vector
from tinygrad5329.ops.decompositions.thresholds import thresholds
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["lstsq", "pinv"]


def _spectrum(x: Any, hermitian: bool) -> tuple[Any, Any, Any]:
    """``U, S, V^H`` with ``S`` real; signed where it holds the eigenvalues of Hermitian matrices."""
    if hermitian:
        values, vectors = np.linalg.eigh(x)
        return vectors, values, np.conj(np.swapaxes(vectors, -1, -2))
    return np.linalg.svd(x, full_matrices=False)


def _inverted(x: Any, atol: Any, rtol: Any, hermitian: bool) -> tuple[Any, Any, Any]:
    u, s, vh = _spectrum(x, hermitian)
    sizes = np.abs(s)
    cut = thresholds("linalg.pinv", wrap(x), wrap(sizes), atol, rtol)._array[..., None]
    kept = sizes > cut
    return u, np.where(kept, 1 / np.where(kept, s, 1), 0).astype(s.dtype), vh


def _pinv_forward(xp: Any, x: Any, *, atol: Any, rtol: Any, hermitian: bool) -> Any:
    if 0 in x.shape:
        return np.swapaxes(x, -1, -2).copy()
    u, inverse, vh = _inverted(x, atol, rtol, hermitian)
    return adjoint(np, vh) @ (inverse[..., None] * adjoint(np, u))


def _pinv_rule(xp: Any, g: Any, x: Any, out: Any) -> Any:
    """Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
    variables separate", 1973, equation 4.12: at constant rank."""
    adj, g_adj = adjoint(xp, out), adjoint(xp, g)
    inner = xp.matmul(xp.matmul(adj, g), adj)
    left = xp.matmul(g_adj, xp.matmul(out, adj))
    right = xp.matmul(xp.matmul(adj, out), g_adj)
    left = left - xp.matmul(x, xp.matmul(out, left))
    right = right - xp.matmul(xp.matmul(right, out), x)
    return left + right - inner


_pinv = Primitive("linalg_pinv", _pinv_forward, _pinv_rule)


def pinv(
    A: Tensor,
    *,
    atol: Any = None,
    rtol: Any = None,
    hermitian: bool = False,
    out: Tensor | None = None,
    rcond: Any = None,
) -> Tensor:
    """The Moore-Penrose inverse (``torch.linalg.pinv``).

    Parameters
    ----------
    A : Tensor, shape (*, m, n)
    atol, rtol : float or Tensor, optional
        Singular values up to ``max(atol, rtol * largest)`` count as zero; `rtol` is ``max(m, n) * eps`` unless
        one of the two is given. `rcond` is an older name of `rtol`.
    hermitian : bool
        Work with the eigenvalues of the lower triangle.
    """
    op = "linalg.pinv"
    matrices(op, A, square=hermitian)
    if rcond is not None:
        if rtol is not None:
            raise RuntimeError(f"{op}: rcond is an older name of rtol; give one of the two")
        rtol = rcond
    result = _pinv(A, atol=atol, rtol=rtol, hermitian=hermitian)
    return result if out is None else write_out(op, out, result)


def _lstsq_forward(xp: Any, a: Any, b: Any, *, rcond: Any) -> Any:
    if 0 in a.shape or 0 in b.shape:
        return np.zeros((*a.shape[:-2], a.shape[-1], b.shape[-1]), a.dtype)
    u, inverse, vh = _inverted(a, None, rcond, False)
    return adjoint(np, vh) @ (inverse[..., None] * (adjoint(np, u) @ b))


def _lstsq_rule(xp: Any, g: Any, needs: Any, a: Any, b: Any, rcond: Any) -> Any:
    """Through ``pinv(a) b``."""
    inverse = _pinv.under(xp, a, atol=None, rtol=rcond, hermitian=False)
    gb = xp.matmul(adjoint(xp, inverse), g)
    if not needs[0]:
        return None, gb
    return _pinv_rule(xp, xp.matmul(g, adjoint(xp, b)), a, inverse), gb


_lstsq = Primitive("linalg_lstsq", _lstsq_forward, joint=_lstsq_rule)

_DRIVERS = ("gels", "gelsd", "gelss", "gelsy")


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None, out: Any = None) -> Any:
    """The ``X`` of least norm that makes ``A X - B`` smallest (``torch.linalg.lstsq``).

    Parameters
    ----------
    A : Tensor, shape (*, m, n)
    B : Tensor, shape (*, m, k) or (*, m)
    rcond : float, optional
        Singular values up to this fraction of the largest count as zero; ``max(m, n) * eps`` by default.
    driver : {"gelsy", "gels", "gelsd", "gelss"}
        PyTorch's names of LAPACK's routines. All are computed from singular values here; the name decides which
        of the further results there are.

    Returns
    -------
    named tuple
        ``solution``; ``residuals``, the squared sums of ``A X - B`` over rows (empty with "gelsy", unless m > n, and
        where a rank is not full); ``rank`` (not with "gels"); ``singular_values`` (with "gelsd" and "gelss").
        A gradient flows through all but the rank.
    """
    op = "torch.linalg.lstsq"
    matrices(op, A, "input")
    same_dtype(op, A, B, "input and other")
    driver = "gelsy" if driver is None else driver
    if driver not in _DRIVERS:
        raise RuntimeError(f"{op}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss), got {driver}")
    vector = B.ndim == A.ndim - 1 if B.ndim == 1 else is_vector(A, B)
    b = B.unsqueeze(-1) if vector else B
    if b.ndim < 2 or A.shape[-2] != b.shape[-2]:
        raise RuntimeError(
            f"{op}: input.size(-2) should match other.size({-1 if vector else -2}), got {tuple(A.shape)} and "
            f"{tuple(B.shape)}"
        )
    m, n = A.shape[-2:]
    a, b = expand_batches(op, A, b)
    cut = max(m, n) * finfo(A.dtype).eps if rcond is None else rcond
    X = _lstsq(a, b, rcond=cut)
    nothing = np.empty(0, A.dtype.to_real().numpy)
    residuals, rank, sizes = wrap(nothing), wrap(nothing.astype(np.int64)), wrap(nothing)
    values = np.zeros((*A.shape[:-2], 0), nothing.dtype)
    if 0 not in A.shape:
        values = np.linalg.svd(A._array, compute_uv=False)
    ranks = (values > cut * values.max(-1, keepdims=True, initial=0)).sum(-1)
    if driver != "gels":
        rank = wrap(ranks.astype(np.int64))
    if driver in ("gelsd", "gelss"):
        sizes = wrap(values)
    if m > n and driver != "gelsy" and (ranks == n).all():
        gap = a @ X - b
        residuals = (gap * gap.conj()).real.sum(-2)
    results = (X.squeeze(-1) if vector else X, residuals, rank, sizes)
    return deliver(op, results, return_types.linalg_lstsq, out)
