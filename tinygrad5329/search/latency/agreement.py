"""How well sums over a latency table agree with whole networks."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygrad5329.search.latency.measure import measure_latency
from tinygrad5329.search.latency.table import LatencyTable
from tinygrad5329.search.tasks.trained_task import TrainedTask

__all__ = ["Agreement", "agreement", "rank_correlation"]


@dataclass(frozen=True)
class Agreement:
    """Of predicted and measured latencies.

    Attributes
    ----------
    measured, predicted : tuple of float
        Seconds, network by network.
    """

    measured: tuple[float, ...]
    predicted: tuple[float, ...]

    @property
    def rank_correlation(self) -> float:
        """Spearman's, -1 to 1: whether the quicker of two is predicted to be the quicker one."""
        return rank_correlation(self.measured, self.predicted)

    @property
    def errors(self) -> list[float]:
        """Predicted over measured, less 1."""
        return [guess / truth - 1 for truth, guess in zip(self.measured, self.predicted, strict=True)]

    @property
    def mean_error(self) -> float:
        """Mean of the errors' sizes."""
        return statistics.fmean(map(abs, self.errors))


def agreement(task: TrainedTask, table: LatencyTable, batch: int, *, networks: int = 30, seed: int = 0) -> Agreement:
    """Measure random networks of a task's space and predict them.

    Raises
    ------
    ValueError
        If the table is not for this batch size, or lacks an operation.
    """
    generator = random.Random(seed)
    inputs = task.example(batch)
    measured, predicted = [], []
    for _ in range(networks):
        architecture = task.space.sample(generator)
        predicted.append(table.predict(task.operations(architecture), batch))
        measured.append(measure_latency(task.build(architecture), inputs))
    return Agreement(tuple(measured), tuple(predicted))


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's rank correlation of two equally long series without ties.

    Examples
    --------
    >>> rank_correlation([1, 2, 3, 4], [10, 30, 20, 40])
    0.8
    """
    ranks = np.stack([np.argsort(np.argsort(each)) for each in (one, other)])
    ranks = ranks - ranks.mean()
    return float((ranks[0] * ranks[1]).sum() / (ranks[0] ** 2).sum())
