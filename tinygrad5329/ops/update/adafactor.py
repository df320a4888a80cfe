"""Adafactor's update on arrays; the rule is that of ``optim/adafactor.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.tensor import Tensor, bump_versions

__all__ = ["adafactor_step"]

Array = np.ndarray[Any, Any]

_REAL = (np.dtype(np.float32), np.dtype(np.float64))


def adafactor_step(
    p: Tensor,
    grad: Tensor,
    variances: Sequence[Tensor],
    t: float,
    *,
    lr: float,
    beta2_decay: float,
    eps1: float,
    eps2: float,
    d: float,
    weight_decay: float,
    maximize: bool,
) -> bool:
    """Step number `t` of a parameter, in place; False, and nothing done, unless all is of one dtype, single or double.

    `variances` are the averages of the rows and of the columns of a matrix, or the one of a vector.
    """
    x, g, averages = p._array, grad._array, [v._array for v in variances]
    if x.dtype not in _REAL or any(a.dtype != x.dtype for a in (g, *averages)):
        return False
    newest = t**beta2_decay
    with np.errstate(all="ignore"):
        size = max(eps2, _root_mean_square(x)) * min(lr, t**-0.5)
        if weight_decay:
            np.multiply(x, 1 - lr * weight_decay, x)
        s = np.empty_like(x)
        np.multiply(g, g, s)
        if len(averages) == 1:
            average = averages[0]
            _blend(average, s, newest)
            np.maximum(average, eps1 * eps1, out=s)
        else:
            rows, columns = averages
            for axis, average in ((-1, rows), (-2, columns)):
                _blend(average, sums.sum(s, axis, keepdims=True) / max(x.shape[axis], 1), newest)
            whole = np.maximum(rows.mean(-2, keepdims=True), eps1)
            np.maximum(np.multiply(rows / whole, columns, s), eps1 * eps1, out=s)
        np.divide(g, np.sqrt(s, s), s)
        scale = size / max(1.0, _root_mean_square(s) / d)
        np.add(x, np.multiply(s, scale if maximize else -scale, s), x)
    bump_versions((p, *variances), "Adafactor")
    return True


def _blend(average: Array, value: Array, share: float) -> None:
    """Move `average` by `share` of the way to `value`, in place."""
    average += (value - average) * share


def _root_mean_square(x: Array) -> float:
    flat = x.ravel("K")
    return float(flat.dot(flat) / flat.size) ** 0.5 if flat.size else 0.0
