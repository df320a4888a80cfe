from __future__ import annotations

import math
import random
from collections import Counter

import pytest

import tinygrad5329 as tg
from tinygrad5329.search.domains import Choice, Float
from tinygrad5329.search.parts import Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.weight_sharing.controller import Controller
from tinygrad5329.search.weight_sharing.reinforce import Reinforce

SPACE = Space(
    {
        "layers": Stack(1, 2, {"width": Choice(8, 16), "activation": Choice("relu", "tanh")}),
        "kind": Choice("a", "b"),
        "only_b": Choice(1, 2, 3, when={"kind": "b"}),
        "lr": Float(0.1, 1.0),
    }
)
SLOTS = {slot.path: slot.domain for slot in SPACE.slots if slot.path != "lr"}


def controller(space=SPACE, defaults=None):
    tg.manual_seed(2)
    made = Controller(space, SLOTS, {"lr": 0.5} if defaults is None else defaults, hidden=8)
    with tg.no_grad():
        for parameter in made.parameters():  # far from uniform
            parameter.mul_(20.0)
    return made


def architectures():
    finite = Space({name: part for name, part in SPACE.parts.items() if name != "lr"})
    return [each | {"lr": 0.5} for each in finite.enumerate()]


def test_the_probabilities_of_all_architectures_sum_to_one():
    made = controller()
    chances = [float(tg.exp(made.evaluate(each).log_probability)) for each in architectures()]
    assert sum(chances) == pytest.approx(1, abs=1e-5)
    assert max(chances) > 2 / len(chances)


def test_draws_are_as_likely_as_it_says():
    made, generator = controller(), random.Random(0)
    with tg.no_grad():
        draws = [made.sample(generator) for _ in range(400)]
    for one in draws[:10]:
        again = made.evaluate(one.architecture)
        assert float(again.log_probability) == pytest.approx(float(one.log_probability), abs=1e-5)
        assert float(again.entropy) == pytest.approx(float(one.entropy), abs=1e-5)
    kinds = Counter((len(each.architecture["layers"]), each.architecture["kind"]) for each in draws)
    expected = Counter()
    for each in architectures():
        chance = float(tg.exp(made.evaluate(each).log_probability))
        expected[len(each["layers"]), each["kind"]] += chance
    for kind, chance in expected.items():
        assert kinds[kind] / 400 == pytest.approx(chance, abs=4 * math.sqrt(0.25 / 400))


def test_entropy_of_a_controller_that_knows_nothing():
    made = controller()
    with tg.no_grad():
        for parameter in made.parameters():
            parameter.zero_()
    decisions = made.evaluate({"layers": [{"width": 8, "activation": "relu"}], "kind": "b", "only_b": 3, "lr": 0.5})
    assert float(decisions.log_probability) == pytest.approx(-4 * math.log(2) - math.log(3), abs=1e-5)
    assert float(decisions.entropy) == pytest.approx((4 * math.log(2) + math.log(3)) / 5, abs=1e-5)
    # Depth by itself brings no entropy, which is part of the reward.
    for depth in (1, 2):
        decisions = made.evaluate({"layers": [{"width": 8, "activation": "relu"}] * depth, "kind": "a", "lr": 0.5})
        assert float(decisions.entropy) == pytest.approx(math.log(2), abs=1e-5)


def test_the_favourite_has_the_likeliest_options():
    made = controller()
    chances = {
        tuple(SPACE.flatten(each).items()): float(tg.exp(made.evaluate(each).log_probability))
        for each in architectures()
    }
    favourite = tuple(SPACE.flatten(made.favourite(random.Random(0))).items())
    for place, (path, value) in enumerate(favourite):
        options = Counter()  # of this decision, after those before it
        for decisions, chance in chances.items():
            if decisions[:place] == favourite[:place]:
                options[decisions[place][1]] += chance
        assert (value, path) == (options.most_common(1)[0][0], path)


def test_a_favourite_within_limits_is_not_shallow_for_the_number_of_its_decisions():
    deep = SPACE.limited(lambda each: each != likeliest)
    made = controller(deep)
    with tg.no_grad():
        for parameter in made.parameters():
            parameter.zero_()
        made.heads[0].bias.copy_(tg.tensor([-0.7, 0.7]))  # depth 2 is twice as likely
    likeliest = None
    likeliest = made.favourite(random.Random(0))
    assert [len(made.favourite(random.Random(seed))["layers"]) for seed in range(3)] == [2, 2, 2]


def test_limits_and_defaults_are_kept():
    narrow = controller(SPACE.limited(lambda each: all(layer["width"] == 8 for layer in each["layers"])))
    generator = random.Random(1)
    drawn = [narrow.sample(generator).architecture for _ in range(20)] + [narrow.favourite(generator)]
    assert {layer["width"] for each in drawn for layer in each["layers"]} == {8}
    assert {each["lr"] for each in drawn} == {0.5}
    with pytest.raises(ValueError, match="lr: the supernet does not cover it"):
        controller(defaults={}).sample(generator)


def test_reinforce_finds_what_is_rewarded():
    tg.manual_seed(0)
    made = Controller(SPACE, SLOTS, {"lr": 0.5}, hidden=16)
    teacher = Reinforce(made, lr=0.02, entropy_weight=1e-3, decay=0.9)
    generator = random.Random(0)

    def judge(architecture):
        return sum(layer["width"] == 16 for layer in architecture["layers"]) / 2 + (architecture["kind"] == "b")

    for _ in range(150):
        teacher.step(judge, generator)
    favourite = made.favourite(generator)
    assert [layer["width"] for layer in favourite["layers"]] == [16, 16]
    assert favourite["kind"] == "b"


def test_a_step_goes_along_the_advantage_and_moves_the_baseline():
    made = controller()
    teacher = Reinforce(made, lr=0.01, entropy_weight=0.0, decay=0.75)
    before = made.evaluate(architectures()[0])
    teacher.step(lambda _: 1.0, random.Random(0))  # the first reward is its own baseline
    assert float(made.evaluate(architectures()[0]).log_probability) == float(before.log_probability)
    drawn = []
    teacher.step(lambda each: drawn.append(each) or 3.0, random.Random(5))
    assert teacher.state_dict()["baseline"] == pytest.approx(0.75 * 1.0 + 0.25 * 3.0)
    (architecture,) = drawn
    after = float(made.evaluate(architecture).log_probability)
    assert after > float(controller().evaluate(architecture).log_probability)
