"""Hyper-parameter and architecture search that gives back ordinary models.

A :class:`Space` is declared of :class:`Choice`, :class:`Integer`, :class:`Float`, :class:`Stack` and :class:`Cell`; a
task says how an architecture of it is built and judged; :func:`run` searches. What is not used is not imported.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinygrad5329.search.domains import Choice, Float, Integer
    from tinygrad5329.search.latency.table import LatencyTable
    from tinygrad5329.search.networks.source import python_source
    from tinygrad5329.search.output.write import write_study
    from tinygrad5329.search.parts import Cell, Stack
    from tinygrad5329.search.space import Architecture, Space
    from tinygrad5329.search.strategy import Strategy
    from tinygrad5329.search.studies.algorithms import ALGORITHMS
    from tinygrad5329.search.studies.result import StudyResult
    from tinygrad5329.search.studies.run import run
    from tinygrad5329.search.studies.study_error import StudyError
    from tinygrad5329.search.studies.suggestion import strategy_sampler, suggest
    from tinygrad5329.search.studies.task_reference import TaskReference
    from tinygrad5329.search.task import Outcome, Pruned, Task
    from tinygrad5329.search.tasks.by_name import task_by_name
    from tinygrad5329.search.tasks.cell_task import CellTask
    from tinygrad5329.search.tasks.report_task import ReportTask
    from tinygrad5329.search.tasks.trained_task import TrainedTask
    from tinygrad5329.search.trial import Trial

__all__ = [
    "ALGORITHMS", "Architecture", "Cell", "CellTask", "Choice", "Float", "Integer", "LatencyTable", "Outcome", "Pruned",
    "ReportTask", "Space", "Stack", "Strategy", "StudyError", "StudyResult", "Task", "TaskReference", "TrainedTask",
    "Trial", "python_source", "run", "strategy_sampler", "suggest", "task_by_name", "write_study",
]  # fmt: skip

_MODULES = {
    "ALGORITHMS": "studies.algorithms",
    "Architecture": "space",
    "Cell": "parts",
    "CellTask": "tasks.cell_task",
    "Choice": "domains",
    "Float": "domains",
    "Integer": "domains",
    "LatencyTable": "latency.table",
    "Outcome": "task",
    "Pruned": "task",
    "ReportTask": "tasks.report_task",
    "Space": "space",
    "Stack": "parts",
    "Strategy": "strategy",
    "StudyError": "studies.study_error",
    "StudyResult": "studies.result",
    "Task": "task",
    "TaskReference": "studies.task_reference",
    "TrainedTask": "tasks.trained_task",
    "Trial": "trial",
    "python_source": "networks.source",
    "run": "studies.run",
    "strategy_sampler": "studies.suggestion",
    "suggest": "studies.suggestion",
    "task_by_name": "tasks.by_name",
    "write_study": "output.write",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
