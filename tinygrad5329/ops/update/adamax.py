"""Adamax's update kernel; the rule is that of ``optim/adamax.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["adamax_rule"]

Array = np.ndarray[Any, Any]


def _passes(
    dtype: np.dtype[Any], sign: float, decay: float, keep: float, beta1: float, beta2: float, eps: float, lr: float
) -> Update:
    """The passes over `g, p`, the average gradient and the largest one."""
    multiply, add = np.multiply, np.add
    old1, new1, old2, least, rate = (np.array(x, dtype) for x in (beta1, 1 - beta1, beta2, eps, lr))
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, m: Array, largest: Array, s: Array, t: Array, u: Array) -> None:
        g = gradient(g, p, t)
        multiply(m, old1, m)
        add(m, multiply(g, new1, s), m)
        multiply(largest, old2, largest)
        np.maximum(largest, add(np.abs(g, s), least, s), out=largest)
        np.subtract(p, multiply(np.divide(m, largest, s), rate, s), p)

    return update


#: ``run(found, sign, decay, keep, beta1, beta2, eps, lr)``, with the learning rate corrected for the step.
adamax_rule = Rule("adamax_update", _passes)
