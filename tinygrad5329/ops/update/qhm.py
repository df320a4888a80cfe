"""The update kernel of quasi-hyperbolic momentum; the rule is that of ``optim/qhm.py``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["qhm_rule"]

Array = np.ndarray[Any, Any]
Arrays = Sequence[Array]


@lru_cache(maxsize=64)
def _passes(
    dtype: np.dtype[Any], sign: float, decay: float, keep: float, momentum: float, of_average: float, of_gradient: float
) -> Update:
    """The passes over `g, p, b` (gradient, parameter, average); the step is `of_average` b + `of_gradient` g."""
    multiply, add, subtract = np.multiply, np.add, np.subtract
    old, new, share, rest = (np.array(x, dtype) for x in (momentum, 1 - momentum, of_average, of_gradient))
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, b: Array, s: Array, t: Array, u: Array) -> None:
        g = gradient(g, p, t)
        multiply(b, old, b)
        add(b, multiply(g, new, s), b)
        multiply(b, share, s)
        if of_gradient:
            add(s, multiply(g, rest, t), s)
        subtract(p, s, p)

    return update


@lru_cache(maxsize=64)
def _together(
    dtype: np.dtype[Any], sign: float, decay: float, keep: float, momentum: float, of_average: float, of_gradient: float
) -> Update | None:
    """The passes over a bundle; None where the gradient is climbed."""
    if sign != 1 or keep != 1:
        return None
    multiply, add, subtract = np.multiply, np.add, np.subtract
    old, new, part, rest = (np.array(x, dtype) for x in (momentum, 1 - momentum, of_average, of_gradient))
    share = np.array(decay, dtype)

    def update(gs: Arrays, columns: Sequence[Arrays], states: Arrays, work: Arrays, parts: Sequence[Arrays]) -> None:
        ps, (b,), s, t = columns[0], states, work[0], work[1]
        for g, p, piece in zip(gs, ps, parts[1]):  # noqa: B905 - strict=True takes as long as the loop
            if decay:
                add(multiply(p, share, piece), g, piece)
            else:
                np.copyto(piece, g)
        multiply(b, old, b)
        add(b, multiply(t, new, s), b)
        multiply(b, part, s)
        if of_gradient:
            add(s, multiply(t, rest, t), s)
        for p, piece in zip(ps, parts[0]):  # noqa: B905
            subtract(p, piece, p)

    return update


#: ``run(found, sign, decay, keep, momentum, of_average, of_gradient)``, with the learning rate in the last two.
qhm_rule = Rule("qhm_update", _passes, _together)
