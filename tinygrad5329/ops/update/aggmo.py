"""The update kernel of aggregated momentum; the rule is that of ``optim/aggmo.py``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.ops.update.rule import Rule, Update, gradient_into

__all__ = ["aggmo_rule"]

Array = np.ndarray[Any, Any]
Arrays = Sequence[Array]


@lru_cache(maxsize=64)
def _passes(
    dtype: np.dtype[Any], sign: float, decay: float, keep: float, betas: tuple[float, ...], lr: float
) -> Update:
    """The passes over `g, p` and a velocity for each of `betas`; the step is `lr` times the velocities' mean."""
    multiply, add, subtract = np.multiply, np.add, np.subtract
    dampings, rate = [np.array(beta, dtype) for beta in betas], np.array(lr / len(betas), dtype)
    gradient = gradient_into(dtype, sign, decay, keep)

    def update(g: Array, p: Array, *rest: Array) -> None:
        *velocities, s, t, _ = rest
        g = gradient(g, p, t)
        for v, beta in zip(velocities, dampings, strict=True):
            multiply(v, beta, v)
            subtract(v, g, v)
        total = velocities[0]
        for v in velocities[1:]:
            total = add(total, v, s)
        add(p, multiply(total, rate, s), p)

    return update


@lru_cache(maxsize=64)
def _together(
    dtype: np.dtype[Any], sign: float, decay: float, keep: float, betas: tuple[float, ...], lr: float
) -> Update | None:
    """The passes over a bundle; None where the gradient is climbed."""
    if sign != 1 or keep != 1:
        return None
    multiply, add, subtract = np.multiply, np.add, np.subtract
    dampings, rate = [np.array(beta, dtype) for beta in betas], np.array(lr / len(betas), dtype)
    share = np.array(decay, dtype)

    def update(gs: Arrays, columns: Sequence[Arrays], states: Arrays, work: Arrays, parts: Sequence[Arrays]) -> None:
        ps, s, t = columns[0], work[0], work[1]
        for g, p, piece in zip(gs, ps, parts[1]):  # noqa: B905 - strict=True takes as long as the loop
            if decay:
                add(multiply(p, share, piece), g, piece)
            else:
                np.copyto(piece, g)
        for v, beta in zip(states, dampings):  # noqa: B905
            multiply(v, beta, v)
            subtract(v, t, v)
        total = states[0]
        for v in states[1:]:
            total = add(total, v, s)
        multiply(total, rate, s)
        for p, piece in zip(ps, parts[0]):  # noqa: B905
            add(p, piece, p)

    return update


#: ``run(found, sign, decay, keep, betas, lr)``, with as many velocities in a member's state as there are `betas`.
aggmo_rule = Rule("aggmo_update", _passes, _together)
