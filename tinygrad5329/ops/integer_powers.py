"""Integer powers of arrays of floats."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["power"]

#: Exponents for which NumPy has ways of its own.
_QUICK = (0, 1, 2, -1)


def power(x: Any, exponent: Any) -> Any:
    """``x ** exponent``, past NumPy's way with negative numbers, which is forty times slower than the rest."""
    plain = not isinstance(x, np.ndarray) or x.dtype.kind != "f" or not isinstance(exponent, (int, float))
    if plain or exponent in _QUICK or exponent % 1 != 0:
        return x**exponent
    if exponent == 3:
        return x * x * x
    out = np.abs(x)
    np.power(out, exponent, out)
    return np.copysign(out, x, out) if exponent % 2 else out
