"""The Cholesky decomposition ``A = L L^H``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.ops.decompositions.checks import LinAlgError, deliver, matrices
from tinygrad5329.ops.decompositions.parts import adjoint, lower
from tinygrad5329.ops.decompositions.triangular import triangular
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor

__all__ = ["cholesky", "cholesky_ex"]


def _forward(xp: Any, x: Any, *, upper: bool) -> Any:
    x = adjoint(np, x) if upper else x
    try:
        factor, info = np.linalg.cholesky(x), np.zeros(x.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        factor, info = _columns(x)
    return adjoint(np, factor) if upper else factor, info


def _columns(x: Any) -> tuple[Any, Any]:
    """The factor column by column, up to the first minor that is not positive, and the order of that minor."""
    a = np.tril(x)
    n = a.shape[-1]
    info = np.zeros(a.shape[:-2], np.int32)
    with np.errstate(all="ignore"):
        for j in range(n):
            pivot = a[..., j, j].real
            good = (info == 0) & (pivot > 0)
            info = np.where((info == 0) & ~good, np.int32(j + 1), info)
            root = np.sqrt(np.where(good, pivot, 1))[..., None]
            column = a[..., j:, j] / root
            step = column[..., 1:, None] * np.conj(column[..., None, 1:])
            a[..., j:, j] = np.where(good[..., None], column, a[..., j:, j])
            a[..., j + 1 :, j + 1 :] -= np.where(good[..., None, None], np.tril(step), 0)
    return a, info


def _rule(xp: Any, g: Any, outs: Any, upper: bool) -> Any:
    """Murray, "Differentiation of the Cholesky decomposition", 2016, equation 10; made Hermitian."""
    adj, g = (outs[0], adjoint(xp, g[0])) if upper else (adjoint(xp, outs[0]), g[0])
    product = xp.matmul(adj, g)
    # As in PyTorch, what the gradient says of the imaginary part of the diagonal is kept, though there is none.
    inner = 0.5 * (lower(xp, product) + adjoint(xp, lower(xp, product, -1)))
    half = triangular.under(xp, adj, inner, upper=True, unit=False)
    return adjoint(xp, triangular.under(xp, adj, adjoint(xp, half), upper=True, unit=False))


_cholesky = Primitive("linalg_cholesky", _forward, _rule, outputs=2)


def _check_info(op: str, info: Any) -> None:
    """LinAlgError if a matrix was not positive-definite."""
    bad = np.flatnonzero(info)
    if len(bad):
        where = f"(Batch element {bad[0]}): " if info.ndim else ""
        raise LinAlgError(
            f"{op}: {where}The factorization could not be completed because the input is not positive-definite (the "
            f"leading minor of order {info.reshape(-1)[bad[0]]} is not positive-definite)."
        )


def _factor(op: str, A: Any, upper: bool, check: bool) -> tuple[Tensor, Tensor]:
    matrices(op, A, square=True)
    factor, info = _cholesky(A, upper=bool(upper))
    if check:
        _check_info(op, info._array)
    return factor, info


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """``(L, info)`` without an error for what is not positive-definite (``torch.linalg.cholesky_ex``).

    `info` holds the order of the first leading minor that is not positive, 0 where all are.
    """
    results = _factor("linalg.cholesky_ex", A, upper, check_errors)
    return deliver("linalg.cholesky_ex", results, return_types.linalg_cholesky_ex, out)


def cholesky(A: Tensor, *, upper: bool = False, out: Tensor | None = None) -> Tensor:
    """The lower triangular ``L`` with ``A = L L^H``; with `upper`, ``L^H`` (``torch.linalg.cholesky``).

    `A` (*, n, n) is Hermitian and positive-definite. One triangle of it is read, the one that `upper` names,
    and the gradient is Hermitian. Raises LinAlgError for what is not positive-definite.
    """
    L, _ = _factor("linalg.cholesky", A, upper, True)
    return L if out is None else write_out("linalg.cholesky", out, L)
