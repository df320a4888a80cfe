"""Several studies of one task at one budget: algorithm by algorithm over the seeds, and against random search."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tinygrad5329.experiments.results import Figure
from tinygrad5329.experiments.verdict import noise
from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.output.spending import progress_of, spending_of, unit_of
from tinygrad5329.search.trial import Trial, best_of

__all__ = ["BASELINE", "Contender", "Lead", "best_curve", "comparison_csv", "contenders_of", "lead_of"]

BASELINE = "random"
_AMOUNTS = ("trials", "steps", "seconds")


@dataclass(frozen=True)
class Contender:
    """One algorithm with its studies, by seed."""

    algorithm: str
    studies: tuple[StudyRecord, ...]

    @property
    def winners(self) -> list[Trial]:
        """The best trial of each study that has one."""
        return [trial for study in self.studies if (trial := best_of(study.trials)) is not None]

    @property
    def validation(self) -> Figure | None:
        """The winners' values, over the seeds."""
        return _figure([trial.value for trial in self.winners])

    def measure(self, name: str) -> Figure | None:
        """A measure of the winners; None if not all have it."""
        return _figure([trial.measures.get(name) for trial in self.winners])

    def total(self, amount: Callable[[StudyRecord], float]) -> Figure | None:
        """Something counted over a whole study."""
        return _figure([amount(study) for study in self.studies])


@dataclass(frozen=True)
class Lead:
    """How far one algorithm lies above another.

    Attributes
    ----------
    difference : float
        Of the means over the seeds.
    noise : float
        How far apart the means of two equal algorithms lie in 95 of 100 cases, at most.
    """

    difference: float
    noise: float

    @property
    def verdict(self) -> str:
        """``"better"``, ``"worse"`` or ``"within noise"``."""
        if abs(self.difference) <= self.noise:
            return "within noise"
        return "better" if self.difference > 0 else "worse"


def contenders_of(records: Sequence[StudyRecord]) -> list[Contender]:
    """Studies by algorithm, the largest mean value first.

    Raises
    ------
    ValueError
        If there are none, if they are of different tasks, spaces or budgets, or if two have one algorithm and seed.
    """
    if not records:
        raise ValueError("compare: expected one study or more, got none")
    for name, values in (
        ("tasks", [record.task for record in records]),
        ("budgets", [json.dumps(dict(record.budget)) for record in records]),
        ("spaces", [json.dumps(record.space.as_dict()) for record in records]),
    ):
        if len(set(values)) > 1:
            shown = "" if name == "spaces" else f" ({', '.join(dict.fromkeys(values))})"
            raise ValueError(f"compare: the studies have different {name}{shown}; compare those of one")
    pairs = [(record.algorithm, record.seed) for record in records]
    twice = next((pair for pair in pairs if pairs.count(pair) > 1), None)
    if twice is not None:
        raise ValueError(f"compare: two studies of {twice[0]} with seed {twice[1]}; leave one out")
    contenders = [
        Contender(
            algorithm,
            tuple(sorted((each for each in records if each.algorithm == algorithm), key=lambda each: each.seed)),
        )
        for algorithm in dict.fromkeys(record.algorithm for record in records)
    ]
    return sorted(contenders, key=lambda each: -each.validation.mean if each.validation else float("inf"))


def lead_of(one: Figure | None, other: Figure | None) -> Lead | None:
    """Welch's interval of the difference of two means; None with fewer than two seeds of either.

    Not paired: a seed gives two algorithms at most their first random draws in common, and of few seeds pairing leaves
    half the degrees of freedom.
    """
    if one is None or other is None or one.deviation is None or other.deviation is None:
        return None
    return Lead(one.mean - other.mean, noise(one, other, 0))


def best_curve(contender: Contender, places: Sequence[float]) -> list[list[float | None]]:
    """The best value so far of each of its studies at each place on the axis of what was spent."""
    curves: list[list[float | None]] = []
    for study in contender.studies:
        points = [(each.spent, each.best) for each in progress_of(study, unit_of(study))]
        curve: list[float | None] = []
        index, best = 0, None
        for place in places:
            while index < len(points) and points[index][0] <= place:
                best = points[index][1]
                index += 1
            curve.append(best)
        curves.append(curve)
    return curves


def comparison_csv(contenders: Sequence[Contender]) -> str:
    """One line a study."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ["validation_accuracy", "test_accuracy", "parameters", "latency"]
    kinds = ["complete", "pruned", "failed", "supernet"]
    writer.writerow(
        ["task", "algorithm", "seed", *columns, "trials", "steps", "seconds"]
        + [f"{kind}_{unit}" for kind in kinds for unit in _AMOUNTS]
        + ["winner", "architecture"]
    )
    for study in (study for contender in contenders for study in contender.studies):
        best = best_of(study.trials)
        parts = {part.kind: part for part in spending_of(study)}
        found = ["", "", "", ""]
        if best is not None:
            found = [str(best.value), *(str(best.measures.get(name, "")) for name in columns[1:])]
        writer.writerow(
            [study.task, study.algorithm, study.seed, *found, len(study.trials)]
            + [sum(part.steps for part in parts.values()), sum(part.seconds for part in parts.values())]
            + [getattr(parts[kind], unit) if kind in parts else 0 for kind in kinds for unit in _AMOUNTS]
            + ["" if best is None else best.number, "" if best is None else json.dumps(best.architecture)]
        )
    return text.getvalue()


def _figure(values: Sequence[float | None]) -> Figure | None:
    known = [float(value) for value in values if value is not None]
    return Figure(tuple(known)) if known and len(known) == len(values) else None
