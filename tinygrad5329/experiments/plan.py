"""Which runs the studies need: found in the cache or made, each once, tuning before what it tunes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tinygrad5329.experiments.cache import RunCache
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.networks import build_network
from tinygrad5329.experiments.optimizers import check_options
from tinygrad5329.experiments.preparation import Source
from tinygrad5329.experiments.results import RowResult, Run, best_judged, row_result
from tinygrad5329.experiments.runner import Task, make_runs
from tinygrad5329.experiments.settings import Settings
from tinygrad5329.experiments.study import Row, Study
from tinygrad5329.experiments.view import View

__all__ = ["Plan"]


class Plan:
    """The runs of some studies.

    Parameters
    ----------
    studies : sequence of Study
    settings : Settings
    source : Source
        The data.
    cache : RunCache
    """

    def __init__(self, studies: Sequence[Study], settings: Settings, source: Source, cache: RunCache) -> None:
        self.studies = studies
        self.settings = settings
        self.source = source
        self.cache = cache
        self._records: dict[str, Run] = {}

    def check(self) -> None:
        """Say what is wrong with a row before the first run.

        Raises
        ------
        ValueError
            The message names study and row.
        """
        arrays = self.source.arrays
        for study, row in self._rows():
            try:
                wanted = [self.settings.configuration(study, row, 0), *(each for _, each in self._tries(row))]
                for configuration in wanted:
                    check_options(configuration)
                build_network(wanted[0], arrays.num_features, arrays.num_classes)
            except ValueError as error:
                raise ValueError(f"{study.key}, row {row.name!r}: {error}") from error

    def make(self) -> int:
        """Make the runs that are missing; returns how many those were.

        Tries of tunings go with the rows that are not tuned, then follow the tuned ones.
        """
        first = [*self._tasks_of_tries(), *self._tasks_of_rows(tuned=False)]
        now = self._missing(first)
        # While a choice is open its row stands in for what it will choose.
        later = self._missing(self._tasks_of_rows(tuned=True))
        view = View(len(now) + len(later), _cost([*now, *later]), self.settings.jobs)
        try:
            self._make(now, view)
            if now:
                later = self._missing(self._tasks_of_rows(tuned=True))
                view.expect(len(now) + len(later), _cost([*now, *later]))
            self._make(later, view)
        finally:
            view.close()
        return len(now) + len(later)

    def result(self, study: Study, row: Row) -> RowResult:
        """What a row gave, once everything is made."""
        runs = [self._record(self._final(study, row, seed)) for seed in self.settings.seeds_of(study)]
        tried = [(change, self._record(configuration)) for change, configuration in self._tries(row)]
        return row_result(row, runs, self._chosen(row), tried)

    def keys(self) -> set[str]:
        """Of all runs."""
        tasks = [*self._tasks_of_tries(), *self._tasks_of_rows(tuned=False), *self._tasks_of_rows(tuned=True)]
        return {task.key for task in tasks}

    def _make(self, tasks: Sequence[Task], view: View) -> None:
        make_runs(tasks, self.cache, self.settings.data, self.settings.jobs, view)

    def _rows(self) -> Iterator[tuple[Study, Row]]:
        yield from ((study, row) for study in self.studies for row in study.rows)

    def _tries(self, row: Row) -> list[tuple[dict[str, Any], Configuration]]:
        return self.settings.tries(row)

    def _tasks_of_tries(self) -> Iterator[Task]:
        for study, row in self._rows():
            for change, configuration in self._tries(row):
                values = ", ".join(f"{key} {_plain(value)}" for key, value in change.items())
                yield self._task(configuration, f"{study.key}, {row.name}, trying {values}")

    def _tasks_of_rows(self, *, tuned: bool) -> Iterator[Task]:
        for study, row in self._rows():
            if (row.tuning is not None) == tuned:
                for seed in self.settings.seeds_of(study):
                    yield self._task(self._final(study, row, seed), f"{study.key}, {row.name}, seed {seed}")

    def _task(self, configuration: Configuration, label: str) -> Task:
        facts = self.source.facts(configuration.protocol, configuration.quick)
        return Task(configuration, self.cache.key(configuration), label, facts.train_samples, facts.features)

    def _missing(self, tasks: Iterable[Task]) -> list[Task]:
        """Those that have no finished record, each key once."""
        found: dict[str, Task] = {}
        for task in tasks:
            if task.key not in found and self._finished(task.key) is None:
                found[task.key] = task
        return list(found.values())

    def _final(self, study: Study, row: Row, seed: int) -> Configuration:
        return self.settings.configuration(study, row, seed).changed(self._chosen(row))

    def _chosen(self, row: Row) -> Mapping[str, Any]:
        """The change whose try was judged best, the first of equals; {} while one is missing or if none is any good."""
        best: Mapping[str, Any] = {}
        highest = -1.0
        for change, configuration in self._tries(row):
            record = self._finished(self.cache.key(configuration))
            if record is None:
                return {}
            accuracy = best_judged(record)
            if accuracy is not None and accuracy > highest:
                best, highest = change, accuracy
        return best

    def _finished(self, key: str) -> Run | None:
        """The record of a run that need not be made (again)."""
        if key not in self._records:
            record = self.cache.load(key)
            if record is None or record["status"] == "failed":
                return None
            self._records[key] = record
        return self._records[key]

    def _record(self, configuration: Configuration) -> Run:
        """The record of a run that was made, or failed."""
        key = self.cache.key(configuration)
        record = self._finished(key) or self.cache.load(key)
        if record is None:
            raise FileNotFoundError(f"{self.cache.path(key)} was written and is gone; run the report again")
        return record


def _cost(tasks: Iterable[Task]) -> float:
    return sum(task.cost for task in tasks)


def _plain(value: Any) -> str:
    return " ".join(f"{key} {each}" for key, each in value.items()) if isinstance(value, dict) else str(value)
