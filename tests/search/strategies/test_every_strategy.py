from __future__ import annotations

import dataclasses
import json
import random

import pytest

import tinygrad5329 as tg
from tinygrad5329.search.domains import Choice, Float, Integer
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.strategies import Greedy, ProgressiveSearch, RandomSearch, RegularisedEvolution
from tinygrad5329.search.strategy import generator_of
from tinygrad5329.search.trial import Trial

STACK = Space({"layers": Stack(1, 3, {"width": Choice(8, 32), "activation": Choice("relu", "tanh")})})
SPACES = {
    "stack": STACK,
    "cell": Space({"cell": Cell(3, ("none", "skip", "relu", "tanh"))}),
    "conditional": Space(
        {
            "layers": Stack(1, 2, {"width": Integer(8, 64, log=True), "slope": Float(0.1, 0.5)}),
            "optimizer": Choice("sgd", "adamw"),
            "momentum": Float(0.5, 0.99, when={"optimizer": "sgd"}),
            "lr": Float(1e-4, 1e-1, log=True),
        }
    ),
    "limited": STACK.limited(lambda each: sum(layer["width"] for layer in each["layers"]) <= 48),
}
STRATEGIES = {
    "random": RandomSearch(),
    "greedy": Greedy(grid=3),
    "evolution": RegularisedEvolution(population=4, sample=2),
    "pnas": ProgressiveSearch(beam=4, first=4, candidates=20),
}
EVERY = pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)


def worth(space, architecture):
    """A value that every decision has a share in."""
    numbers = space.encode(architecture)
    return float(sum(number * ((7 * place) % 5 + 1) for place, number in enumerate(numbers))) / len(numbers)


def search(strategy, space, trials, seed=0, states=("complete",)):
    history = []
    for number in range(trials):
        architecture = strategy.propose(space, tuple(history), generator_of(seed, number))
        if architecture is None:
            break
        state = states[number % len(states)]
        value = worth(space, architecture) if state == "complete" else None
        history.append(Trial(number, architecture, state=state, value=value))
    return history


@EVERY
@pytest.mark.parametrize("name", SPACES)
def test_proposes_admitted_architectures_and_none_twice(strategy, name):
    space = SPACES[name]
    history = search(strategy, space, 14)
    assert len(history) >= 5
    for trial in history:
        space.check(trial.architecture)
        assert space.admits(trial.architecture)
        assert json.loads(json.dumps(trial.architecture)) == trial.architecture
    assert len({json.dumps(trial.architecture) for trial in history}) == len(history)


@EVERY
def test_the_same_history_and_seed_give_the_same_proposal(strategy):
    space = SPACES["conditional"]
    history = search(strategy, space, 12)
    assert search(strategy, space, 12) == history
    last = history[-1]
    state = tg.default_generator.get_state()
    again = strategy.propose(space, history[:-1], generator_of(0, last.number))
    assert again == last.architecture
    # In another order it is the same history.
    assert strategy.propose(space, history[-2::-1], generator_of(0, last.number)) == again
    assert (tg.default_generator.get_state() == state).all()


@EVERY
def test_what_failed_or_was_pruned_or_runs_counts_as_tried(strategy):
    history = search(strategy, STACK, 14, states=("complete", "failed", "running", "pruned", "complete"))
    assert len(history) >= 5
    assert len({json.dumps(trial.architecture) for trial in history}) == len(history)


@EVERY
def test_goes_on_where_everything_failed(strategy):
    assert len(search(strategy, STACK, 6, states=("failed",))) >= 4


@pytest.mark.parametrize("name", ["random", "pnas", "evolution"])
def test_tries_every_architecture_of_a_small_space(name):
    space = Space({"layers": Stack(1, 2, {"width": Choice(8, 16, 32)})})
    history = search(STRATEGIES[name], space, 12)
    assert len({json.dumps(trial.architecture) for trial in history}) == 12
    proposal = STRATEGIES[name].propose(space, history, random.Random(0))
    # Only evolution, which has no end of its own, then repeats itself.
    assert (proposal is not None) == (name == "evolution")


@EVERY
def test_settings_are_json(strategy):
    settings = dataclasses.asdict(strategy)
    assert type(strategy)(**json.loads(json.dumps(settings))) == strategy


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Greedy, {"grid": 1}),
        (RegularisedEvolution, {"population": 0}),
        (RegularisedEvolution, {"sample": 0}),
        (ProgressiveSearch, {"beam": 0}),
        (ProgressiveSearch, {"candidates": 0}),
    ],
)
def test_settings_out_of_range(kind, settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        kind(**settings)
