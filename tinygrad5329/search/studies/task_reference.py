"""A task by name, as one process tells another which task it means."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tinygrad5329.search.space import Space
from tinygrad5329.search.studies.study_error import StudyError
from tinygrad5329.search.task import Task
from tinygrad5329.search.tasks.by_name import task_by_name

__all__ = ["TaskReference", "check_task", "description_of"]


@dataclass(frozen=True)
class TaskReference:
    """What a task is made of, as JSON.

    Attributes
    ----------
    name : str
        As :func:`~tinygrad5329.search.tasks.by_name.task_by_name` takes it: ``"report"``, ``"FILE.py:NAME"``, ...
    options : mapping
        Likewise, such as ``"data"``.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Task:
        """The task.

        Raises
        ------
        ValueError, OSError, ImportError
            If there is no such task, or it cannot be made of the options.
        """
        return check_task(task_by_name(self.name, **self.options))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def check_task(task: Any) -> Task:
    """Complain of what is no task.

    Raises
    ------
    StudyError
        Names what it lacks.
    """
    if inspect.isclass(task):
        raise StudyError(f"no task of a search: {task.__name__} is a class; make one of it, {task.__name__}(...)")
    lacks = [each for each in ("name", "space", "steps", "build", "example", "train") if not hasattr(task, each)]
    if lacks:
        raise StudyError(f"no task of a search: {task!r} has no {', '.join(lacks)}")
    if not isinstance(task.space, Space):
        raise StudyError(f"{task.name}: the task's space is no Space but {task.space!r}")
    if type(task.steps) is not int or task.steps < 1:
        raise StudyError(f"{task.name}: the task's steps are no whole number from 1 on but {task.steps!r}")
    checked: Task = task
    return checked


def description_of(task: Task) -> dict[str, Any]:
    """All that decides what the trials of a task come to, for JSON: the task's ``describe()``, where it has one.

    Raises
    ------
    StudyError
        If that is no JSON.
    """
    own: Any = task
    described = own.describe() if hasattr(own, "describe") else {"name": task.name, "space": task.space.as_dict()}
    try:
        json.dumps(described)
    except (TypeError, ValueError) as error:
        raise StudyError(f"{task.name}: what the task's describe() returns is no JSON: {error}") from error
    return {**described, "steps": task.steps}
