"""RMSprop's update kernel; the rule is that of ``optim/rmsprop.py``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["rmsprop_rule"]

Array = np.ndarray[Any, Any]


@lru_cache(maxsize=64)
def _passes(
    dtype: np.dtype[Any],
    sign: float,
    decay: float,
    keep: float,
    alpha: float,
    eps: float,
    momentum: float,
    lr: float,
    centered: bool,
) -> Update:
    """The passes over `g, p, v`, then with `centered` the average gradient, then with `momentum` the buffer."""
    multiply, add, subtract = np.multiply, np.add, np.subtract
    old, new, least, mu, rate = (np.array(x, dtype) for x in (alpha, 1 - alpha, eps, momentum, lr))
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, v: Array, *rest: Array) -> None:
        *state, s, t, _ = rest
        g = gradient(g, p, t)
        multiply(v, old, v)
        add(v, multiply(multiply(g, g, s), new, s), v)
        if centered:
            mean = state[0]
            multiply(mean, old, mean)
            add(mean, multiply(g, new, s), mean)
            v = subtract(v, multiply(mean, mean, s), s)
        np.sqrt(v, s)
        direction = np.divide(g, add(s, least, s), s)
        if momentum:
            direction = state[-1]
            multiply(direction, mu, direction)
            add(direction, s, direction)
        subtract(p, multiply(direction, rate, s), p)

    return update


#: ``run(found, sign, decay, keep, alpha, eps, momentum, lr, centered)``.
rmsprop_rule = Rule("rmsprop_update", _passes)
