"""Adagrad's update kernel; the rule is that of ``optim/adagrad.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["adagrad_rule"]

Array = np.ndarray[Any, Any]


def _passes(dtype: np.dtype[Any], sign: float, decay: float, keep: float, eps: float, lr: float) -> Update:
    """The passes over `g, p` and the sum of squares."""
    add = np.add
    least, rate = np.array(eps, dtype), np.array(lr, dtype)
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, total: Array, s: Array, t: Array, u: Array) -> None:
        g = gradient(g, p, t)
        add(total, np.multiply(g, g, s), total)
        np.sqrt(total, s)
        np.divide(g, add(s, least, s), s)
        np.subtract(p, np.multiply(s, rate, s), p)

    return update


#: ``run(found, sign, decay, keep, eps, lr)``, with the learning rate of this step.
adagrad_rule = Rule("adagrad_update", _passes)
