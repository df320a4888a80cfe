from __future__ import annotations

import random

from tinygrad5329.search.domains import Choice, Float
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.strategies import ProgressiveSearch
from tinygrad5329.search.strategies.growth import expansions, largest_size, size_of, smallest
from tinygrad5329.search.strategies.tried import key_of
from tinygrad5329.search.strategy import generator_of
from tinygrad5329.search.trial import Trial

STACK = Space({"layers": Stack(1, 3, {"width": Choice(8, 32), "activation": Choice("relu", "tanh")})})
CELL = Space({"cell": Cell(3, ("none", "skip", "relu", "tanh"))})


def search(strategy, space, worth, trials):
    history = []
    for number in range(trials):
        each = strategy.propose(space, history, generator_of(0, number))
        history.append(Trial(number, each, value=worth(each)))
    return history


def wide(architecture):
    """The more wide layers, the better; the narrow ones do harm."""
    return sum(1.0 if layer["width"] == 32 else -1.0 for layer in architecture["layers"])


def test_sizes():
    assert largest_size(STACK) == 2
    assert largest_size(CELL) == 3
    assert [size_of(STACK, each) for each in STACK.enumerate()][:5] == [0, 0, 0, 0, 1]
    assert size_of(CELL, {"cell": {"0-1": "skip", "0-2": "relu", "1-2": "none"}}) == 1
    assert largest_size(Space({"lr": Float(0.1, 1.0)})) == 0
    assert largest_size(Space({"cell": Cell(3, ("relu", "tanh"))})) == 0


def test_the_smallest():
    assert len(smallest(STACK, 10, random.Random(0))) == 4
    assert len(smallest(STACK, 3, random.Random(0))) == 3
    cells = smallest(CELL, 100, random.Random(0))
    assert len(cells) == 8
    assert {operation for each in cells for operation in each["cell"].values()} == {"none", "skip"}


def test_expansions_keep_all_decisions_and_are_all_there():
    (start,) = (each for each in STACK.enumerate() if each == {"layers": [{"width": 32, "activation": "tanh"}]})
    larger = list(expansions(STACK, start, 10, random.Random(0)))
    assert len({key_of(STACK, each) for each in larger}) == 4
    assert all(each["layers"][0] == start["layers"][0] and len(each["layers"]) == 2 for each in larger)
    assert len(list(expansions(STACK, start, 2, random.Random(0)))) == 2

    cell = {"cell": {"0-1": "skip", "0-2": "relu", "1-2": "none"}}
    larger = [each["cell"] for each in expansions(CELL, cell, 10, random.Random(0))]
    assert len(larger) == 4
    assert all(each["0-2"] == "relu" and list(each.values()).count("none") <= 1 for each in larger)


def test_expansions_by_a_float_and_under_limits():
    space = Space({"layers": Stack(1, 2, {"slope": Float(0.0, 1.0)}), "width": Choice(8, 16)})
    limited = space.limited(lambda each: each["layers"][-1]["slope"] > 0.5)
    start = {"layers": [{"slope": 0.9}], "width": 16}
    larger = list(expansions(limited, start, 5, random.Random(0)))
    assert len(larger) == 5
    assert all(each["width"] == 16 and each["layers"][0] == {"slope": 0.9} for each in larger)
    assert all(each["layers"][1]["slope"] > 0.5 for each in larger)


def test_a_float_that_is_not_decided_does_not_make_expansions_random():
    parts = {"optimizer": Choice("sgd", "adamw"), "lr": Float(0.1, 1.0, when={"optimizer": "sgd"})}
    space = Space({**parts, "layers": Stack(1, 2, {"width": Choice(*range(20))})})
    larger = list(expansions(space, {"optimizer": "adamw", "layers": [{"width": 1}]}, 20, random.Random(0)))
    assert [each["layers"][1]["width"] for each in larger] == list(range(20))


def test_all_small_ones_then_the_best_expansions_of_each_size():
    history = search(ProgressiveSearch(beam=4, first=16), STACK, wide, 28)
    assert [size_of(STACK, trial.architecture) for trial in history[:12]] == [0] * 4 + [1] * 4 + [2] * 4
    # The predictor has learnt from one layer that wide ones are better: 4 of 16 expansions have two of them.
    assert [trial.value for trial in history[4:8]] == [2.0] * 4
    assert [trial.value for trial in history[8:12]] == [3.0] * 4
    # Then it goes on with what promises most of all that is left; all 8 that are best are soon found.
    assert sum(trial.value == 3.0 for trial in history) == 8


def test_expands_only_what_was_trained_to_its_end():
    small = [Trial(number, each, value=wide(each)) for number, each in enumerate(smallest(STACK, 4, random.Random(0)))]
    broken = [trial if trial.architecture["layers"][0]["width"] == 8 else failed(trial) for trial in small]
    proposal = ProgressiveSearch(beam=4).propose(STACK, broken, random.Random(0))
    assert len(proposal["layers"]) == 2
    assert proposal["layers"][0]["width"] == 8


def failed(trial):
    return Trial(trial.number, trial.architecture, state="failed")


def test_a_space_of_one_size():
    space = Space({f"d{number}": Choice(*range(6)) for number in range(4)})
    worth = lambda each: float(sum(value == 2 for value in each.values()))  # noqa: E731
    history = search(ProgressiveSearch(beam=8, first=24), space, worth, 48)
    random_part = [trial.value for trial in history[:24]]
    assert max(trial.value for trial in history[24:]) > max(random_part)
    assert sum(trial.value for trial in history[24:]) > 2 * sum(random_part)


def test_sizes_that_have_no_more_architectures_are_passed_over():
    space = Space({"layers": Stack(1, 3, {"width": Choice(8, 16)})})
    history = search(ProgressiveSearch(beam=8), space, wide_or_zero, 14)
    assert [size_of(space, trial.architecture) for trial in history] == [0] * 2 + [1] * 4 + [2] * 8


def wide_or_zero(architecture):
    return float(architecture["layers"][0]["width"] == 16)
