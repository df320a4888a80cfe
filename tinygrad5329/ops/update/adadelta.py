"""Adadelta's update kernel; the rule is that of ``optim/adadelta.py``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["adadelta_rule"]

Array = np.ndarray[Any, Any]


@lru_cache(maxsize=64)
def _passes(dtype: np.dtype[Any], sign: float, decay: float, keep: float, rho: float, eps: float, lr: float) -> Update:
    """The passes over `g, p` and the averages of the squared gradient and of the squared step."""
    multiply, add = np.multiply, np.add
    old, new, least, rate = (np.array(x, dtype) for x in (rho, 1 - rho, eps, lr))
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, square: Array, moved: Array, s: Array, t: Array, u: Array) -> None:
        g = gradient(g, p, t)
        multiply(square, old, square)
        add(square, multiply(multiply(g, g, s), new, s), square)
        np.sqrt(add(moved, least, s), s)
        np.sqrt(add(square, least, u), u)
        delta = multiply(np.divide(s, u, s), g, s)
        multiply(moved, old, moved)
        add(moved, multiply(multiply(delta, delta, u), new, u), moved)
        np.subtract(p, multiply(delta, rate, s), p)

    return update


#: ``run(found, sign, decay, keep, rho, eps, lr)``.
adadelta_rule = Rule("adadelta_update", _passes)
