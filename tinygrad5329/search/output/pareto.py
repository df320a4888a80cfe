"""The Pareto front: the trials that no other beats in everything at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad5329.search.trial import Trial, complete_of

__all__ = ["pareto_front"]


def pareto_front(trials: Sequence[Trial], smaller: Sequence[str] = ("latency",)) -> list[Trial]:
    """The complete trials that none dominates: of the larger value and of smaller measures.

    A trial dominates another if it is as good in all and better in one of them. Of trials that are equal in all, the
    first stays. Trials without one of the measures take no part.

    Parameters
    ----------
    trials : sequence of Trial
    smaller : sequence of str
        Names of measures of which less is better.

    Returns
    -------
    list of Trial
        By the first measure, the smallest first.

    Examples
    --------
    >>> quick, slow, poor = (
    ...     Trial(i, {}, value=value, measures={"latency": latency})
    ...     for i, (value, latency) in enumerate([(0.5, 1e-3), (0.6, 2e-3), (0.4, 2e-3)])
    ... )
    >>> [trial.number for trial in pareto_front([slow, poor, quick])]
    [0, 1]
    """
    if not smaller:
        raise ValueError("pareto_front: expected one measure or more of which less is better, got none")
    points = {
        trial.number: (-trial.value, *(float(trial.measures[name]) for name in smaller))
        for trial in complete_of(trials)
        if trial.value is not None and all(_is_number(trial.measures.get(name)) for name in smaller)
    }
    kept: list[tuple[float, ...]] = []
    # What dominates a point stands before it in lexicographic order, so one pass over those kept is enough.
    front = []
    for trial in sorted((each for each in trials if each.number in points), key=lambda each: points[each.number]):
        point = points[trial.number]
        if not any(all(a <= b for a, b in zip(other, point, strict=True)) for other in kept):
            kept.append(point)
            front.append(trial)
    return sorted(front, key=lambda trial: points[trial.number][1])


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
