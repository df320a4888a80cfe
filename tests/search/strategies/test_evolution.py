from __future__ import annotations

import random
from collections import Counter

from tinygrad5329.search.domains import Choice
from tinygrad5329.search.parts import Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.strategies import RegularisedEvolution
from tinygrad5329.search.strategy import generator_of
from tinygrad5329.search.trial import Trial

SPACE = Space({f"d{number}": Choice(*range(10)) for number in range(6)})


def trials(values, states=None, start=0):
    states = states or ["complete"] * len(values)
    architectures = [SPACE.sample(random.Random(100 + number)) for number in range(start, start + len(values))]
    return [
        Trial(start + number, each, state=state, value=value if state == "complete" else None)
        for number, (each, value, state) in enumerate(zip(architectures, values, states, strict=True))
    ]


def distance(one, other):
    return sum(one[name] != other[name] for name in one)


def parents(strategy, history, draws=60):
    """Of whom the proposals are children: number of the trial that differs in one decision, None for nobody."""
    found = Counter()
    for seed in range(draws):
        child = strategy.propose(SPACE, history, random.Random(seed))
        found[next((trial.number for trial in history if distance(trial.architecture, child) == 1), None)] += 1
    return found


def test_random_until_the_population_is_there():
    history = trials([0.1, 0.9, 0.5])
    assert set(parents(RegularisedEvolution(4, 2), history)) == {None}
    assert set(parents(RegularisedEvolution(3, 2), history)) <= {0, 1, 2}


def test_the_winner_of_a_tournament_is_the_parent():
    history = trials([0.1, 0.9, 0.5, 0.2])
    # With replacement, 1 - (3/4)^40 of the tournaments of 40 have the best among them.
    assert set(parents(RegularisedEvolution(4, 40), history)) == {1}
    by_chance = parents(RegularisedEvolution(4, 1), history)
    assert set(by_chance) == {0, 1, 2, 3}
    # Of two drawn with replacement the best wins with probability 7/16, the worst 1/16.
    of_two = parents(RegularisedEvolution(4, 2), history, draws=400)
    assert 130 < of_two[1] < 220
    assert 8 < of_two[0] < 50


def test_the_oldest_dies_however_good_it_is():
    history = trials([0.99, 0.2, 0.3, 0.4])
    assert parents(RegularisedEvolution(3, 40), history).keys() == {3}


def test_running_and_failed_trials_are_no_parents_and_take_no_place():
    history = trials([0.2, 0.9, 0.8, 0.7], ["complete", "running", "failed", "pruned"])
    assert parents(RegularisedEvolution(2, 2), history).keys() == {None}
    history += trials([0.1], start=4)
    assert parents(RegularisedEvolution(2, 40), history).keys() == {0}


def test_climbs_where_random_search_does_not():
    def found(strategy):
        history = []
        for number in range(80):
            each = strategy.propose(SPACE, history, generator_of(1, number))
            history.append(Trial(number, each, value=float(sum(each.values()))))
        return max(trial.value for trial in history)

    assert found(RegularisedEvolution(10, 5)) >= 49
    assert found(RegularisedEvolution(80, 1)) < 49


def test_a_parent_without_admitted_neighbours():
    space = Space({"layers": Stack(2, 2, {"width": Choice(8, 16, 32)})})
    equal = space.limited(lambda each: len({layer["width"] for layer in each["layers"]}) == 1)
    history = [Trial(0, {"layers": [{"width": 8}, {"width": 8}]}, value=0.5)]
    child = RegularisedEvolution(1, 1).propose(equal, history, random.Random(0))
    assert child["layers"][0] == child["layers"][1] != {"width": 8}
