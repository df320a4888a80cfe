"""The QR decomposition, and the Householder reflections that LAPACK makes it of."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.ops.decompositions.checks import deliver, matrices, same_dtype
from tinygrad5329.ops.decompositions.parts import adjoint, on_diagonal, upper
from tinygrad5329.ops.decompositions.triangular import triangular
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["geqrf", "householder_product", "orgqr", "ormqr", "qr"]


def _forward(xp: Any, x: Any, *, mode: str) -> Any:
    if mode == "r":
        return np.empty(0, x.dtype), np.linalg.qr(x, "r")
    if mode == "raw":
        packed, tau = np.linalg.qr(x, "raw")
        return np.ascontiguousarray(np.swapaxes(packed, -1, -2)), tau
    return tuple(np.linalg.qr(x, mode))  # type: ignore[call-overload]


def _rule(xp: Any, g: Any, outs: Any, mode: str) -> Any:
    """Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2012, section 3.

    Where there are more columns than rows, ``A = Q [U, V]`` and ``V = Q^H Y``: what ``V`` asks of ``Q`` is added
    to what the square part ``Q U`` has to fulfil.
    """
    if mode == "raw":
        raise NotImplementedError("the derivative for 'geqrf' is not implemented: use linalg.qr, or detach() its input")
    if mode == "r":
        raise RuntimeError("The derivative of linalg.qr depends on Q, which is not computed when mode='r'")
    (q, r), (gq, gr) = outs, g
    if mode == "complete" and q.shape[-1] > r.shape[-1]:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols")
    m, n = q.shape[-2], r.shape[-1]
    if m >= n:
        return _square_rule(xp, gq, gr, q, r)
    beside = xp.matmul(q, gr[..., m:])
    gq = gq + xp.matmul(xp.matmul(q, r[..., m:]), adjoint(xp, gr[..., m:]))
    return xp.concatenate((_square_rule(xp, gq, gr[..., :m], q, r[..., :m]), beside), -1)


def _square_rule(xp: Any, gq: Any, gr: Any, q: Any, r: Any) -> Any:
    m = xp.matmul(gr, adjoint(xp, r)) - xp.matmul(adjoint(xp, q), gq)
    half = upper(xp, m) - 0.5 * on_diagonal(xp, m)
    inner = gq + xp.matmul(q, half + adjoint(xp, half))
    return adjoint(xp, triangular.under(xp, r, adjoint(xp, inner), upper=True, unit=False))


_qr = Primitive("linalg_qr", _forward, _rule, outputs=2)


def qr(A: Tensor, mode: str = "reduced", *, out: Any = None) -> Any:
    """``(Q, R)`` with ``A = Q R``, ``Q^H Q = I`` and ``R`` upper triangular (``torch.linalg.qr``).

    Parameters
    ----------
    A : Tensor, shape (*, m, n)
    mode : {"reduced", "complete", "r"}
        `Q` has ``min(m, n)`` columns, or `m`, or is left out (then `Q` is empty and there is no gradient).

    Raises
    ------
    RuntimeError
        In the backward pass, with "complete" and more rows than columns: the further columns of `Q` are arbitrary.
    """
    matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    return deliver("linalg.qr", _qr(A, mode=mode), return_types.linalg_qr, out)


@method
def geqrf(input: Tensor, *, out: Any = None) -> Any:
    """``(a, tau)``: ``R`` above, the reflections of ``Q`` below the diagonal, as LAPACK has them (``torch.geqrf``)."""
    matrices("geqrf", input, "input")
    return deliver("geqrf", _qr(input, mode="raw"), return_types.geqrf, out)


def _reflections(op: str, input: Tensor, tau: Tensor) -> tuple[Tensor, Tensor]:
    """``V`` and ``T`` with ``H_1 H_2 ... H_k = I - V T V^H``.

    Schreiber and van Loan, "A storage-efficient WY representation for products of Householder transformations",
    1989; in the form ``T = D (I + U D)^-1`` with ``D`` of `tau` and ``U`` the upper triangle of ``V^H V``, every
    step has a derivative, also where an element of `tau` is 0.
    """
    from tinygrad5329.ops.namespace import TENSORS as xp

    matrices(op, input, "input")
    expect_tensor(op, "tau", tau)
    same_dtype(op, input, tau, "input and tau")
    m, n = input.shape[-2:]
    k = tau.shape[-1] if tau.ndim else 0
    if m < n:
        raise RuntimeError(f"{op}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if k > n:
        raise RuntimeError(f"{op}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if tuple(tau.shape[:-1]) != tuple(input.shape[:-2]):
        raise RuntimeError(
            f"{op}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(tau.shape[:-1])}"
        )
    eye = np.eye(m, k, dtype=input.dtype.numpy)
    v = xp.where(np.tri(m, k, -1, dtype=bool), input[..., :k], wrap(eye))
    above = upper(xp, v.mH @ v, 1) * tau.unsqueeze(-2)
    middle = above + wrap(eye[:k])
    inverse = triangular(middle, wrap(np.broadcast_to(eye[:k], middle.shape)), upper=True, unit=True)
    return v, tau.unsqueeze(-1) * inverse


def householder_product(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first columns of ``H_1 H_2 ... H_k``, ``H_i = I - tau_i v_i v_i^H`` (``torch.linalg.householder_product``).

    `input` (*, m, n) has ``v_i`` below its diagonal, where a 1 is understood; `tau` is (*, k). The result is
    (*, m, n), as ``geqrf`` and this make ``qr``.
    """
    op = "torch.linalg.householder_product"
    v, t = _reflections(op, input, tau)
    m, n = input.shape[-2:]
    result = wrap(np.eye(m, n, dtype=input.dtype.numpy)) - v @ (t @ v[..., :n, :].mH)
    return result if out is None else write_out(op, out, result)


@method
def orgqr(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """:func:`householder_product` under LAPACK's name (``torch.orgqr``)."""
    return householder_product(input, tau, out=out)


@method
def ormqr(
    input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """``Q other``, or ``other Q`` without `left`, for the square ``Q`` of reflections (``torch.ormqr``).

    With `transpose`, ``Q^H`` takes the place of ``Q``, which is never formed.
    """
    matrices("torch.ormqr", other, "other")
    size = other.shape[-2 if left else -1]
    side = f"torch.ormqr: other.shape[{-2 if left else -1}] must be"
    if input.ndim < 2 or input.shape[-2] != size:
        raise RuntimeError(f"{side} equal to input.shape[-2]")
    if tau.ndim and tau.shape[-1] > size:
        raise RuntimeError(f"{side} greater than or equal to tau.shape[-1]")
    k = tau.shape[-1] if tau.ndim else 0
    v, t = _reflections("torch.ormqr", input[..., :k], tau)
    t = t.mH if transpose else t
    result = other - v @ (t @ (v.mH @ other)) if left else other - ((other @ v) @ t) @ v.mH
    return result if out is None else write_out("torch.ormqr", out, result)
