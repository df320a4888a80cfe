"""A study as one JSON file, ``trials.json``: written beside its page, and read again to compare studies."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tinygrad5329.search.space import Space
from tinygrad5329.search.task import Task
from tinygrad5329.search.trial import STATES, Trial

__all__ = ["RECORD_FILE", "Study", "StudyRecord", "read_record", "record_of", "record_text", "trials_csv"]

RECORD_FILE = "trials.json"
_SCHEMA = 1


class Study(Protocol):
    """What is written of a study that ran or still runs.

    Attributes
    ----------
    task : Task
    algorithm : str
    seed : int
    budget : mapping, int, or an object with ``as_dict``
        ``{"steps": N}`` or ``{"seconds": S}``; a number is one of steps; None or empty where there is none.
    trials : sequence of Trial
    settings : mapping
        All else that it was started with, as JSON. Under ``"supernet"``, if shared weights were trained before the
        first trial, the ``"steps"`` and ``"seconds"`` that this took.
    """

    @property
    def task(self) -> Task: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def budget(self) -> Any: ...
    @property
    def trials(self) -> Sequence[Trial]: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class StudyRecord:
    """A study without what only code can say: how a network is built.

    ``value_name`` is what the task's values are called.
    """

    task: str
    space: Space
    algorithm: str
    seed: int
    budget: Mapping[str, float]
    trials: tuple[Trial, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    value_name: str = "value"

    @property
    def supernet(self) -> tuple[int, float]:
        """Steps and processor seconds that went into shared weights."""
        spent = self.settings.get("supernet") or {}
        return int(spent.get("steps", 0)), float(spent.get("seconds", 0.0))

    @property
    def running(self) -> bool:
        """Whether a trial is under way or waits."""
        return any(trial.state in ("running", "waiting") for trial in self.trials)


def record_of(study: Study) -> StudyRecord:
    """What is kept of a study."""
    task = study.task
    return StudyRecord(
        task.name,
        task.space,
        study.algorithm,
        study.seed,
        _budget(study.budget),
        tuple(sorted(study.trials, key=lambda trial: trial.number)),
        dict(study.settings),
        getattr(task, "value_name", "value"),
    )


def record_text(record: StudyRecord) -> str:
    """The record as JSON; numbers that are not finite, which JSON cannot hold, become null."""
    values = {
        "schema": _SCHEMA,
        "task": record.task,
        "value_name": record.value_name,
        "algorithm": record.algorithm,
        "seed": record.seed,
        "budget": dict(record.budget),
        "settings": dict(record.settings),
        "space": record.space.as_dict(),
        "trials": [_finite(asdict(trial)) for trial in record.trials],
    }
    return json.dumps(values, indent=1, allow_nan=False) + "\n"


def read_record(folder: str | os.PathLike[str]) -> StudyRecord:
    """Read the record in a study's folder.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If it is broken, or of another version; the message names the file.
    """
    path = Path(folder) / RECORD_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(
            f"{path}: no such file; name folders that a study wrote (tinygrad5329 search --out FOLDER)"
        ) from error
    try:
        values = json.loads(text)
        if values["schema"] != _SCHEMA:
            raise ValueError(f"expected schema {_SCHEMA}, got {values['schema']!r}")
        trials = tuple(_trial(each) for each in values["trials"])
        return StudyRecord(
            str(values["task"]),
            Space.from_dict(values["space"]),
            str(values["algorithm"]),
            int(values["seed"]),
            _budget(values["budget"]),
            trials,
            dict(values["settings"]),
            str(values["value_name"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path}: not the record of a study ({error}); let the study write it again") from error


def trials_csv(record: StudyRecord) -> str:
    """One line a trial: what became of it, its measures, and each decision in a column of its own."""
    measures = list(dict.fromkeys(name for trial in record.trials for name in trial.measures))
    paths = [slot.path for slot in record.space.slots]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["number", "state", "value", "steps", "seconds", *measures, *paths])
    for trial in record.trials:
        flat = record.space.flatten(trial.architecture)
        plain = [trial.number, trial.state, trial.value, trial.steps, trial.seconds]
        writer.writerow(
            ["" if value is None else value for value in plain]
            + [_csv_cell(trial.measures.get(name)) for name in measures]
            + [_csv_cell(flat.get(path)) for path in paths]
        )
    return text.getvalue()


def _budget(budget: Any) -> dict[str, float]:
    if budget is None:
        return {}
    if hasattr(budget, "as_dict"):
        budget = budget.as_dict()
    values = dict(budget) if isinstance(budget, Mapping) else {"steps": budget}
    values = {name: value for name, value in values.items() if value is not None}
    if not set(values) <= {"steps", "seconds"} or not all(isinstance(each, (int, float)) for each in values.values()):
        raise ValueError(f"a budget is a number of steps, or {{'steps': N}} or {{'seconds': S}}, got {budget!r}")
    return values


def _trial(values: Mapping[str, Any]) -> Trial:
    if values["state"] not in STATES:
        raise ValueError(
            f"trial {values['number']!r}: expected a state of {', '.join(STATES)}, got {values['state']!r}"
        )
    reports = tuple((int(steps), math.nan if value is None else float(value)) for steps, value in values["reports"])
    return Trial(**{**values, "reports": reports})


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(each) for each in value]
    return value


def _csv_cell(value: Any) -> Any:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, (dict, list, tuple, bool)) else value
