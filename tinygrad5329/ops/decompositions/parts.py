"""Parts of matrices and transposes, for gradient rules: on arrays and on tensors alike."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["adjoint", "as_diagonal", "diagonal", "divided", "lower", "on_diagonal", "skew", "upper"]


def adjoint(xp: Any, x: Any) -> Any:
    """The conjugate transpose."""
    return xp.conj(xp.swapaxes(x, -1, -2))


def lower(xp: Any, x: Any, k: int = 0) -> Any:
    """The lower triangle, up to the `k`-th diagonal."""
    return xp.where(np.tri(x.shape[-2], x.shape[-1], k, dtype=np.bool_), x, 0.0)


def upper(xp: Any, x: Any, k: int = 0) -> Any:
    """The upper triangle, from the `k`-th diagonal."""
    return xp.where(~np.tri(x.shape[-2], x.shape[-1], k - 1, dtype=np.bool_), x, 0.0)


def on_diagonal(xp: Any, x: Any) -> Any:
    """The matrix with nothing but its diagonal."""
    return xp.where(np.eye(x.shape[-2], x.shape[-1], dtype=np.bool_), x, 0.0)


def diagonal(xp: Any, x: Any) -> Any:
    """The diagonal of square matrices, as vectors."""
    return xp.sum(on_diagonal(xp, x), axis=-1)


def as_diagonal(xp: Any, v: Any) -> Any:
    """Diagonal matrices."""
    return xp.where(np.eye(v.shape[-1], dtype=bool), xp.expand_dims(v, -1), 0.0)


def skew(xp: Any, x: Any) -> Any:
    """``x - x^H``."""
    return x - adjoint(xp, x)


def divided(xp: Any, x: Any, gaps: Any) -> Any:
    """``x / gaps``, where nothing divided by no gap is nothing.

    Repeated eigenvalues leave their vectors without a derivative, which is not to spoil a gradient that
    comes through the values alone.
    """
    return x / xp.where((gaps == 0) & (x == 0), 1.0, gaps)
