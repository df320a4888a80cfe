"""The mini benchmark: what every architecture of the mini task came to, looked up instead of trained."""

from __future__ import annotations

import hashlib
import json
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from tinygrad5329.search.benchmark.mini_task import VALIDATION_ROWS, MiniTask, mini_space
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.task import Outcome, Report

__all__ = ["MiniBenchmark", "TableTask", "table_text", "words_of"]

TABLE = "mini.json"
_MEASURES = ("validation", "test")


def words_of(architecture: Architecture) -> str:
    """An architecture of the mini space in words, its name in the table.

    Examples
    --------
    >>> words_of({"layers": [{"width": 32, "activation": "relu"}, {"width": 8, "activation": "tanh"}]})
    '32-relu 8-tanh'
    """
    return " ".join(f"{layer['width']}-{layer['activation']}" for layer in architecture["layers"])


def table_text(head: Mapping[str, Any], rows: Mapping[str, Any]) -> str:
    """A table as JSON, a line for each architecture."""
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in rows.items())
    return f'{json.dumps(dict(head), indent=1)[:-2]},\n "rows": {{\n{lines}\n}}}}\n'


class MiniBenchmark:
    """All 258 architectures of the mini task, each trained to its end with three seeds.

    A tabular benchmark as NAS-Bench-101 (Ying et al. 2019) is one: an algorithm that would train for an hour is judged
    in milliseconds, and because every architecture is there, by its regret against the best that there is.

    Parameters
    ----------
    path : path-like, optional
        A table of :mod:`tinygrad5329.search.benchmark.make`; by default the one that comes with the package.

    Attributes
    ----------
    space : Space
    steps : int
        Training steps of one architecture with one seed.
    seeds : tuple of int

    Raises
    ------
    ValueError
        If the file is no such table, or not all of it is there yet.

    Examples
    --------
    >>> benchmark = MiniBenchmark()
    >>> len(benchmark)
    258
    >>> benchmark.regret(benchmark.best())
    0.0
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        source = resources.files(__package__) / TABLE if path is None else Path(path)
        try:
            table = json.loads(source.read_text(encoding="utf-8"))
            self.steps: int = table["steps"]
            self.seeds: tuple[int, ...] = tuple(table["seeds"])
            self._reported: tuple[int, ...] = tuple(table["reports"])
            self._test_rows: int = table["test_rows"]
            self._rows: dict[str, list[Any]] = table["rows"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{source}: no table of the mini benchmark ({type(error).__name__}: {error}); make one with "
                "python -m tinygrad5329.search.benchmark.make"
            ) from error
        self.space = mini_space()
        self.architectures: tuple[Architecture, ...] = tuple(self.space.enumerate())
        missing = [words for each in self.architectures if (words := words_of(each)) not in self._rows]
        if missing:
            raise ValueError(
                f"{source}: {len(missing)} of {len(self.architectures)} architectures have not been trained yet; go on "
                "with python -m tinygrad5329.search.benchmark.make"
            )
        self._best = {measure: max(map(self._value_by(measure), self.architectures)) for measure in _MEASURES}

    def __len__(self) -> int:
        return len(self.architectures)

    def value(self, architecture: Architecture, seed: int | None = None) -> float:
        """Validation accuracy after the last step with this seed, by default the mean over all."""
        return self._mean([self._rows_of(architecture, each)[-2] / VALIDATION_ROWS for each in self._asked(seed)])

    def test_accuracy(self, architecture: Architecture, seed: int | None = None) -> float:
        """Likewise, on the test rows."""
        return self._mean([self._rows_of(architecture, each)[-1] / self._test_rows for each in self._asked(seed)])

    def reports(self, architecture: Architecture, seed: int) -> tuple[tuple[int, float], ...]:
        """Validation accuracies on the way, as (steps, value)."""
        counts = self._rows_of(architecture, seed)[:-1]
        return tuple((steps, count / VALIDATION_ROWS) for steps, count in zip(self._reported, counts, strict=True))

    def parameters(self, architecture: Architecture) -> int:
        """How many the network has."""
        self.space.check(architecture)
        parameters: int = self._rows[words_of(architecture)][0]
        return parameters

    def best(self, measure: str = "validation") -> Architecture:
        """The architecture with the highest mean accuracy, the first of equal ones.

        Parameters
        ----------
        measure : {"validation", "test"}
        """
        return max(self.architectures, key=self._value_by(measure))

    def regret(self, architecture: Architecture, measure: str = "validation") -> float:
        """How far its mean accuracy is below that of the best, 0 or more."""
        value = self._value_by(measure)(architecture)
        return self._best[measure] - value

    def task(self) -> TableTask:
        """A task that answers from the table at once: seed s of a training is the table's seed s modulo 3."""
        return TableTask(self)

    def fingerprint(self) -> str:
        """The SHA-256 of all that it says (16 digits)."""
        content = json.dumps([self.steps, self.seeds, self._reported, self._test_rows, self._rows], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def _rows_of(self, architecture: Architecture, seed: int) -> Sequence[int]:
        self.space.check(architecture)
        counts: Sequence[int] = self._rows[words_of(architecture)][1 + self.seeds.index(seed)]
        return counts

    def _asked(self, seed: int | None) -> tuple[int, ...]:
        if seed is None:
            return self.seeds
        if seed not in self.seeds:
            raise ValueError(f"seed: the table has {', '.join(map(str, self.seeds))}, got {seed!r}")
        return (seed,)

    def _value_by(self, measure: str) -> Callable[[Architecture], float]:
        if measure not in _MEASURES:
            raise ValueError(f"measure: expected validation or test, got {measure!r}")
        return self.value if measure == "validation" else self.test_accuracy

    @staticmethod
    def _mean(values: Sequence[float]) -> float:
        return statistics.fmean(values)


class TableTask(MiniTask):
    """The mini task, its trainings looked up; a supernet of it is still trained."""

    name = "mini-table"

    def __init__(self, benchmark: MiniBenchmark) -> None:
        super().__init__()
        self.benchmark = benchmark
        self.steps = benchmark.steps

    def train(self, architecture: Architecture, *, seed: int, report: Report) -> Outcome:
        """What the training came to when the table was made; reports all that is known of its course."""
        known = self.benchmark.seeds[seed % len(self.benchmark.seeds)]
        for steps, value in self.benchmark.reports(architecture, known):
            report(steps, value)
        measures = {
            "parameters": self.benchmark.parameters(architecture),
            "test_accuracy": self.benchmark.test_accuracy(architecture, known),
        }
        return Outcome(self.benchmark.value(architecture, known), self.steps, measures)

    def describe(self) -> dict[str, Any]:
        """As of any task, and which table answers."""
        return {**super().describe(), "table": self.benchmark.fingerprint()}
