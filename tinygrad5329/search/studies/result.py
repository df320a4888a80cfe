"""What a study came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tinygrad5329 import nn
from tinygrad5329.search.output.pareto import pareto_front
from tinygrad5329.search.output.words import measure_text
from tinygrad5329.search.studies.budget import Budget
from tinygrad5329.search.task import Task
from tinygrad5329.search.trial import Trial, best_of, complete_of

__all__ = ["StudyResult"]


@dataclass(frozen=True)
class StudyResult:
    """The trials of a study and what follows from them.

    Attributes
    ----------
    task : Task
    algorithm : str
    seed : int
    limit : Budget
        What the study might spend.
    trials : tuple of Trial
        By number; numbers are missing of those that were given up before they began.
    settings : mapping
        How it was started, as JSON. Under ``"supernet"`` the steps and seconds that went into shared weights.
    page : Path or None
        The page, if a folder was given for it.
    """

    task: Task
    algorithm: str
    seed: int
    limit: Budget
    trials: tuple[Trial, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    page: Path | None = None

    @property
    def budget(self) -> dict[str, float]:
        """``{"steps": N}`` or ``{"seconds": S}``."""
        return self.limit.as_dict()

    @property
    def best(self) -> Trial | None:
        """The complete trial with the largest value; None if there is none."""
        return best_of(self.trials)

    @property
    def complete(self) -> list[Trial]:
        """The trials that came to their end."""
        return complete_of(self.trials)

    @cached_property
    def pareto(self) -> list[Trial]:
        """The trials that no other beats in both value and latency."""
        return pareto_front(self.trials)

    @property
    def steps(self) -> int:
        """Training steps spent, by failed and pruned trials and on shared weights, too."""
        return sum(trial.steps for trial in self.trials) + int(self._supernet.get("steps", 0))

    @property
    def seconds(self) -> float:
        """Processor seconds spent, likewise."""
        return sum(trial.seconds for trial in self.trials) + float(self._supernet.get("seconds", 0.0))

    @property
    def spent(self) -> float:
        """Of the budget, in its unit."""
        return self.steps if self.limit.unit == "steps" else self.seconds

    def build(self) -> nn.Module:
        """The best architecture as a module with new weights.

        Raises
        ------
        RuntimeError
            If no trial is complete.
        """
        if self.best is None:
            raise RuntimeError("no trial of the study is complete, so there is no best architecture to build")
        return self.task.build(self.best.architecture)

    def summary(self) -> str:
        """A few lines to print."""
        ends = ", ".join(
            f"{count} {state}"
            for state in ("complete", "pruned", "failed", "running")
            if (count := sum(trial.state == state for trial in self.trials))
        )
        lines = [
            f"{self.algorithm} on {self.task.name}, seed {self.seed}: {ends or 'no trials'}",
            f"spent {_number(self.spent)} of {self.limit}, {_share(self.spent / self.limit.amount)}",
        ]
        if self.best is not None and self.best.value is not None:
            found = "".join(
                f", {name.replace('_', ' ')} {measure_text(name, self.best.measures[name])}"
                for name in ("test_accuracy", "parameters", "latency")
                if isinstance(self.best.measures.get(name), (int, float))
            )
            lines.append(f"best: trial {self.best.number}, value {self.best.value:.4f}{found}")
        if self.page is not None:
            lines.append(f"the page is {self.page}")
        return "\n".join(lines)

    @property
    def _supernet(self) -> Mapping[str, Any]:
        return self.settings.get("supernet") or {}


def _number(value: Any) -> str:
    return f"{value:,.0f}" if isinstance(value, int) or value >= 1000 else f"{value:.4g}"


def _share(share: float) -> str:
    return f"{100 * share:.1f} %"
