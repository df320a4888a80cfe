"""Training one architecture, or a supernet, with every report and every end as one JSON object."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.task import Pruned, Task

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
        reached = int(steps)
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
        outcome = task.train(order["architecture"], seed=order["seed"], report=told)
    except Pruned:
        return ended("pruned")
    except Exception as error:  # an architecture that cannot be trained is a result like another
        known = getattr(error, "steps", None)
        if isinstance(known, int):
            reached = known
        return ended("failed", error=f"{type(error).__name__}: {error}", exact=isinstance(known, int))
    reached = int(outcome.steps)
    if not math.isfinite(outcome.value):
        return ended("failed", error=f"the task's value is {outcome.value}", exact=True)
    return ended("done", value=float(outcome.value), measures=dict(outcome.measures))
