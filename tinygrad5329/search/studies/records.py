"""Trials as Optuna stores them, read as trials of a search."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinygrad5329.search.space import Space
from tinygrad5329.search.trial import Trial

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = [
    "ARCHITECTURE", "ERROR", "EXACT", "INTERRUPTED", "MEASURES", "OWNER", "PHASE", "RANKING", "REFUSED", "RESERVED",
    "SECONDS", "STEPS", "VOID", "begun_of", "charged_steps", "is_decided", "is_lost", "is_open", "predecessor",
    "retry_attributes", "superseded", "to_trial", "visible",
]  # fmt: skip

# Attributes of a stored trial. They must be written while it runs: Optuna keeps finished trials as they are.
#: Process that runs it.
OWNER = "owner"
#: Steps that it may take at most.
RESERVED = "reserved"
#: Steps and processor seconds that it had taken when it last reported.
STEPS, SECONDS = "steps", "seconds"
#: The steps of a failed trial are known exactly.
EXACT = "exact"
#: What is tried; missing until it has been decided.
ARCHITECTURE = "architecture"
#: What was found beside the value.
MEASURES = "measures"
#: Why it failed for good. Failed without it means that its process was lost, and that it is tried again.
ERROR = "error"
#: It was stopped by Ctrl-C, and is tried again.
INTERRUPTED = "interrupted"
#: Why it was never begun: the budget had gone, another process was first, ...
VOID = "void"
#: The ``VOID`` of a proposal beyond the limits of the space.
REFUSED = "refused by the limits"
#: It trained shared weights, and is no trial of an architecture.
PHASE = "phase"
#: What it ranked first, in order.
RANKING = "ranking"
#: Optuna's attribute of a trial that repeats lost ones: their numbers.
_HISTORY = "retry_history"


def is_open(trial: FrozenTrial) -> bool:
    """Whether it is running."""
    return trial.state.name == "RUNNING"


def is_decided(trial: FrozenTrial) -> bool:
    """Whether it is known what it tries."""
    return ARCHITECTURE in trial.user_attrs or PHASE in trial.user_attrs


def is_lost(trial: FrozenTrial) -> bool:
    """Whether its process was lost or stopped in the middle of it."""
    attributes = trial.user_attrs
    failed = trial.state.name == "FAIL" and OWNER in attributes and is_decided(trial)
    return failed and ERROR not in attributes and VOID not in attributes


def predecessor(trial: FrozenTrial) -> int | None:
    """Number of the lost trial that it repeats."""
    history = trial.system_attrs.get(_HISTORY)
    return history[-1] if history else None


def retry_attributes(lost: FrozenTrial) -> dict[str, Any]:
    """Optuna's attributes of a trial that repeats a lost one."""
    history = [*lost.system_attrs.get(_HISTORY, []), lost.number]
    return {"failed_trial": history[0], _HISTORY: history}


def superseded(trials: Sequence[FrozenTrial]) -> set[int]:
    """Numbers of lost trials that another one repeats."""
    return {number for trial in trials if VOID not in trial.user_attrs and (number := predecessor(trial)) is not None}


def visible(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Those that were begun and count as tries of an architecture, lost ones that are repeated left out."""
    repeated = superseded(trials)
    return [trial for trial in begun_of(trials) if trial.number not in repeated]


def begun_of(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Those that were begun to try an architecture."""
    return [trial for trial in trials if not {VOID, PHASE} & trial.user_attrs.keys() and not _stillborn(trial)]


def charged_steps(trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> int:
    """Steps that a trial costs its study.

    Of one that failed between two reports nobody knows them; it is charged for the steps up to the report that did
    not come, as far as the distance of reports is known, else for all that it might have taken. One that ended costs
    a step at least, so that every budget comes to an end.
    """
    attributes = trial.user_attrs
    if VOID in attributes or _stillborn(trial):
        return 0
    steps = int(attributes.get(STEPS, 0))
    if is_open(trial):
        return steps
    if trial.state.name != "FAIL" or EXACT in attributes:
        return max(1, steps)
    reserved = int(attributes.get(RESERVED, steps))
    alike = [each for each in trials if (PHASE in each.user_attrs) == (PHASE in attributes)]
    gap = _report_distance([trial]) or _report_distance(alike) or reserved
    return max(1, min(steps + gap, max(reserved, steps)))


def to_trial(trial: FrozenTrial, space: Space, trials: Sequence[FrozenTrial] = ()) -> Trial | None:
    """As a trial of a search; None while it is not decided what it tries.

    Parameters
    ----------
    trial : FrozenTrial
    space : Space
    trials : sequence of FrozenTrial
        All of the study.
    """
    attributes = trial.user_attrs
    architecture = attributes.get(ARCHITECTURE)
    if architecture is None:
        try:
            architecture = space.unflatten(trial.params)
            space.check(architecture)
        except (KeyError, ValueError, AssertionError):
            return None
    states = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}
    state = states[trial.state.name]
    measures = dict(attributes.get(MEASURES, {}))
    if ERROR in attributes:
        measures["error"] = attributes[ERROR]
    elif is_lost(trial):
        measures["error"] = "it was interrupted" if INTERRUPTED in attributes else "its process was lost"
    return Trial(
        number=trial.number,
        architecture=architecture,
        state=state,
        value=trial.values[0] if state == "complete" and trial.values else None,
        steps=charged_steps(trial, trials),
        seconds=float(attributes.get(SECONDS, 0.0)),
        reports=tuple(sorted(trial.intermediate_values.items())),
        measures=measures,
    )


def _stillborn(trial: FrozenTrial) -> bool:
    return trial.state.name == "FAIL" and OWNER in trial.user_attrs and not is_decided(trial)


def _report_distance(trials: Sequence[FrozenTrial]) -> int:
    longest = 0
    for trial in trials:
        points = [0, *sorted(trial.intermediate_values)]
        longest = max([longest, *(later - earlier for earlier, later in itertools.pairwise(points))])
    return longest
