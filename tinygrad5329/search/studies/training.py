"""Training one architecture, or a supernet, with every report and every end as one JSON object."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.task import Outcome, Pruned, Task

__all__ = ["carry_out"]


def carry_out(task: Task, order: dict[str, Any], report: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Do what is ordered.

    Parameters
    ----------
    task : Task
    order : dict
        ``{"architecture", "seed"}``; or ``{"search", "settings", "steps", "seed", "folder"}`` for the one-shot search
        of that name.
    report : callable
        Given ``{"kind": "report", "steps", "value", "seconds"}``; it returns whether to go on.

    Returns
    -------
    dict
        ``"kind"`` is ``"done"`` (with ``"value"`` and ``"measures"``, or a search's ``"ranking"``), ``"pruned"`` or
        ``"failed"`` (with ``"error"``). Always there: ``"steps"``, ``"seconds"`` of processor time. ``"exact"``
        says that the steps of a failed one are known and not only those of its last report.
    """
    started = time.process_time()
    reached = 0

    def told(steps: int, value: float) -> None:
        nonlocal reached
        reached = _steps("report", steps, reached)
        seconds = time.process_time() - started
        if not report({"kind": "report", "steps": reached, "value": float(value), "seconds": seconds}):
            raise Pruned

    def ended(kind: str, **more: Any) -> dict[str, Any]:
        return {"kind": kind, "steps": reached, "seconds": time.process_time() - started} | more

    def favoured(steps: int, _: Architecture) -> None:
        told(steps, math.nan)

    try:
        tg.manual_seed(order["seed"])
        if "search" in order:
            from tinygrad5329.search.studies.one_shot import search_of

            shared: Any = task  # a task without a supernet says so itself
            ranking = search_of(order["search"]).search(
                shared, steps=order["steps"], seed=order["seed"], folder=order["folder"], report=favoured
            )
            reached = order["steps"]  # ranking took what the last report had left
            return ended("done", ranking=ranking)
        outcome = _plain(task.train(order["architecture"], seed=order["seed"], report=told), reached)
    except Pruned:
        return ended("pruned")
    except Exception as error:  # an architecture that cannot be trained is a result like another
        known = getattr(error, "steps", None)
        if isinstance(known, int):
            reached = known
        return ended("failed", error=f"{type(error).__name__}: {error}", exact=isinstance(known, int))
    reached = outcome.steps
    if not math.isfinite(outcome.value):
        return ended("failed", error=f"the task's value is {outcome.value}", exact=True)
    return ended("done", value=outcome.value, measures=outcome.measures)


def _plain(outcome: Any, reached: int) -> Outcome:
    """What a task answered, in numbers that are JSON."""
    if not isinstance(outcome, Outcome):
        raise TypeError(f"train: expected an Outcome, got {outcome!r}")
    try:
        value = float(outcome.value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"train: expected an Outcome whose value is a number, got {outcome.value!r}") from error
    measures = {}
    for name, measure in outcome.measures.items():
        listed = measure.tolist() if hasattr(measure, "tolist") else measure  # NumPy's numbers are no JSON
        try:
            json.dumps(listed)
        except (TypeError, ValueError) as error:
            raise TypeError(f"train: expected measures that are JSON, got {measure!r} for {name!r}") from error
        measures[name] = listed
    return Outcome(value, _steps("train", outcome.steps, reached), measures)


def _steps(where: str, steps: Any, least: int) -> int:
    # Budgets are counted by them.
    try:
        taken = int(steps)
    except (TypeError, ValueError):
        taken = -1
    if taken < least:
        raise ValueError(f"{where}: expected the steps taken so far, {least} or more, got {steps!r}")
    return taken
