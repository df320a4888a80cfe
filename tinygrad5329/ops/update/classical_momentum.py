"""The update kernel of classical momentum; the rule is that of ``optim/classical_momentum.py``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["classical_momentum_rule"]

Array = np.ndarray[Any, Any]
Arrays = Sequence[Array]


@lru_cache(maxsize=64)
def _passes(
    dtype: np.dtype[Any], sign: float, decay: float, keep: float, momentum: float, lr: float, nesterov: bool
) -> Update:
    """The passes over `g, p, v` (gradient, parameter, velocity)."""
    multiply, add, subtract = np.multiply, np.add, np.subtract
    mu, rate = np.array(momentum, dtype), np.array(lr, dtype)
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, v: Array, s: Array, t: Array, u: Array) -> None:
        multiply(gradient(g, p, s), rate, s)
        multiply(v, mu, v)
        subtract(v, s, v)
        add(p, subtract(multiply(v, mu, t), s, t) if nesterov else v, p)

    return update


@lru_cache(maxsize=64)
def _together(
    dtype: np.dtype[Any], sign: float, decay: float, keep: float, momentum: float, lr: float, nesterov: bool
) -> Update | None:
    """The passes over a bundle; None where the gradient is climbed."""
    if sign != 1 or keep != 1:
        return None
    multiply, add, subtract = np.multiply, np.add, np.subtract
    mu, rate, share = (np.array(x, dtype) for x in (momentum, lr, decay))

    def update(gs: Arrays, columns: Sequence[Arrays], states: Arrays, work: Arrays, parts: Sequence[Arrays]) -> None:
        (ps, steps), (v,), s, t = columns, states, work[0], work[1]
        if decay:
            for g, p, piece in zip(gs, ps, parts[0]):  # noqa: B905 - strict=True takes as long as the loop
                add(multiply(p, share, piece), g, piece)
            multiply(s, rate, s)
        else:
            for g, piece in zip(gs, parts[0]):  # noqa: B905
                multiply(g, rate, piece)
        multiply(v, mu, v)
        subtract(v, s, v)
        if nesterov:
            subtract(multiply(v, mu, t), s, t)
            steps = parts[1]
        for p, step in zip(ps, steps):  # noqa: B905
            add(p, step, p)

    return update


#: ``run(found, sign, decay, keep, momentum, lr, nesterov)``.
classical_momentum_rule = Rule("classical_momentum_update", _passes, _together)
