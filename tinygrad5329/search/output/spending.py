"""What a study has spent, and on what; and how far it had come when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.trial import STATES, Trial

__all__ = ["Progress", "Spent", "last_value", "progress_of", "spending_of", "unit_of"]


@dataclass(frozen=True)
class Spent:
    """What went into trials that came to one end.

    Attributes
    ----------
    kind : str
        A state of trials, or ``"supernet"``: shared weights, trained before the first trial.
    trials, steps : int
    seconds : float
        Processor seconds.
    """

    kind: str
    trials: int
    steps: int
    seconds: float


def spending_of(record: StudyRecord) -> list[Spent]:
    """Everything spent, by what it was spent on; kinds of which there is nothing are left out."""
    parts = []
    for state in STATES:
        trials = [trial for trial in record.trials if trial.state == state]
        if trials:
            parts.append(
                Spent(state, len(trials), sum(each.steps for each in trials), sum(each.seconds for each in trials))
            )
    steps, seconds = record.supernet
    return ([Spent("supernet", 0, steps, seconds)] if steps or seconds else []) + parts


def unit_of(record: StudyRecord) -> str:
    """In what the budget is counted: ``"steps"`` or ``"seconds"``."""
    return "seconds" if "seconds" in record.budget and "steps" not in record.budget else "steps"


@dataclass(frozen=True)
class Progress:
    """How far a study had come when a trial had ended.

    Attributes
    ----------
    trial : Trial
    spent : float
        Steps or seconds of this trial and all before it, of the supernet too.
    best : float or None
        The largest value so far.
    """

    trial: Trial
    spent: float
    best: float | None


def progress_of(record: StudyRecord, unit: str | None = None) -> list[Progress]:
    """Trial by trial, in the order in which they were begun: several processes' trials are laid end to end."""
    unit = unit_of(record) if unit is None else unit
    spent: float = record.supernet[unit == "seconds"]
    best: float | None = None
    progress = []
    for trial in record.trials:
        spent += trial.seconds if unit == "seconds" else trial.steps
        if trial.state == "complete" and trial.value is not None:
            best = trial.value if best is None else max(best, trial.value)
        progress.append(Progress(trial, spent, best))
    return progress


def last_value(trial: Trial) -> float | None:
    """Its value, or the last finite one that it reported; None if there is none."""
    if trial.value is not None:
        return trial.value
    finite: Sequence[float] = [value for _, value in trial.reports if value == value and abs(value) != float("inf")]
    return finite[-1] if finite else None
