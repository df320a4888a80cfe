import itertools
import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad5329.search.domains import Choice, Float, Integer
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Space

LAYER = {
    "width": Choice(32, 64),
    "norm": Choice("none", "batch"),
    "momentum": Float(0.1, 0.9, when={"norm": "batch"}),
    "skip": Choice(True, False, when={"optimizer": ("sgd", "adamw")}),
}


@pytest.fixture
def space():
    return Space(
        {
            "optimizer": Choice("sgd", "adamw", "rprop"),
            "lr": Float(1e-3, 1.0, log=True, when={"optimizer": ("sgd", "adamw")}),
            "layers": Stack(1, 3, LAYER),
            "cell": Cell(3, ["none", "relu"]),
            "seed": Integer(0, 9),
        }
    )


FINITE = {"a": Choice("x", "y"), "b": Integer(1, 3, when={"a": "x"}), "layers": Stack(1, 2, {"w": Choice(1, 2)})}


@given(seed=st.integers(0, 10_000))
def test_samples_and_mutants_are_architectures_and_json(seed):
    optimizer = Choice("sgd", "adamw", "rprop")
    space = Space({"optimizer": optimizer, "layers": Stack(1, 3, LAYER), "cell": Cell(3, ["none", "relu"])})
    generator = random.Random(seed)
    one = space.sample(generator)
    other = space.mutate(one, generator)
    for each in (one, other):
        assert json.loads(json.dumps(each)) == each
        assert space.unflatten(space.flatten(each)) == each
        assert space.encode(each).shape == space.encode(one).shape
    assert one != other


def test_a_mutation_changes_one_decision_and_what_hangs_on_it(space):
    generator = random.Random(3)
    for _ in range(200):
        before = space.sample(generator)
        after = space.mutate(before, generator)
        old, new = space.flatten(before), space.flatten(after)
        differing = {path for path in old.keys() & new.keys() if old[path] != new[path]}
        assert len(differing) == 1
        cause = differing.pop()
        for path in old.keys() ^ new.keys():
            assert any(name == cause for name, _ in space[path].conditions) or "layers" in path


def test_the_same_seed_draws_the_same(space):
    assert space.sample(random.Random(5)) == space.sample(random.Random(5))


def test_conditions_decide_what_is_asked(space):
    asked = []
    space.complete(lambda slot: asked.append(slot.path) or (slot.domain.values or [0.5])[-1])
    assert "lr" not in asked and "layers.3.skip" not in asked  # the last optimizer is rprop
    assert asked.index("optimizer") < asked.index("layers.depth") < asked.index("layers.3.momentum")


def test_counting_is_enumerating():
    space = Space(FINITE)
    every = list(space.enumerate())
    assert space.count() == len(every) == (3 + 1) * (2 + 4)
    assert len({json.dumps(each) for each in every}) == len(every)
    assert repr(space) == "Space(5 decisions, 24 architectures)"
    assert all(np.any(space.encode(a) != space.encode(b)) for a, b in itertools.combinations(every, 2))


def test_counting_does_not_list():
    wide = Space({"layers": Stack(1, 4, {"w": Integer(1, 150), "form": Choice(1, 2, when={"w": (1, 2)})})})
    assert wide.count() == sum(152**depth for depth in range(1, 5))


def test_one_and_true_are_counted_apart():
    parts = {"a": Choice(1, True), "b": Choice("x", "y", when={"a": True}), "c": Choice("x", "y", when={"a": True})}
    assert Space(parts).count() == len(list(Space(parts).enumerate())) == 5


def test_floats_are_not_enumerated(space):
    assert space.count() is None
    with pytest.raises(ValueError, match="lr: a Float has no list of values"):
        list(space.enumerate())


def test_limits_add_up_and_leave_the_space_alone():
    space = Space(FINITE)
    small = space.limited(lambda each: len(each["layers"]) == 1)
    smaller = small.limited(lambda each: each["a"] == "y")
    assert len(list(small.enumerate())) == 8 and len(list(smaller.enumerate())) == 2
    assert len(list(space.enumerate())) == 24
    generator = random.Random(0)
    for _ in range(50):
        architecture = small.sample(generator)
        assert len(architecture["layers"]) == 1 and len(small.mutate(architecture, generator)["layers"]) == 1
    with pytest.raises(RuntimeError, match="refused 10000 draws"):
        space.limited(lambda each: False).sample(generator)


def test_declarations_survive_json(space):
    again = Space.from_dict(json.loads(json.dumps(space.as_dict())))
    assert again.slots == space.slots
    assert again.sample(random.Random(1)) == space.sample(random.Random(1))
    assert [slot.conditions for slot in again.slots] == [slot.conditions for slot in space.slots]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"optimizer": "adam"}, "optimizer: expected one of 'sgd', 'adamw', 'rprop', got 'adam'"),
        ({"lr": 2.0}, "lr: expected a number from 0.001 to 1, got 2.0"),
        ({"lr": None}, "lr: expected a number"),
        ({"optimizer": "rprop"}, "lr: not decided here"),
        ({"depth": 3}, "depth: no such decision"),
        ({"layers": []}, "layers: expected 1 to 3 of them, got 0"),
        ({"layers": "wide"}, "layers: expected a list of objects, got 'wide'"),
        ({"layers": [{"width": 48, "norm": "none", "skip": True}]}, r"layers.1.width: expected one of 32, 64, got 48"),
        ({"layers": [{"width": 32, "skip": True}]}, r"layers.1.norm: the architecture does not decide it"),
        ({"cell": {"0-1": "relu"}}, "cell.0-2: the architecture does not decide it"),
        ({"cell": ["relu"]}, "cell: expected an object of operations by edge"),
        ({"cell": {}, "cell.0-1": "relu", "cell.0-2": "none", "cell.1-2": "relu"}, "cell.0-1: no such decision"),
        ({"layers.depth": 1}, "layers.depth: no such decision"),
        ({"seed": 10}, "seed: expected a whole number from 0 to 9, got 10"),
    ],
)
def test_what_is_no_architecture_is_named(space, change, words):
    fits = {
        "optimizer": "sgd",
        "lr": 0.1,
        "layers": [{"width": 32, "norm": "none", "skip": True}],
        "cell": {"0-1": "relu", "0-2": "none", "1-2": "relu"},
        "seed": 1,
    }
    space.check(fits)
    with pytest.raises(ValueError, match=words):
        space.check(fits | change)
    with pytest.raises(ValueError, match="expected an architecture"):
        space.check([])


@pytest.mark.parametrize(
    ("parts", "error", "words"),
    [
        ({}, ValueError, "one decision or more"),
        ({"a.b": Choice(1, 2)}, ValueError, "words without points"),
        ({"a": 3}, TypeError, "a: expected a Choice, Integer, Float, Stack or Cell, got 3"),
        ({"a": Choice(1, 2, when={"b": 1}), "b": Choice(1, 2)}, ValueError, "'b', which is not decided before it"),
        ({"b": Choice(1, 2), "a": Choice(1, 2, when={"b": 3})}, ValueError, "condition on b cannot come true"),
        ({"a": Stack(1, 2, {"w": Choice(1, 2, when={"v": 1})})}, ValueError, "'v', which is not decided before it"),
    ],
)
def test_what_is_no_space(parts, error, words):
    with pytest.raises(error, match=words):
        Space(parts)


@pytest.mark.parametrize(
    ("declaration", "error", "words"),
    [
        ({"a": {"kind": "real"}}, ValueError, "a: expected kind choice"),
        ({"a": 3}, ValueError, "a: expected kind choice"),
        ({"a": {"kind": "choice"}}, ValueError, "a: a choice needs 'options'"),
        ({"a": {"kind": "float", "low": 0}}, TypeError, "a: .*high"),
        (
            {"a": {"kind": "stack", "low": 1, "high": 2, "part": {"w": {"kind": "x"}}}},
            ValueError,
            r"a.w: expected kind",
        ),
    ],
)
def test_what_is_no_declaration(declaration, error, words):
    with pytest.raises(error, match=words):
        Space.from_dict(declaration)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Stack(0, 2, {"w": Choice(1, 2)}), ValueError, "1 <= low <= high"),
        (lambda: Stack(1, 2, {}), ValueError, "one decision or more"),
        (lambda: Stack(1, 2, {"w": Stack(1, 2, {"v": Choice(1, 2)})}), TypeError, "w is no Choice"),
        (lambda: Cell(1, ["none", "skip"]), ValueError, "two nodes or more"),
        (lambda: Cell(3, ["none"]), ValueError, "two options or more"),
    ],
)
def test_what_is_no_part(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_a_whole_number_for_a_float_is_the_same_architecture():
    space = Space({"lr": Float(0.1, 2.0)})
    assert repr(space.flatten({"lr": 1})) == repr(space.flatten({"lr": 1.0})) == "{'lr': 1.0}"


def test_a_stack_of_fixed_depth_has_no_decision_about_it():
    space = Space({"layers": Stack(2, 2, {"w": Choice(1, 2)})})
    assert [slot.path for slot in space.slots] == ["layers.1.w", "layers.2.w"]
    assert space.flatten({"layers": [{"w": 1}, {"w": 2}]}) == {"layers.1.w": 1, "layers.2.w": 2}


def test_the_edges_of_a_cell():
    assert Cell(4, ["none", "skip"]).edges == ("0-1", "0-2", "1-2", "0-3", "1-3", "2-3")
