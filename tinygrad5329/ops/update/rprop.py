"""Rprop's update kernel; the rule is that of ``optim/rprop.py``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["rprop_rule"]

Array = np.ndarray[Any, Any]


@lru_cache(maxsize=64)
def _passes(
    dtype: np.dtype[Any],
    sign: float,
    decay: float,
    keep: float,
    shrink: float,
    grow: float,
    smallest: float,
    largest: float,
) -> Update:
    """The passes over `g, p`, the gradient before and the sizes of the steps."""
    less, more, low, high, zero = (np.array(x, dtype) for x in (shrink, grow, smallest, largest, 0))
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, before: Array, size: Array, s: Array, t: Array, u: Array) -> None:
        g = gradient(g, p, t)
        np.multiply(g, before, s)
        np.copyto(before, g, casting="same_kind")
        turned = np.less(s, zero)
        u.fill(1)
        np.copyto(u, more, where=np.greater(s, zero))
        np.copyto(u, less, where=turned)
        np.multiply(size, u, size)
        np.minimum(np.maximum(size, low, out=size), high, out=size)
        np.copyto(before, zero, where=turned, casting="same_kind")
        np.subtract(p, np.multiply(np.sign(before, s), size, s), p)

    return update


#: ``run(found, sign, decay, keep, shrink, grow, smallest, largest)``.
rprop_rule = Rule("rprop_update", _passes)
