"""Samplers: orders, lengths, arguments and saved places."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.utils.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def seeded(seed: int = 3) -> tg.Generator:
    return tg.Generator().manual_seed(seed)


MAKERS = {
    "sequential": lambda g: SequentialSampler(range(11)),
    "random": lambda g: RandomSampler(range(11), generator=g),
    "random_long": lambda g: RandomSampler(range(11), num_samples=30, generator=g),
    "random_short": lambda g: RandomSampler(range(11), num_samples=4, generator=g),
    "replacement": lambda g: RandomSampler(range(11), replacement=True, num_samples=70, generator=g),
    "subset": lambda g: SubsetRandomSampler([5, 8, 13, 21], generator=g),
    "weighted": lambda g: WeightedRandomSampler([1.0, 0.0, 3.0], 20, generator=g),
    "weighted_once": lambda g: WeightedRandomSampler([1.0, 2.0, 3.0], 3, replacement=False, generator=g),
}


@pytest.mark.parametrize("name", MAKERS)
def test_length_and_python_ints(name):
    sampler = MAKERS[name](seeded())
    indices = list(sampler)
    assert len(indices) == len(sampler)
    assert all(type(index) is int for index in indices)


@pytest.mark.parametrize("name", MAKERS)
def test_taking_several_gives_what_one_by_one_gives(name):
    one_by_one, several = iter(MAKERS[name](seeded())), iter(MAKERS[name](seeded()))
    expected = list(one_by_one)
    pieces = []
    while len(piece := several.take(4)):
        pieces.append([int(i) for i in piece])
    assert [i for piece in pieces for i in piece] == expected
    assert all(len(piece) == 4 for piece in pieces[:-1])
    assert len(several.take(4)) == 0


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("given", [0, 1, 3])
def test_a_saved_place_is_found_again(name, given):
    generator = seeded()
    sampler = MAKERS[name](generator)
    list(sampler)  # An earlier pass, so that the generator is not at its seed.
    stream = iter(sampler)
    for _ in range(given):
        next(stream)
    state = sampler.state_dict()
    rest, next_pass, after = list(stream), list(sampler), generator.get_state()

    other_generator = seeded(99)
    other = MAKERS[name](other_generator)
    other.load_state_dict(state)
    assert list(other) == rest
    assert list(other) == next_pass
    if name != "sequential":
        assert np.array_equal(np.asarray(other_generator.get_state()), np.asarray(after))


@pytest.mark.parametrize("place", [0, 11, 12, 30])
def test_a_place_on_the_edge_of_a_permutation(place):
    sampler = MAKERS["random_long"](seeded())
    stream = iter(sampler)
    for _ in range(place):
        next(stream)
    other = MAKERS["random_long"](seeded(4))
    other.load_state_dict(sampler.state_dict())
    assert list(other) == list(stream)


def test_the_place_survives_other_draws_from_a_shared_generator():
    # The second permutation is drawn after somebody else has drawn too.
    generator = seeded()
    sampler = MAKERS["random_long"](generator)
    stream = iter(sampler)
    first = [next(stream) for _ in range(5)]
    generator.random((7,))
    rest = [next(stream) for _ in range(10)]
    state = sampler.state_dict()
    generator.random((7,))
    tail = list(stream)
    assert len(first + rest + tail) == 30

    other_generator = seeded(99)
    other = MAKERS["random_long"](other_generator)
    other.load_state_dict(state)
    other_generator.random((7,))
    assert list(other) == tail


def test_without_a_generator_only_the_seed_comes_from_the_global_one():
    tg.manual_seed(5)
    sampler = RandomSampler(range(20))
    stream = iter(sampler)
    before = np.asarray(tg.get_rng_state()).copy()
    first = [next(stream) for _ in range(6)]
    state, rest = sampler.state_dict(), list(stream)
    after = np.asarray(tg.get_rng_state()).copy()
    assert not np.array_equal(before, after)

    other = RandomSampler(range(20))
    other.load_state_dict(state)
    assert list(other) == rest
    assert sorted(first + rest) == list(range(20))
    assert np.array_equal(np.asarray(tg.get_rng_state()), after)


def test_saving_twice_without_a_step_between_is_the_same():
    sampler = RandomSampler(range(20), generator=seeded())
    stream = iter(sampler)
    next(stream)
    other = RandomSampler(range(20), generator=seeded(9))
    other.load_state_dict(sampler.state_dict())
    third = RandomSampler(range(20), generator=seeded(10))
    third.load_state_dict(other.state_dict())
    assert list(third) == list(stream)


def test_a_state_of_another_sampler_is_refused():
    state = RandomSampler(range(20)).state_dict()
    with pytest.raises(ValueError, match=r"RandomSampler: the saved state .*'samples': 20.*this one has.*21"):
        RandomSampler(range(21)).load_state_dict(state)
    with pytest.raises(ValueError, match="'generator': True"):
        RandomSampler(range(20), generator=seeded()).load_state_dict(state)


def test_a_place_that_does_not_exist_is_refused():
    sampler = SequentialSampler(range(5))
    state = {"arguments": {"samples": 5}, "generator": None}
    for place, found in (
        ({"block": 0, "offset": 9}, "a block of 5"),
        ({"block": 3, "offset": 0}, "no such block"),
    ):
        sampler.load_state_dict({**state, "place": {**place, "generator": None}})
        with pytest.raises(ValueError, match=found):
            iter(sampler)


def test_weighted_sampler_never_draws_weight_zero():
    assert 1 not in set(WeightedRandomSampler([1.0, 0.0, 3.0], 200, generator=seeded()))
    assert sorted(WeightedRandomSampler([0.1, 0.2, 0.3], 3, replacement=False, generator=seeded())) == [
        0,
        1,
        2,
    ]


def test_weighted_sampler_takes_a_tensor():
    weights = tg.tensor([0.0, 1.0])
    assert list(WeightedRandomSampler(weights, 3, generator=seeded())) == [1, 1, 1]


def test_weighted_sampler_complains_when_it_draws():
    with pytest.raises(RuntimeError):
        list(WeightedRandomSampler([-0.1, 1.0], 1))
    with pytest.raises(RuntimeError):
        list(WeightedRandomSampler([0.0, 0.0], 3))
    with pytest.raises(RuntimeError):
        list(WeightedRandomSampler([0.1, 1.0], 3, replacement=False))


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: RandomSampler(range(3), replacement=1), TypeError, "replacement should be a boolean"),
        (
            lambda: RandomSampler(range(3), num_samples=0),
            ValueError,
            "num_samples should be a positive integer",
        ),
        (lambda: RandomSampler(range(3), num_samples=2.5), ValueError, "num_samples=2.5"),
        (lambda: RandomSampler([]), ValueError, "num_samples=0"),
        (lambda: list(RandomSampler([], num_samples=3)), ValueError, "empty data source"),
        (lambda: RandomSampler(range(3), generator=5), TypeError, r"got int; .*manual_seed\(seed\)"),
        (lambda: WeightedRandomSampler([0.1], 0), ValueError, "num_samples=0"),
        (lambda: WeightedRandomSampler([0.1], True), ValueError, "num_samples=True"),
        (lambda: WeightedRandomSampler([0.1], 1, replacement=3), ValueError, "replacement=3"),
        (lambda: WeightedRandomSampler([[0.1]], 1), ValueError, r"1d sequence .* shape \(1, 1\)"),
        (lambda: BatchSampler(range(3), 0, False), ValueError, "batch_size=0"),
        (lambda: BatchSampler(range(3), True, False), ValueError, "batch_size=True"),
        (lambda: BatchSampler(range(3), 2, 0), ValueError, "drop_last should be a boolean value"),
    ],
)
def test_bad_arguments(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_sampler_without_iter():
    with pytest.raises(NotImplementedError, match="Sampler does not define __iter__"):
        iter(Sampler())


@pytest.mark.parametrize("drop_last", [False, True])
def test_batches_of_any_iterable(drop_last):
    whole = [["a", "b"], ["c", "d"]]
    assert list(BatchSampler("abcde", 2, drop_last)) == whole + ([] if drop_last else [["e"]])
    assert list(BatchSampler(iter("abcd"), 2, drop_last)) == whole
    assert len(BatchSampler(range(5), 2, drop_last)) == 3 - drop_last


def test_batches_are_lists_of_python_ints():
    for sampler in (SequentialSampler(range(5)), RandomSampler(range(5))):
        for batch in BatchSampler(sampler, 2, False):
            assert type(batch) is list
            assert all(type(index) is int for index in batch)


@pytest.mark.parametrize("make", [lambda: RandomSampler(range(7), generator=seeded()), lambda: range(7)])
@pytest.mark.parametrize("given", [0, 1, 2, 3])
def test_batch_sampler_finds_its_place(make, given):
    batches = BatchSampler(make(), 2, False)
    stream = iter(batches)
    for _ in range(given):
        next(stream)
    state = batches.state_dict()
    other = BatchSampler(make(), 2, False)
    other.load_state_dict(state)
    rest = list(stream)
    assert list(other) == rest
    assert list(other) == list(batches)


def test_batch_sampler_refuses_another_ones_state():
    state = BatchSampler(range(7), 2, False).state_dict()
    with pytest.raises(ValueError, match="batch_size=2, this one 3"):
        BatchSampler(range(7), 3, False).load_state_dict(state)
    with pytest.raises(ValueError, match=r"without a state_dict\(\) of its own"):
        BatchSampler(SequentialSampler(range(7)), 2, False).load_state_dict(state)


def test_skipping_past_the_end_is_an_error():
    batches = BatchSampler(range(7), 2, False)
    stream = iter(batches)
    next(stream), next(stream)
    shorter = BatchSampler(range(3), 2, False)
    shorter.load_state_dict(batches.state_dict())
    with pytest.raises(ValueError, match="after 4 items, but range has only 3"):
        list(shorter)
