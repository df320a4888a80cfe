"""The LDL decomposition of symmetric and Hermitian matrices that need not be definite, and solving with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.grad_mode import state
from tinygrad5329.ops.decompositions.checks import LinAlgError, deliver, expand_batches, matrices, same_dtype
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["ldl_factor", "ldl_factor_ex", "ldl_solve"]

_ALPHA = (1 + math.sqrt(17)) / 8


def _factor(a: Any, hermitian: bool) -> tuple[Any, int]:
    """Factor the lower triangle of one matrix in place, with LAPACK's pivots.

    Bunch and Kaufman, "Some stable methods for calculating inertia and solving symmetric linear systems", 1977:
    steps of one or of two columns, whichever keeps elements from growing.
    """
    n = len(a)
    pivots, info, k = np.zeros(n, np.int32), 0, 0
    conj = np.conj if hermitian else _same
    while k < n:
        two, other, nothing = _choose(a, k)
        if nothing:
            info = info or k + 1
            pivots[k] = k + 1
            k += 1
            continue
        last = k + two
        if other != last:
            _exchange(a, k, last, other, conj)
        if hermitian:
            a[last, last] = a[last, last].real
        block, x = a[k : last + 1, k : last + 1], a[last + 1 :, k : last + 1].copy()
        d = np.tril(block) + conj(np.tril(block, -1)).T
        w = x @ np.linalg.inv(d)
        a[last + 1 :, last + 1 :] -= np.tril(w @ conj(x).T)
        a[last + 1 :, k : last + 1] = w
        pivots[k : last + 1] = -(other + 1) if two else other + 1
        k = last + 1
    return pivots, info


def _same(x: Any) -> Any:
    return x


def _sizes(x: Any) -> Any:
    return np.abs(x.real) + np.abs(x.imag) if x.dtype.kind == "c" else np.abs(x)


def _choose(a: Any, k: int) -> tuple[bool, int, bool]:
    """Whether step `k` takes two columns, which row changes place with its last one, and whether all is zero."""
    here, column = _sizes(a[k, k]), _sizes(a[k + 1 :, k])
    largest = column.max(initial=0)
    if max(here, largest) == 0:
        return False, k, True
    if here >= _ALPHA * largest:
        return False, k, False
    row = k + 1 + int(column.argmax())
    around = max(_sizes(a[row, k:row]).max(initial=0), _sizes(a[row + 1 :, row]).max(initial=0))
    if here >= _ALPHA * largest * (largest / around):
        return False, k, False
    return bool(_sizes(a[row, row]) < _ALPHA * around), row, False


def _exchange(a: Any, k: int, i: int, j: int, conj: Any) -> None:
    """Exchange rows and columns `i` and `j` above `i` in the lower triangle that is left at step `k`."""
    below, above = a[j + 1 :, i].copy(), a[j + 1 :, j].copy()
    a[j + 1 :, i], a[j + 1 :, j] = above, below
    column, row = conj(a[i + 1 : j, i]).copy(), conj(a[j, i + 1 : j]).copy()
    a[i + 1 : j, i], a[j, i + 1 : j] = row, column
    a[j, i] = conj(a[j, i])
    a[i, i], a[j, j] = a[j, j], a[i, i]
    if i > k:
        a[i, k], a[j, k] = a[j, k], a[i, k]


def _refuse_gradients(op: str, *tensors: Tensor) -> None:
    if state.grad and any(t.requires_grad for t in tensors):
        raise NotImplementedError(f"the derivative for '{op}' is not implemented: detach() its inputs")


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """``(LD, pivots, info)`` without an error for a zero pivot (``torch.linalg.ldl_factor_ex``)."""
    op = "torch.linalg.ldl_factor_ex"
    matrices(op, A, square=True)
    _refuse_gradients("linalg.ldl_factor", A)
    n = A.shape[-1]
    packed = np.tril(A._array).reshape(math.prod(A.shape[:-2]), n, n)
    found = [_factor(each, hermitian and A.is_complex()) for each in packed]
    pivots = np.array([each for each, _ in found], np.int32).reshape(A.shape[:-1])
    info = np.array([each for _, each in found], np.int32).reshape(A.shape[:-2])
    if check_errors and info.any():
        first = int(np.flatnonzero(info)[0])
        where = f"(Batch element {first}): " if info.ndim else ""
        number = int(info.reshape(-1)[first])
        raise LinAlgError(
            f"{op}: {where}The factorization could not be completed because D[{number},{number}] is zero: solving with "
            "it would divide by zero"
        )
    results = (wrap(packed.reshape(A.shape)), wrap(pivots), wrap(info))
    return deliver(op, results, return_types.linalg_ldl_factor_ex, out)


def ldl_factor(A: Tensor, *, hermitian: bool = False, out: Any = None) -> Any:
    """``(LD, pivots)`` of a symmetric, or with `hermitian` Hermitian, matrix (``torch.linalg.ldl_factor``).

    The lower triangle is read. `LD` is packed as LAPACK does: ``L`` below, ``D`` with blocks of one or two rows on
    the diagonal; for these a pivot is negative. There is no gradient, as in PyTorch.
    """
    packed, pivots, _ = ldl_factor_ex(A, hermitian=hermitian)
    return deliver("torch.linalg.ldl_factor", (packed, pivots), return_types.linalg_ldl_factor, out)


def _solve(ld: Any, pivots: Any, b: Any, hermitian: bool) -> None:
    """Overwrite `b` with the solution of one system."""
    conj = np.conj if hermitian else _same
    n, k = len(ld), 0
    steps = []
    while k < n:
        two = int(pivots[k] < 0)
        last, other = k + two, abs(int(pivots[k])) - 1
        steps.append((k, last, other))
        b[[last, other]] = b[[other, last]]
        b[last + 1 :] -= ld[last + 1 :, k : last + 1] @ b[k : last + 1]
        block = np.tril(ld[k : last + 1, k : last + 1])
        b[k : last + 1] = np.linalg.solve(block + conj(np.tril(block, -1)).T, b[k : last + 1])
        k = last + 1
    for k, last, other in reversed(steps):
        b[k : last + 1] -= conj(ld[last + 1 :, k : last + 1]).T @ b[last + 1 :]
        b[[last, other]] = b[[other, last]]


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False, out: Tensor | None = None) -> Tensor:
    """``X`` with ``A X = B`` from ``LD, pivots = ldl_factor(A)`` (``torch.linalg.ldl_solve``). No gradient."""
    op = "torch.linalg.ldl_solve"
    same_dtype(op, matrices(op, LD, "LD", square=True), matrices(op, B, "B"), "LD and B")
    if tuple(pivots.shape) != tuple(LD.shape[:-1]):
        raise RuntimeError(
            f"{op}: Expected LD.shape[:-1] and pivots.shape to be the same, but got {tuple(pivots.shape)}"
        )
    if LD.shape[-1] != B.shape[-2]:
        raise RuntimeError(
            f"{op}: Incompatible matrix sizes for ldl_solve: each A matrix is {LD.shape[-1]} by {LD.shape[-1]} but "
            f"each b matrix is {B.shape[-2]} by {B.shape[-1]}"
        )
    _refuse_gradients("linalg.ldl_solve", LD, B)
    n, columns = B.shape[-2:]
    ld, b = expand_batches(op, LD, B)
    count = math.prod(b.shape[:-2])
    order = np.broadcast_to(pivots._array, b.shape[:-1]).reshape(count, n)
    x = np.array(b._array).reshape(count, n, columns)
    for each in zip(ld._array.reshape(count, n, n), order, x, strict=True):
        _solve(*each, hermitian=hermitian and LD.is_complex())
    result = wrap(x.reshape(b.shape))
    return result if out is None else write_out(op, out, result)
