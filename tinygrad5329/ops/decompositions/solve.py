"""Systems of linear equations and inverses: ``solve``, ``inv`` and their forms for tensors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.ops.decompositions.checks import LinAlgError, deliver, expand_batches, matrices, same_dtype
from tinygrad5329.ops.decompositions.elimination import eliminate, first_zero_pivot
from tinygrad5329.ops.decompositions.parts import adjoint
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["inv", "inv_ex", "inverse_of", "solution", "solve", "solve_ex", "tensorinv", "tensorsolve"]


def _inverse(xp: Any, x: Any) -> Any:
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        return _where_regular(x, np.linalg.inv)


def _solution(xp: Any, a: Any, b: Any) -> Any:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        return _where_regular(a, np.linalg.solve, b)


def _where_regular(a: Any, function: Any, *more: Any) -> Any:
    """`function` of the matrices that are not singular, NaN for the others."""
    regular = singular_info(a) == 0
    result = np.full(more[0].shape if more else a.shape, np.nan, a.dtype)
    result[regular] = function(*(each[regular] for each in (a, *more)))
    return result


def singular_info(a: Any) -> Any:
    """1 plus the position of the first pivot that is zero, for each matrix; 0 where none is."""
    return first_zero_pivot(eliminate(a)[0])


#: Stacks of inverses; NaN for a singular matrix.
inverse_of: Primitive = Primitive(
    "linalg_inv",
    _inverse,
    lambda xp, g, out: -xp.matmul(adjoint(xp, out), xp.matmul(g, adjoint(xp, out))),
)


def _solution_rule(xp: Any, g: Any, needs: Any, a: Any, out: Any) -> Any:
    gb = solution.under(xp, adjoint(xp, a), g)
    return -xp.matmul(gb, adjoint(xp, out)) if needs[0] else None, gb


#: ``a^-1 b`` of stacks with equal leading dimensions; NaN for a singular matrix.
solution: Primitive = Primitive("linalg_solve", _solution, joint=_solution_rule)


def _info(a: Any, result: Any) -> Any:
    """Which matrices were singular: asked for only where the result has something that is not a number."""
    if np.isfinite(result).all():
        return np.zeros(a.shape[:-2], np.int32)
    return singular_info(a)


def _element(info: Any) -> tuple[str, int]:
    first = np.flatnonzero(info)[0]
    return f"(Batch element {first}): " if info.ndim else "", int(info.reshape(-1)[first])


def _inv(op: str, A: Tensor, check: bool) -> tuple[Tensor, Any]:
    matrices(op, A, square=True)
    result = inverse_of(A)
    info = _info(A._array, result._array)
    if check and info.any():
        where, pivot = _element(info)
        raise LinAlgError(
            f"{op}: {where}The diagonal element {pivot} is zero, the inversion could not be completed because the "
            "input matrix is singular."
        )
    return result, info


def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of square matrices (``torch.linalg.inv``); LinAlgError if one is singular."""
    result, _ = _inv("linalg.inv", A, True)
    return result if out is None else write_out("linalg.inv", out, result)


def inv_ex(A: Tensor, *, check_errors: bool = False, out: Any = None) -> Any:
    """``(inverse, info)`` without an error for singular matrices (``torch.linalg.inv_ex``)."""
    result, info = _inv("linalg.inv_ex", A, check_errors)
    return deliver("linalg.inv_ex", (result, wrap(info)), return_types.linalg_inv_ex, out)


def is_vector(A: Tensor, B: Tensor) -> bool:
    """Whether `B` is a stack of right hand sides without a dimension of columns, as PyTorch decides it."""
    return B.ndim == 1 or (A.ndim - 1 == B.ndim and tuple(B.shape) == tuple(A.shape[:-1]))


def _solve(op: str, A: Tensor, B: Tensor, left: bool, check: bool) -> tuple[Tensor, Any]:
    matrices(op, A, square=True)
    same_dtype(op, A, B)
    vector = is_vector(A, B)
    if vector and not left:
        raise RuntimeError(f"{op}: Vector broadcasting of the left hand side is not supported for left=False.")
    b = B.unsqueeze(-1) if vector else B
    if A.shape[-1] != b.shape[-2 if left else -1]:
        product = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{op}: Incompatible shapes of A and B for the equation {product} "
            f"({A.shape[-2]}x{A.shape[-1]} and {b.shape[-2]}x{b.shape[-1]})"
        )
    a, b = expand_batches(op, A, b) if left else expand_batches(op, A.mT, b.mT)
    result = solution(a, b)
    info = _info(a._array, result._array) if result.numel() else singular_info(a._array)
    if check and info.any():
        where, pivot = _element(info)
        raise LinAlgError(
            f"torch.{op}: {where}The solver failed because the input matrix is singular (pivot {pivot} is zero)."
        )
    if not left:
        return result.mT, info
    return result.squeeze(-1) if vector else result, info


def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """``X`` with ``A X = B``, or ``X A = B`` without `left` (``torch.linalg.solve``).

    Parameters
    ----------
    A : Tensor, shape (*, n, n)
    B : Tensor, shape (*, n, k) or (*, n), or (*, k, n) without `left`
        Leading dimensions are broadcast; (*, n) is a stack of vectors if it is `A`'s shape but for a dimension.

    Raises
    ------
    LinAlgError
        A matrix is singular.
    """
    result, _ = _solve("linalg.solve", A, B, left, True)
    return result if out is None else write_out("linalg.solve", out, result)


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """``(result, info)`` without an error for singular matrices (``torch.linalg.solve_ex``)."""
    result, info = _solve("linalg.solve_ex", A, B, left, check_errors)
    return deliver("linalg.solve_ex", (result, wrap(info)), return_types.linalg_solve_ex, out)


def tensorinv(A: Tensor, ind: int = 2, *, out: Tensor | None = None) -> Tensor:
    """The inverse of ``tensordot`` by `A` over its last dimensions but `ind` (``torch.linalg.tensorinv``)."""
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    front, back = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if math.prod(front) != math.prod(back):
        raise RuntimeError(
            f"Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{math.prod(back)} != {math.prod(front)}"
        )
    result = inv(A.reshape(math.prod(front), math.prod(back))).reshape(*back, *front)
    return result if out is None else write_out("linalg.tensorinv", out, result)


def tensorsolve(A: Tensor, B: Tensor, dims: tuple[int, ...] | None = None, *, out: Tensor | None = None) -> Tensor:
    """``X`` with ``tensordot(A, X, X.ndim) = B``, `dims` of `A` moved to its end (``torch.linalg.tensorsolve``)."""
    a = A if dims is None else A.movedim(tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    shape = tuple(a.shape[B.ndim :])
    if math.prod(shape) != B.numel() or a.numel() != B.numel() ** 2:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), "
            f"but got {math.prod(shape)} != {math.prod(a.shape[: B.ndim])}"
        )
    result = solve(a.reshape(B.numel(), math.prod(shape)), B.reshape(-1)).reshape(shape)
    return result if out is None else write_out("linalg.tensorsolve", out, result)
