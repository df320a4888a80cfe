"""Tasks by the names that the command line takes."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path
from typing import Any

from tinygrad5329.search.task import Task

__all__ = ["NAMES", "task_by_name"]

NAMES = ("report", "cell", "mini")


def task_by_name(name: str, **options: Any) -> Task:
    """The task of a name, or of ``FILE.py:attribute``.

    Parameters
    ----------
    name : str
        ``"report"``, ``"cell"``, ``"mini"``, or a Python file and the name in it of a task, of a class of tasks, or of
        a function that makes one.
    **options
        What the task is made with, such as ``data="digits", epochs=5``. None for a task that the file has made.

    Raises
    ------
    ValueError
        If there is no such task, it takes no such option, or what the file holds is no task; the message says what
        there is.
    OSError
        If the file cannot be read.
    """
    path, colon, attribute = name.rpartition(":")
    if colon and path.endswith(".py"):
        return _checked(name, _from_file(Path(path), attribute, options))
    if name not in NAMES:
        raise ValueError(
            f"space: expected one of {', '.join(NAMES)}, or FILE.py:NAME for a task of your own, got {name!r}"
        )
    return _checked(name, _make(name, _class(name), options))


def _class(name: str) -> Any:
    if name == "report":
        from tinygrad5329.search.tasks.report_task import ReportTask

        return ReportTask
    if name == "cell":
        from tinygrad5329.search.tasks.cell_task import CellTask

        return CellTask
    from tinygrad5329.search.benchmark import MiniTask

    return MiniTask


def _from_file(path: Path, attribute: str, options: dict[str, Any]) -> Any:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    module_name = f"tinygrad5329_task_{path.resolve().stem}"
    spec = importlib.util.spec_from_file_location(module_name, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a script that ends itself must not end the search without a word
        del sys.modules[module_name]
        raise ValueError(f"{path}: importing it failed: {type(error).__name__}: {error}") from error
    if not hasattr(module, attribute):
        there = [each for each, value in vars(module).items() if getattr(value, "__module__", None) == module_name]
        raise ValueError(f"{path}: it has no {attribute!r}; it has {', '.join(there) or 'nothing'}")
    found = getattr(module, attribute)
    if (callable(found) and not hasattr(found, "train")) or inspect.isclass(found):
        return _make(attribute, found, options)
    if options:
        raise ValueError(f"{path}: {attribute} is made already and takes no {next(iter(options))!r}; name its class")
    return found


def _make(name: str, make: Any, options: dict[str, Any]) -> Any:
    try:
        return make(**options)
    except TypeError as error:
        if "argument" not in str(error):
            raise
        takes = ", ".join(inspect.signature(make).parameters) or "no options"
        raise ValueError(f"space {name}: {error}; it takes {takes}") from error


def _checked(name: str, task: Any) -> Task:
    missing = [each for each in ("name", "space", "steps", "build", "example", "train") if not hasattr(task, each)]
    if missing:
        raise ValueError(f"{name}: {task!r} is no task, it has no {missing[0]!r}; see tinygrad5329.search.task.Task")
    made: Task = task
    return made
