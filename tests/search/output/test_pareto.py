"""The Pareto front."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad5329.search.output.pareto import pareto_front
from tinygrad5329.search.trial import Trial


def trial(number, value, **measures):
    return Trial(number, {}, value=value, measures=measures)


def test_agrees_with_comparing_all_pairs():
    draw = np.random.default_rng(0)
    points = draw.integers(0, 12, (150, 3))
    trials = [trial(i, float(a), latency=float(b), parameters=int(c)) for i, (a, b, c) in enumerate(points)]

    def dominates(one, other):
        pairs = [(other[0], one[0]), (one[1], other[1]), (one[2], other[2])]
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

    expected = {
        tuple(point) for point in points.tolist() if not any(dominates(other, point) for other in points.tolist())
    }
    front = pareto_front(trials, ("latency", "parameters"))
    assert {(each.value, each.measures["latency"], each.measures["parameters"]) for each in front} == expected
    assert len(front) == len(expected)  # equal points once


def test_of_equal_trials_the_first_stays_and_the_smallest_cost_comes_first():
    front = pareto_front([trial(0, 0.5, latency=2.0), trial(1, 0.5, latency=2.0), trial(2, 0.4, latency=1.0)])
    assert [each.number for each in front] == [2, 0]


def test_trials_without_a_value_or_the_measure_take_no_part():
    pruned = Trial(1, {}, "pruned", None, measures={"latency": 0.1})
    trials = [trial(0, 0.5, latency=2.0), pruned, trial(2, 0.9), trial(3, 0.9, latency=float("nan"))]
    assert [each.number for each in pareto_front(trials)] == [0]
    assert pareto_front([]) == []


def test_needs_a_measure():
    with pytest.raises(ValueError, match="one measure or more"):
        pareto_front([], ())
