"""The LU decomposition ``A = P L U`` with partial pivoting, packed or apart, and solving with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.ops.decompositions.checks import LinAlgError, deliver, expand_batches, matrices, same_dtype
from tinygrad5329.ops.decompositions.elimination import eliminate, first_zero_pivot, order_of
from tinygrad5329.ops.decompositions.parts import adjoint, lower, upper
from tinygrad5329.ops.decompositions.triangular import triangular
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["lu", "lu_factor", "lu_factor_ex", "lu_solve", "lu_unpack", "parts_of"]


def _rule(xp: Any, g: Any, outs: Any) -> Any:
    """To `A` from the packed factors; the part beside the square of ``U``, or below that of ``L``, first.

    de Hoog, Anderssen and Lukas, "Differentiation of matrix functionals using triangular factorization",
    2011, for the square; the others follow from ``A2 = P L U2`` and ``P^T A = [L1 U; L2 U]``.
    """
    packed, pivots = outs
    m, n = packed.shape[-2:]
    k = min(m, n)
    g = g[0]
    square, rest = packed[..., :k, :k], None
    unit = xp.where(np.eye(k, dtype=bool), 1.0, lower(xp, square, -1))
    u = upper(xp, square)
    gl, gu = lower(xp, g[..., :k, :k], -1), upper(xp, g[..., :k, :k])
    if n > k:
        rest = triangular.under(xp, adjoint(xp, unit), g[..., k:], upper=True, unit=True)
        gl = gl - xp.matmul(rest, adjoint(xp, packed[..., k:]))
    elif m > k:
        below = packed[..., k:, :]
        rest = adjoint(xp, triangular.under(xp, u, adjoint(xp, g[..., k:, :]), upper=True, unit=False))
        gu = gu - xp.matmul(adjoint(xp, below), rest)
    inner = lower(xp, xp.matmul(adjoint(xp, unit), gl), -1) + upper(xp, xp.matmul(gu, adjoint(xp, u)))
    left = triangular.under(xp, adjoint(xp, unit), inner, upper=True, unit=True)
    found = adjoint(xp, triangular.under(xp, u, adjoint(xp, left), upper=True, unit=False))
    if rest is not None:
        found = xp.concatenate((found, rest), -1 if n > k else -2)
    return xp.matmul(_permutation(pivots, m, found.dtype), found)


def _permutation(pivots: Any, m: int, dtype: Any) -> Any:
    """The matrix ``P`` of `pivots`: a constant of the kind that they are, an array or a tensor."""
    array = isinstance(pivots, np.ndarray)
    order = order_of(pivots if array else pivots._array, m)
    matrix = np.swapaxes(np.eye(m, dtype=dtype if array else dtype.numpy)[order], -1, -2)
    return matrix if array else wrap(matrix)


_lu_factor = Primitive("lu_factor", lambda xp, x: eliminate(x), _rule, outputs=2)


def _factored(op: str, A: Any, pivot: bool) -> tuple[Tensor, Tensor]:
    matrices(op, A)
    if not pivot:
        raise RuntimeError(f"{op}: LU without pivoting is not implemented on the CPU")
    return _lu_factor(A)


def _with_info(op: str, A: Tensor, pivot: bool, check: bool) -> tuple[Tensor, Tensor, Tensor]:
    packed, pivots = _factored("linalg.lu_factor", A, pivot)
    info = first_zero_pivot(packed._array)
    if check and info.any():
        first = int(np.flatnonzero(info)[0])
        where = f"(Batch element {first}): " if info.ndim else ""
        number = int(info.reshape(-1)[first])
        raise LinAlgError(
            f"{op}: {where}U[{number},{number}] is zero and using it on lu_solve would result in a division by zero. "
            "If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)"
        )
    return packed, pivots, wrap(info)


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """``(LU, pivots, info)`` without an error for a zero pivot (``torch.linalg.lu_factor_ex``)."""
    results = _with_info("torch.linalg.lu_factor_ex", A, pivot, check_errors)
    return deliver("linalg.lu_factor_ex", results, return_types.linalg_lu_factor_ex, out)


def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """``(LU, pivots)``: both factors in one matrix, and LAPACK's row exchanges (``torch.linalg.lu_factor``).

    `pivots` is int32 and counts from 1; `lu_unpack` makes the three factors of them. LinAlgError for a zero pivot.
    """
    results = _with_info("torch.linalg.lu_factor", A, pivot, True)[:2]
    return deliver("linalg.lu_factor", results, return_types.linalg_lu_factor, out)


def parts_of(packed: Tensor) -> tuple[Tensor, Tensor]:
    """``L`` and ``U`` of a packed factorisation, (*, m, k) and (*, k, n)."""
    from tinygrad5329.ops.namespace import TENSORS

    m, n = packed.shape[-2:]
    k = min(m, n)
    return lower(TENSORS, packed[..., :k], -1) + wrap(np.eye(m, k, dtype=packed.dtype.numpy)), upper(
        TENSORS, packed[..., :k, :]
    )


def lu(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """``(P, L, U)`` with ``A = P L U`` (``torch.linalg.lu``).

    For `A` (*, m, n) and ``k = min(m, n)``: `P` (*, m, m) is a permutation, `L` (*, m, k) has ones on its
    diagonal, `U` is (*, k, n).
    """
    packed, pivots = _factored("linalg.lu", A, pivot)
    P = _permutation(pivots, A.shape[-2], packed.dtype)
    return deliver("linalg.lu", (P, *parts_of(packed)), return_types.linalg_lu, out)


def _check_pivots(op: str, packed: Tensor, pivots: Any, m: int) -> None:
    if pivots._array.dtype != np.int32:
        raise RuntimeError(
            f"{op}: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype, got "
            f"{scalar_type(pivots._array.dtype)}; use the pivots that lu_factor returns"
        )
    if pivots.numel() and not (pivots._array.min() >= 1 and pivots._array.max() <= m):
        raise RuntimeError(f"{op}: pivots passed to lu_unpack must be between 1 and {m} (the number of rows)")


def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True, *, out: Any = None
) -> Any:
    """``(P, L, U)`` of what ``lu_factor`` returned (``torch.lu_unpack``); empty where not unpacked."""
    matrices("lu_unpack", LU_data, "LU_data")
    nothing = wrap(np.empty(0, LU_data.dtype.numpy))
    P: Tensor = nothing
    if unpack_pivots:
        _check_pivots("lu_unpack", LU_data, LU_pivots, LU_data.shape[-2])
        P = _permutation(LU_pivots, LU_data.shape[-2], LU_data.dtype)
    L, U = parts_of(LU_data) if unpack_data else (nothing, nothing)
    return deliver("lu_unpack", (P, L, U), return_types.lu_unpack, out)


def lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False, out: Tensor | None = None
) -> Tensor:
    """``X`` with ``A X = B`` from ``LU, pivots = lu_factor(A)`` (``torch.linalg.lu_solve``).

    `B` is (*, n, k); without `left`, ``X A = B`` is solved for `B` (*, k, n); with `adjoint`, ``A^H`` takes the
    place of `A`.
    """
    op = "linalg.lu_solve"
    same_dtype(op, matrices(op, LU, "LU", square=True), matrices(op, B, "B"), "LU and B")
    n = LU.shape[-1]
    _check_pivots(op, LU, pivots, n)
    if B.shape[-2 if left else -1] != n:
        product = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{op}: Incompatible shapes of A and B for the equation {product} "
            f"({LU.shape[-2]}x{n} and {B.shape[-2]}x{B.shape[-1]})"
        )
    P = _permutation(pivots, n, LU.dtype)
    if not left:
        # X A = B is A^H X^H = B^H.
        B, adjoint = B.mH, not adjoint
    LU, B, P = expand_batches(op, LU, B, P)
    if adjoint:
        y = triangular(LU.mH, B, upper=False, unit=False)
        x = P @ triangular(LU.mH, y, upper=True, unit=True)
    else:
        y = triangular(LU, P.mT @ B, upper=False, unit=True)
        x = triangular(LU, y, upper=True, unit=False)
    result = x if left else x.mH
    return result if out is None else write_out(op, out, result)
