"""The update kernel of the heavy ball; the rule is that of ``optim/heavy_ball.py``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["heavy_ball_rule"]

Array = np.ndarray[Any, Any]


@lru_cache(maxsize=64)
def _passes(dtype: np.dtype[Any], sign: float, decay: float, keep: float, momentum: float, lr: float) -> Update:
    """The passes over `g, p, x` (gradient, parameter, the parameter before the last step)."""
    multiply, add, subtract = np.multiply, np.add, np.subtract
    beta, rate = np.array(momentum, dtype), np.array(lr, dtype)
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, x: Array, s: Array, t: Array, u: Array) -> None:
        multiply(gradient(g, p, s), rate, s)
        subtract(p, x, t)
        np.copyto(x, p)
        subtract(multiply(t, beta, t), s, t)
        add(p, t, p)

    return update


#: ``run(found, sign, decay, keep, momentum, lr)``.
heavy_ball_rule = Rule("heavy_ball_update", _passes)
