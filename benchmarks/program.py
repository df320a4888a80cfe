"""``Program``: what a peer makes of a workload."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["DECAY", "MOMENTUM", "RATE", "Program", "descend"]

#: SGD's options in every workload but W6.
RATE, MOMENTUM, DECAY = 0.001, 0.9, 1e-4


@dataclass
class Program:
    """A workload as one peer runs it.

    Attributes
    ----------
    check : callable or None
        The loss and the gradients at the weights as given, without dropout; W8: the mean and the logits. None if
        nothing is computed that could be compared.
    step : callable
        One step, finished when it returns.
    optimizer : object, optional
        What the profiler looks into.
    compiles_in_check : bool
        Part of the compilation happens in `check`, so that its time counts as such.
    """

    check: Callable[[], tuple[float, dict[str, np.ndarray[Any, Any]]]] | None
    step: Callable[[], Any]
    optimizer: Any = None
    compiles_in_check: bool = False


def descend(weights: Mapping[str, Any], buffers: dict[str, Any], gradients: Iterable[Any]) -> None:
    """SGD in place on NumPy arrays, for peers that have no optimizer."""
    for (name, weight), g in zip(weights.items(), gradients, strict=True):
        g = g + DECAY * weight
        buffer = buffers.get(name)
        if buffer is None:
            buffers[name] = buffer = g
        else:
            buffer *= MOMENTUM
            buffer += g
        weight -= RATE * buffer
