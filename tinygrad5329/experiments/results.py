"""From runs to tables: means and deviations over the seeds, differences to the report, and a verdict a study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tinygrad5329.experiments.study import FIGURES, Row, Study

__all__ = ["Figure", "Outcome", "RowResult", "Run", "StudyResult", "Verdict", "row_result", "study_result"]

#: One finished run as its file in ``OUT/runs`` holds it; ``row.train_row`` describes the keys.
Run = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """One figure of a row over its seeds.

    Attributes
    ----------
    values : tuple of float
        One a run that has it, in the order of the seeds.

    Examples
    --------
    >>> figure = Figure((0.5, 0.51, 0.52))
    >>> round(figure.mean, 3), round(figure.deviation, 3)
    (0.51, 0.01)
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values)

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation (divisor n - 1); None of a single run."""
        if len(self.values) < 2:
            return None
        mean = self.mean
        return math.sqrt(math.fsum((value - mean) ** 2 for value in self.values) / (len(self.values) - 1))


@dataclass(frozen=True)
class RowResult:
    """What one row of a study gave.

    Attributes
    ----------
    row : Row
    runs : tuple of Run
        One a seed, in their order, whatever their status.
    figures : dict of str to Figure
        By the names of ``study.FIGURES``, over the runs that have them; a name is absent if none has.
    chosen : dict
        What tuning chose, as changes to the row's configuration; {} where nothing was tuned.
    tried : tuple of (dict, Run)
        The tries of the tuning: change and run.
    """

    row: Row
    runs: tuple[Run, ...]
    figures: Mapping[str, Figure]
    chosen: Mapping[str, Any] = field(default_factory=dict)
    tried: tuple[tuple[Mapping[str, Any], Run], ...] = ()

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def report(self) -> Mapping[str, float]:
        """The report's figures that are known."""
        return self.row.report

    @cached_property
    def differences(self) -> dict[str, float]:
        """Ours minus the report's, of the figures that both have."""
        return {name: self.figures[name].mean - known for name, known in self.report.items() if name in self.figures}

    @property
    def complete(self) -> bool:
        """Whether every seed ran to an end: trained, or diverged."""
        return all(run["status"] in ("ok", "diverged") for run in self.runs) and bool(self.runs)

    @property
    def diverged(self) -> int:
        """How many runs diverged."""
        return sum(run["status"] == "diverged" for run in self.runs)

    @property
    def failed(self) -> tuple[Run, ...]:
        """The runs that failed; each has its reason under ``"error"``."""
        return tuple(run for run in self.runs if run["status"] == "failed")

    @property
    def best_run(self) -> Run | None:
        """The run whose best epoch judged best (on validation rows; under ``report`` on test rows); None if none."""
        judged = [(best_judged(run), -i) for i, run in enumerate(self.runs) if best_judged(run) is not None]
        return self.runs[-max(judged)[1]] if judged else None

    def reached(self, accuracy: float) -> tuple[Figure, Figure, int] | None:
        """Epochs and training seconds until the judging accuracy was reached, and by how many runs; None if by none."""
        found = [each for run in self.runs if (each := first_reaching(run, accuracy)) is not None]
        if not found:
            return None
        epochs, seconds = zip(*found, strict=True)
        return Figure(tuple(map(float, epochs))), Figure(seconds), len(found)


@dataclass(frozen=True)
class Verdict:
    """Whether the report's conclusion holds on our data.

    Attributes
    ----------
    kind : {"holds", "within noise", "does not hold", "not tested"}
        "within noise": the report's choice and its strongest rival differ by no more than :func:`noise`.
    text : str
        The same in a sentence, with the figures.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class StudyResult:
    """One study with its rows' results.

    Attributes
    ----------
    study : Study
    rows : tuple of RowResult
        In the study's order.
    verdict : Verdict or None
        None where the study has no conclusion.
    """

    study: Study
    rows: tuple[RowResult, ...]
    verdict: Verdict | None

    @property
    def seconds(self) -> float:
        """Training and inference, added up over all rows, seeds and tries, runs shared with others included."""
        runs = [run for row in self.rows for run in (*row.runs, *(run for _, run in row.tried))]
        return math.fsum((run["training_seconds"] or 0) + (run["inference_seconds"] or 0) for run in runs)

    def row(self, name: str) -> RowResult:
        """The row of that name; KeyError if there is none."""
        return self.rows[[row.name for row in self.study.rows].index(self.study.row(name).name)]


@dataclass(frozen=True)
class Outcome:
    """Everything the report is written from.

    Attributes
    ----------
    studies : tuple of StudyResult
        In the order of the report.
    settings : dict
        ``protocol``, ``seeds`` (list), ``quick`` (bool), ``jobs``, ``tables`` (as asked for, or None), and
        ``command`` (the line that repeats it).
    data : dict
        ``name``, ``fingerprint``, ``features``, ``classes``, ``class_names``, ``train_samples``,
        ``validation_samples``, ``test_samples`` as the runs used them, ``source`` (what ``load`` takes) and
        ``default`` (whether no data were named, so that the digits stand in for the report's).
    environment : dict of str to str
        Versions and machine.
    code : str
        The digest of the code that the runs used.
    wall_seconds : float
        How long this call took; runs that were found finished cost nothing.
    runs_new, runs_found : int
        Runs made by this call, and found finished.
    facts : dict
        What is known of the report as a whole: ``total_seconds``, ...
    finished_at : str
        ISO time.
    """

    studies: tuple[StudyResult, ...]
    settings: Mapping[str, Any]
    data: Mapping[str, Any]
    environment: Mapping[str, str]
    code: str
    wall_seconds: float
    runs_new: int
    runs_found: int
    facts: Mapping[str, Any]
    finished_at: str

    @property
    def quick(self) -> bool:
        return bool(self.settings["quick"])

    def study(self, key: str) -> StudyResult | None:
        """The study of that key; None if it was not asked for."""
        return next((each for each in self.studies if each.study.key == key), None)


def row_result(
    row: Row,
    runs: Sequence[Run],
    chosen: Mapping[str, Any] | None = None,
    tried: Sequence[tuple[Mapping[str, Any], Run]] = (),
) -> RowResult:
    """Gather the figures of a row from its runs."""
    gathered = {name: tuple(value for run in runs if (value := run_figure(run, name)) is not None) for name in FIGURES}
    figures = {name: Figure(values) for name, values in gathered.items() if values}
    return RowResult(row, tuple(runs), figures, dict(chosen or {}), tuple(tried))


def study_result(study: Study, rows: Sequence[RowResult]) -> StudyResult:
    """Put a study's rows together and judge its conclusion."""
    from tinygrad5329.experiments.verdict import judge

    return StudyResult(study, tuple(rows), judge(study, rows) if study.conclusion is not None else None)


def run_figure(run: Run, name: str) -> float | None:
    """One of ``study.FIGURES`` of a run; None where it has none, as after divergence in the first epoch."""
    if name == "stop_epoch":
        return float(run["epochs"]) if run["status"] != "failed" else None
    split, _, metric = name.partition("_")
    if metric in ("accuracy", "f1"):
        return None if run[split] is None else float(run[split][metric])
    return None if run[name] is None else float(run[name])


def best_judged(run: Run) -> float | None:
    """The accuracy of the run's best epoch on the rows that judged it; None if it has no epoch."""
    return max((row["val_accuracy"] for row in run["history"]), default=None)


def first_reaching(run: Run, accuracy: float) -> tuple[int, float] | None:
    """Epochs and training seconds until the judging accuracy was at least ``accuracy``; None if it never was."""
    seconds = 0.0
    for row in run["history"]:
        seconds += row["seconds"]
        if row["val_accuracy"] >= accuracy:
            return row["epoch"], seconds
    return None
