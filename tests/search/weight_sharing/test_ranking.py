from __future__ import annotations

import random

import pytest

from tinygrad5329.search.domains import Choice, Float
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.weight_sharing.ranking import ranked

SPACE = Space(
    {
        "kind": Choice("a", "b"),
        "layers": Stack(1, 3, {"width": Choice(8, 16, 32), "activation": Choice("relu", "tanh")}),
        "only_b": Choice(1, 2, when={"kind": "b"}),
    }
)


def scores_of(space, seed):
    generator = random.Random(seed)
    return {slot.path: [generator.gauss(0, 1) for _ in slot.domain.values] for slot in space.slots}


def loss(space, scores, architecture):
    flat = space.flatten(architecture)
    return sum(max(scores[path]) - scores[path][space[path].domain.values.index(flat[path])] for path in flat)


def test_the_order_is_that_of_all_architectures_by_what_they_lose():
    scores = scores_of(SPACE, 0)
    found = ranked(SPACE, scores, 40)
    assert [loss(SPACE, scores, each) for each in found] == pytest.approx(
        sorted(loss(SPACE, scores, each) for each in SPACE.enumerate())[:40]
    )
    assert loss(SPACE, scores, found[0]) == 0
    assert all(each not in found[:place] for place, each in enumerate(found))


def test_all_of_a_space_and_no_more():
    assert len(ranked(SPACE, scores_of(SPACE, 1), 10**6)) == SPACE.count()


def test_limits_are_kept():
    few = SPACE.limited(lambda each: len(each["layers"]) == 2 and each["kind"] == "a")
    assert len(ranked(few, scores_of(SPACE, 2), 10**6)) == 36
    with pytest.raises(RuntimeError, match="refused the 50 best architectures and 50 drawn"):
        ranked(SPACE.limited(lambda each: False), scores_of(SPACE, 2), 3, tries=50)


def test_limits_that_refuse_the_first_thousands_leave_local_optima():
    deep = Space({"layers": Stack(1, 6, {"width": Choice(8, 16, 32), "activation": Choice("relu", "tanh", "gelu")})})
    narrow = deep.limited(lambda each: sum(layer["width"] for layer in each["layers"]) <= 48)
    scores = {slot.path: [0.1 * place for place in range(len(slot.domain.values))] for slot in deep.slots}
    found = ranked(narrow, scores, 20, tries=200)
    assert found == ranked(narrow, scores, 20, tries=200)
    assert 1 < len(found) <= 20 and all(narrow.admits(each) for each in found)
    lost = [loss(deep, scores, each) for each in found]
    assert lost == sorted(lost)
    for path, value in deep.flatten(found[0]).items():
        for other in deep[path].domain.values:
            flat = deep.flatten(found[0]) | {path: other}
            if other != value and path != "layers.depth" and narrow.admits(deep.unflatten(flat)):
                assert loss(deep, scores, deep.unflatten(flat)) > lost[0]


def test_other_decisions_come_from_the_defaults():
    space = Space({"first": Choice(1, 2), "lr": Float(0.1, 1.0, when={"first": 2}), "last": Choice(3, 4)})
    scores = {"first": [0.0, 0.5], "last": [0.0, 1.0]}
    assert ranked(space, scores, 2, defaults={"lr": 0.5}) == [
        {"first": 2, "lr": 0.5, "last": 4},
        {"first": 1, "last": 4},
    ]
    with pytest.raises(ValueError, match="lr: the supernet does not cover it and the task has no default"):
        ranked(space, scores, 2)
    with pytest.raises(ValueError, match=r"lr: the task's default is unfit: expected a number from 0\.1 to 1, got 7"):
        ranked(space, scores, 2, defaults={"lr": 7})


def test_options_that_are_never_taken():
    space = Space({"cell": Cell(2, ("none", "skip", "relu"))})
    scores = {"cell.0-1": [5.0, 0.0, 1.0]}
    found = ranked(space, scores, 9, never={"cell.0-1": ("none",)})
    assert [each["cell"]["0-1"] for each in found] == ["relu", "skip"]


def test_scores_that_are_no_numbers():
    with pytest.raises(ValueError, match="last: expected finite log-probabilities"):
        ranked(Space({"last": Choice(3, 4)}), {"last": [0.0, float("nan")]}, 1)
