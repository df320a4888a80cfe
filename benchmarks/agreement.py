"""Whether peers compute the same thing: loss and gradients from the same weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["TOLERANCE", "Computed", "disagreement", "outliers"]

#: Largest difference of a gradient, relative to its largest element: rounding in float32, and nothing else.
TOLERANCE = 1e-3

Computed = tuple[float, Mapping[str, np.ndarray[Any, Any]]]


def disagreement(reference: Computed, other: Computed) -> str | None:
    """Where `other` differs from `reference`, in words; None if it does not."""
    (loss, gradients), (other_loss, others) = reference, other
    if not abs(other_loss - loss) <= TOLERANCE * max(abs(loss), 1e-2):
        return f"its loss is {other_loss:.7g} where the others have {loss:.7g}"
    if set(gradients) != set(others):
        return f"it has gradients of {sorted(set(gradients) ^ set(others))} that others have not, or the reverse"
    # A gradient that is zero but for rounding (a bias before a normalization) is judged by the others' size.
    floor = 1e-3 * max((np.abs(g).max() for g in gradients.values()), default=0.0)
    for name, g in gradients.items():
        if np.shape(others[name]) != g.shape:
            return f"its gradient of {name} has shape {np.shape(others[name])} instead of {g.shape}"
        off = np.abs(others[name] - g).max() / max(np.abs(g).max(), floor, 1e-30)
        if not off <= TOLERANCE:
            return f"its gradient of {name} is off by {off:.1e} of the largest element"
    return None


def outliers(computed: Mapping[str, Computed]) -> dict[str, str]:
    """The peers that most others contradict, and how.

    The reference is the peer with which most agree (the first of them), so that one wrong peer is found
    whichever it is. With two that differ nobody can say which is wrong, and neither is reported.
    """
    names = list(computed)
    found = {a: {b: disagreement(computed[a], computed[b]) for b in names if b != a} for a in names}
    agreeing = {a: sum(reason is None for reason in found[a].values()) for a in names}
    reference = max(names, key=agreeing.__getitem__)
    if len(names) > 1 and not agreeing[reference]:
        return {name: next(iter(found[reference if name != reference else names[1]].values())) or "" for name in names}
    return {name: reason for name, reason in found[reference].items() if reason is not None}
