"""Determinants: ``det``, ``slogdet`` and ``logdet``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.ops.choosing import where
from tinygrad5329.ops.decompositions.checks import deliver, matrices
from tinygrad5329.ops.decompositions.parts import adjoint
from tinygrad5329.ops.decompositions.solve import inverse_of
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor, method

__all__ = ["det", "logdet", "slogdet"]


def _det_rule(xp: Any, g: Any, x: Any, out: Any) -> Any:
    """Jacobi's formula."""
    return (g * xp.conj(out))[..., None, None] * adjoint(xp, inverse_of.under(xp, x))


def _det_arrays_rule(xp: Any, g: Any, needs: Any, x: Any, out: Any) -> tuple[Any]:
    """The same for regular matrices; cofactors from singular values, none of which is divided by, for others."""
    if np.all(out):
        return (_det_rule(xp, g, x, out),)
    u, s, vh = np.linalg.svd(x)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(-1)
    phase = np.linalg.det(u) * np.linalg.det(vh)
    return ((g * np.conj(phase))[..., None, None] * ((u * others[..., None, :]) @ vh),)


_det = Primitive("linalg_det", lambda xp, x: np.linalg.det(x), _det_rule, raw=_det_arrays_rule)


@method
def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The determinant of square matrices (``torch.linalg.det``). Singular ones have a gradient too."""
    result = _det(matrices("linalg.det", A, square=True))
    return result if out is None else write_out("linalg.det", out, result)


def _slogdet_rule(xp: Any, g: Any, x: Any, x_dtype: Any, outs: Any) -> Any:
    weight = g[1]
    if x_dtype.kind == "c":
        weight = weight - 1j * (xp.conj(g[0]) * outs[0]).imag
    return weight[..., None, None] * adjoint(xp, inverse_of.under(xp, x))


_slogdet = Primitive("slogdet", lambda xp, x: tuple(np.linalg.slogdet(x)), _slogdet_rule, outputs=2)


def slogdet(A: Tensor, *, out: Any = None) -> Any:
    """``(sign, logabsdet)``, the sign (a phase, if complex) and the logarithm of the size of the determinant
    (``torch.linalg.slogdet``); 0 and -inf for a singular matrix, which has no gradient.
    """
    results = _slogdet(matrices("linalg.slogdet", A, square=True))
    return deliver("linalg.slogdet", results, return_types.linalg_slogdet, out)


@method
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant, NaN where that is negative (``torch.logdet``)."""
    sign, size = _slogdet(matrices("logdet", input, square=True))
    if input.is_complex():
        return sign.log() + size
    return where(sign < 0, math.nan, size)
