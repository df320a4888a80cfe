"""Functions of a whole matrix: its exponential and its powers."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from tinygrad5329.ops.choosing import where
from tinygrad5329.ops.decompositions.checks import matrices
from tinygrad5329.ops.decompositions.parts import adjoint
from tinygrad5329.ops.decompositions.solve import inv
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["matrix_exp", "matrix_power"]

#: Padé approximants: the degree, and up to which 1-norm it is exact to the precision of the dtype's bytes.
_DEGREES = {4: (7, 3.925724783138660), 8: (13, 5.371920351148152)}
_COEFFICIENTS = {
    7: (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0),
    13: (
        64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
        10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
    ),
}  # fmt: skip


def _exponential(xp: Any, x: Any) -> Any:
    """Higham, "The scaling and squaring method for the matrix exponential revisited", 2005, algorithm 2.3."""
    if 0 in x.shape:
        return x.copy()
    degree, radius = _DEGREES[np.finfo(x.dtype).bits // 8]
    norms = np.abs(x).sum(-2).max(-1)
    finite = np.isfinite(norms)
    halvings = np.ceil(np.log2(np.maximum(np.where(finite, norms, 0) / radius, 1))).astype(int)
    a = x * np.exp2(-halvings)[..., None, None].astype(x.real.dtype)
    even, odd = _pade(a, _COEFFICIENTS[degree])
    result = np.linalg.solve(even - odd, even + odd)
    for done in range(int(halvings.max())):
        more = halvings > done
        result[more] = result[more] @ result[more]
    return result


def _pade(a: Any, c: tuple[float, ...]) -> tuple[Any, Any]:
    """The even and the odd part of the numerator; their difference is the denominator."""
    eye = np.eye(a.shape[-1], dtype=a.dtype)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = c[7] * a6 + c[5] * a4 + c[3] * a2 + c[1] * eye
    even = c[6] * a6 + c[4] * a4 + c[2] * a2 + c[0] * eye
    if len(c) == 14:
        odd += a6 @ (c[13] * a6 + c[11] * a4 + c[9] * a2)
        even += a6 @ (c[12] * a6 + c[10] * a4 + c[8] * a2)
    return even, a @ odd


def _exponential_rule(xp: Any, g: Any, x: Any) -> Any:
    """The derivative stands beside the diagonal in the exponential of a block triangle (Najfeld and Havel,
    "Derivatives of the matrix exponential and their computation", 1995)."""
    n = x.shape[-1]
    adj = adjoint(xp, x)
    above = xp.concatenate((adj, g), -1)
    below = xp.concatenate((xp.zeros_like(adj), adj), -1)
    return _matrix_exp.under(xp, xp.concatenate((above, below), -2))[..., :n, n:]


_matrix_exp: Primitive = Primitive("linalg_matrix_exp", _exponential, _exponential_rule)


@method
def matrix_exp(A: Tensor) -> Tensor:
    """The exponential of square matrices (``torch.linalg.matrix_exp``)."""
    return _matrix_exp(matrices("linalg.matrix_exp", A, square=True, half=True))


@method
def matrix_power(A: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """``A`` times itself, `n` times, by repeated squaring; a negative `n` inverts (``torch.linalg.matrix_power``)."""
    expect_tensor("linalg.matrix_power", "A", A)
    if A.ndim < 2:
        raise RuntimeError("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            "linalg.matrix_power: A must be batches of square matrices, but they are "
            f"{A.shape[-2]} by {A.shape[-1]} matrices"
        )
    n = index(n)
    base = inv(A) if n < 0 else A
    result: Tensor | None = None
    rest = abs(n)
    while rest:
        if rest & 1:
            result = base if result is None else result @ base
        rest >>= 1
        if rest:
            base = base @ base
    if result is None:
        # No element of `A` is taken; PyTorch records it all the same.
        eye = wrap(np.broadcast_to(np.eye(A.shape[-1], dtype=A.dtype.numpy), tuple(A.shape)))
        result = where(wrap(np.asarray(True)), eye, A)
    elif result is A:
        result = A.clone()
    return result if out is None else write_out("linalg.matrix_power", out, result)
