"""RAdam's update kernel; the rule is that of ``optim/radam.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["radam_rule"]

Array = np.ndarray[Any, Any]


def _passes(
    dtype: np.dtype[Any],
    sign: float,
    decay: float,
    keep: float,
    beta1: float,
    beta2: float,
    eps: float,
    rate: float,
    is_rectified: bool,
) -> Update:
    """The passes over `g, p, m, v`; the step is `rate` m, over sqrt(v) + `eps` once that is rectified."""
    multiply, add = np.multiply, np.add
    old1, new1, old2, new2 = (np.array(x, dtype) for x in (beta1, 1 - beta1, beta2, 1 - beta2))
    least, step = np.array(eps, dtype), np.array(rate, dtype)
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, m: Array, v: Array, s: Array, t: Array, u: Array) -> None:
        g = gradient(g, p, t)
        multiply(m, old1, m)
        add(m, multiply(g, new1, s), m)
        multiply(v, old2, v)
        add(v, multiply(multiply(g, g, s), new2, s), v)
        if is_rectified:
            np.sqrt(v, s)
            np.divide(m, add(s, least, s), s)
            multiply(s, step, s)
        else:
            multiply(m, step, s)
        np.subtract(p, s, p)

    return update


#: ``run(found, sign, decay, keep, beta1, beta2, eps, rate, is_rectified)``.
radam_rule = Rule("radam_update", _passes)
