"""What is known of one trial of a search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinygrad5329.search.space import Architecture

__all__ = ["STATES", "Trial", "best_of", "complete_of"]

STATES = ("complete", "pruned", "failed", "running", "waiting")


@dataclass(frozen=True)
class Trial:
    """One architecture and what became of it.

    Attributes
    ----------
    number : int
        From 0, in the order in which they were begun.
    architecture : dict
    state : {"complete", "pruned", "failed", "running", "waiting"}
        ``"pruned"`` was stopped before its end because it fell behind, ``"failed"`` broke off or diverged.
    value : float or None
        What is searched for, the larger the better: the validation accuracy; None unless complete.
    steps : int
        Training steps (batches through forward and backward) that it has taken, whatever became of it.
    seconds : float
        Processor seconds that it has taken.
    reports : tuple of (steps, value)
        Values on the way.
    measures : mapping
        What else was found: ``"parameters"``, ``"latency"`` (seconds), ``"test_accuracy"``, ``"error"``, ...
    """

    number: int
    architecture: Architecture
    state: str = "complete"
    value: float | None = None
    steps: int = 0
    seconds: float = 0.0
    reports: tuple[tuple[int, float], ...] = ()
    measures: Mapping[str, Any] = field(default_factory=dict)


def complete_of(history: Sequence[Trial]) -> list[Trial]:
    """The trials that came to their end with a value; NaN is none."""
    ended = (trial for trial in history if trial.state == "complete")
    return [trial for trial in ended if trial.value is not None and not math.isnan(trial.value)]


def best_of(history: Sequence[Trial]) -> Trial | None:
    """The complete trial with the largest value, the first of equal ones; None if there is none."""
    return max(complete_of(history), key=lambda trial: (trial.value, -trial.number), default=None)
