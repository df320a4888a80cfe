from __future__ import annotations

import random

import pytest

from tinygrad5329.search.domains import Choice, Float
from tinygrad5329.search.parts import Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.strategies import Greedy
from tinygrad5329.search.trial import Trial, best_of

SPACE = Space({"a": Choice(0, 1, 2), "b": Choice(0, 1, 2)})


def walk(strategy, space, worth, trials=200):
    history = []
    for number in range(trials):
        each = strategy.propose(space, history, random.Random(number))
        if each is None:
            return history
        history.append(Trial(number, each, value=worth(each)))
    raise AssertionError("the walk does not end")


def test_one_decision_after_another():
    table = {(0, 0): 1, (1, 0): 3, (2, 0): 2, (1, 1): 0, (1, 2): 4, (0, 2): 5, (2, 2): 0, (0, 1): 0}
    history = walk(Greedy(), SPACE, lambda each: table[each["a"], each["b"]])
    # All of a at the start's b, all of b at the best a; then round again until nothing changes.
    order = [(0, 0), (1, 0), (2, 0), (1, 1), (1, 2), (0, 2), (2, 2), (0, 1)]
    assert [tuple(trial.architecture.values()) for trial in history] == order


def test_stops_in_an_optimum_of_each_decision_that_is_none_of_both():
    history = walk(Greedy(), SPACE, lambda each: {(0, 0): 1.0, (2, 2): 9.0}.get((each["a"], each["b"]), 0.0))
    assert best_of(history).architecture == {"a": 0, "b": 0}
    assert len(history) == 5
    elsewhere = walk(Greedy(start={"a": 2, "b": 1}), SPACE, lambda each: {(2, 2): 9.0}.get((each["a"], each["b"]), 0.0))
    assert best_of(elsewhere).architecture == {"a": 2, "b": 2}


def test_equal_values_change_nothing():
    assert len(walk(Greedy(), SPACE, lambda each: 1.0)) == 5


def test_a_value_that_is_no_number_is_the_worst():
    history = walk(Greedy(), SPACE, lambda each: {(0, 0): float("nan"), (1, 0): 1.0}.get((each["a"], each["b"]), 0.0))
    assert [tuple(trial.architecture.values()) for trial in history] == [(0, 0), (1, 0), (2, 0), (1, 1), (1, 2)]


def test_numbers_on_a_grid_and_decisions_that_are_brought_about():
    space = Space(
        {
            "optimizer": Choice("adamw", "sgd"),
            "sgd_lr": Float(0.01, 1.0, log=True, when={"optimizer": "sgd"}),
        }
    )
    history = walk(Greedy(grid=3), space, lambda each: each.get("sgd_lr", 0.0))
    assert [trial.architecture.get("sgd_lr") for trial in history] == [None, *map(pytest.approx, (0.1, 0.01, 1.0))]


def test_a_layer_that_is_added_repeats_the_one_before():
    space = Space({"layers": Stack(1, 3, {"width": Choice(8, 16)})})
    start = {"layers": [{"width": 16}]}
    history = walk(Greedy(start=start), space, lambda each: float(len(each["layers"])), 200)
    assert [trial.architecture["layers"] for trial in history[:3]] == [[{"width": 16}] * depth for depth in (1, 2, 3)]


def test_goes_on_as_if_running_trials_were_no_better_and_turns_back_if_they_are():
    history = [Trial(0, {"a": 0, "b": 0}, value=1.0), Trial(1, {"a": 1, "b": 0}, value=0.0)]
    running = Trial(2, {"a": 2, "b": 0}, state="running")
    assert Greedy().propose(SPACE, [*history, running], random.Random(0)) == {"a": 0, "b": 1}
    ended = Trial(2, {"a": 2, "b": 0}, value=2.0)
    assert Greedy().propose(SPACE, [*history, ended], random.Random(0)) == {"a": 2, "b": 1}


def test_limits():
    limited = SPACE.limited(lambda each: each["a"] + each["b"] > 1)
    history = walk(Greedy(), limited, lambda each: float(each["a"] + each["b"]))
    assert all(limited.admits(trial.architecture) for trial in history)
    assert best_of(history).value == 4
    with pytest.raises(ValueError, match="limits of the space refuse the start"):
        Greedy(start={"a": 0, "b": 0}).propose(limited, (), random.Random(0))
    with pytest.raises(ValueError, match="b: expected one of 0, 1, 2, got 7"):
        Greedy(start={"a": 0, "b": 7}).propose(SPACE, (), random.Random(0))
