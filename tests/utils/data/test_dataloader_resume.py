"""A pass that is left and taken up again is, bit by bit, the pass that was not."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    get_worker_info,
)
from tinygrad5329.utils.data.random_state import capture, restore

N = 23


class Augmented(Dataset):
    """Draws from all three global streams."""

    def __len__(self):
        return N

    def __getitem__(self, index):
        return index, tg.rand(1).item(), float(np.random.rand()), random.random()


class Shuffled(IterableDataset):
    """A stream in an order of its own, drawn when it begins, each worker with its share."""

    def __iter__(self):
        order = tg.randperm(N).tolist()
        info = get_worker_info()
        if info is not None:
            order = order[info.id :: info.num_workers]
        for index in order:
            yield index, random.random()


class Counter(IterableDataset):
    """A stream that keeps its place."""

    def __init__(self):
        self.given = 0

    def __iter__(self):
        while self.given < N:
            self.given += 1
            yield self.given
        self.given = 0

    def state_dict(self):
        return {"given": self.given}

    def load_state_dict(self, state):
        self.given = state["given"]


class EverySecond(Sampler):
    """A sampler that keeps no place."""

    def __iter__(self):
        return iter(range(0, N, 2))

    def __len__(self):
        return len(range(0, N, 2))


class Descending(Sampler):
    """A sampler of the user's that keeps its place."""

    def __init__(self):
        self.next = N - 1

    def __iter__(self):
        while self.next >= 0:
            self.next -= 1
            yield self.next + 1
        self.next = N - 1

    def __len__(self):
        return N

    def state_dict(self):
        return {"next": self.next}

    def load_state_dict(self, state):
        self.next = state["next"]


def rows():
    return TensorDataset(tg.arange(N), tg.arange(2 * N).reshape(N, 2))


def generator():
    return tg.Generator().manual_seed(8)


MAKERS = {
    "sequential": lambda: DataLoader(rows(), batch_size=4),
    "shuffle": lambda: DataLoader(rows(), batch_size=4, shuffle=True),
    "drop_last": lambda: DataLoader(rows(), batch_size=4, shuffle=True, drop_last=True),
    "generator": lambda: DataLoader(rows(), batch_size=4, shuffle=True, generator=generator()),
    "single": lambda: DataLoader(rows(), batch_size=None, shuffle=True, generator=generator()),
    "subset": lambda: DataLoader(Subset(rows(), [1, 5, 2, 9, 0, 3, 3]), batch_size=2, shuffle=True),
    "augmented": lambda: DataLoader(Augmented(), batch_size=4, shuffle=True),
    "long": lambda: (
        lambda data, g: DataLoader(data, 4, sampler=RandomSampler(data, num_samples=60, generator=g), generator=g)
    )(rows(), generator()),
    "replacement": lambda: (
        lambda data, g: DataLoader(data, 7, sampler=RandomSampler(data, True, 100, g), generator=g)
    )(rows(), generator()),
    "weighted": lambda: DataLoader(rows(), 4, sampler=WeightedRandomSampler(list(range(N)), 30)),
    "counted_sampler": lambda: DataLoader(rows(), 4, sampler=EverySecond()),
    "stateful_sampler": lambda: DataLoader(rows(), 4, sampler=Descending()),
    "list_of_batches": lambda: DataLoader(rows(), batch_sampler=[[1], [2, 3], [4, 5, 6], [0]]),
    "batch_sampler": lambda: DataLoader(rows(), batch_sampler=BatchSampler(RandomSampler(rows()), 5, False)),
    "stream": lambda: DataLoader(Shuffled(), batch_size=4),
    "stream_single": lambda: DataLoader(Shuffled(), batch_size=None),
    "stateful_stream": lambda: DataLoader(Counter(), batch_size=4),
    "workers": lambda: DataLoader(Augmented(), batch_size=4, shuffle=True, num_workers=2),
    "workers_far_ahead": lambda: DataLoader(rows(), 4, True, num_workers=2, prefetch_factor=9),
    "workers_generator": lambda: DataLoader(Augmented(), 4, True, num_workers=2, generator=generator()),
    "workers_counted": lambda: DataLoader(rows(), 4, sampler=EverySecond(), num_workers=2, prefetch_factor=3),
    "workers_long": lambda: (
        lambda data, g: DataLoader(
            data, 4, sampler=RandomSampler(data, num_samples=60, generator=g), generator=g, num_workers=2
        )
    )(rows(), generator()),
    "workers_stream": lambda: DataLoader(Shuffled(), batch_size=4, num_workers=2),
    "persistent": lambda: DataLoader(Augmented(), 4, True, num_workers=2, persistent_workers=True),
    "persistent_stream": lambda: DataLoader(Shuffled(), 4, num_workers=2, persistent_workers=True),
}


def plain(batch):
    return (
        [part.tolist() if hasattr(part, "tolist") else part for part in batch]
        if isinstance(batch, (list, tuple))
        else np.asarray(batch).tolist()
    )


def step(batch):
    """A training step draws random numbers as well (dropout)."""
    return plain(batch), tg.rand(1).item(), random.random()


def through_a_file(state):
    """What a checkpoint does: arrays beside, everything else as JSON."""
    arrays = []

    def encode(value):
        if isinstance(value, dict):
            return {key: encode(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [encode(item) for item in value]
        if isinstance(value, (np.ndarray, tg.Tensor)):
            arrays.append(np.array(value))
            return {"array": len(arrays) - 1}
        assert value is None or type(value) in (bool, int, float, str), value
        return value

    def decode(value):
        if isinstance(value, dict):
            return arrays[value["array"]] if "array" in value else {k: decode(v) for k, v in value.items()}
        return [decode(item) for item in value] if isinstance(value, list) else value

    return decode(json.loads(json.dumps(encode(state))))


def start(seed):
    tg.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)


@pytest.fixture(autouse=True)
def global_streams():
    before = capture()
    yield
    restore(before)


# Starting processes takes its time, so loaders with workers stop at fewer places.
STOPS = [
    (name, stop)
    for name in MAKERS
    for stop in ([3, "end"] if name.startswith(("workers", "persistent")) else [0, 1, 3, "end"])
]


@pytest.mark.parametrize(("name", "stop"), STOPS)
def test_resuming(name, stop):
    start(4)
    loader = MAKERS[name]()
    first = [step(batch) for batch in loader]
    second = []
    iterator = iter(loader)
    saved = None
    count = len(first) if stop == "end" else stop
    while True:
        if len(second) == count and saved is None:
            saved = through_a_file(loader.state_dict()), capture()
        try:
            second.append(step(next(iterator)))
        except StopIteration:
            break
    third = [step(batch) for batch in loader]
    after = capture()

    start(5)
    other = MAKERS[name]()
    other.load_state_dict(saved[0])
    restore(saved[1])
    assert [step(batch) for batch in other] == second[count:]
    assert [step(batch) for batch in other] == third
    assert json.dumps(through_a_file(after), default=np.ndarray.tolist) == json.dumps(
        through_a_file(capture()), default=np.ndarray.tolist
    )


@pytest.mark.parametrize("name", MAKERS)
def test_between_two_passes(name):
    start(4)
    loader = MAKERS[name]()
    for batch in loader:
        step(batch)
    saved = through_a_file(loader.state_dict()), capture()
    expected = [[step(batch) for batch in loader] for _ in range(2)]

    start(5)
    other = MAKERS[name]()
    other.load_state_dict(saved[0])
    restore(saved[1])
    assert [[step(batch) for batch in other] for _ in range(2)] == expected


@pytest.mark.parametrize("name", ["shuffle", "generator", "workers", "stream", "workers_stream", "persistent"])
def test_resuming_twice(name):
    start(4)
    loader = MAKERS[name]()
    expected = [step(batch) for batch in loader]

    start(4)
    found = []
    place = streams = None
    while len(found) < len(expected):
        part = MAKERS[name]()
        if place is not None:
            part.load_state_dict(place)
            restore(streams)
        iterator = iter(part)
        found.extend(step(next(iterator)) for _ in range(min(2, len(expected) - len(found))))
        place, streams = through_a_file(part.state_dict()), capture()
    assert found == expected


def test_the_place_survives_leaving_the_loop():
    loader = MAKERS["shuffle"]()
    seen = []
    for x, _ in loader:
        seen.extend(x.tolist())
        if len(seen) == 8:
            break
    other = MAKERS["shuffle"]()
    other.load_state_dict(loader.state_dict())
    for x, _ in other:
        seen.extend(x.tolist())
    assert sorted(seen) == list(range(N))


def test_loading_into_the_same_loader_goes_back():
    loader = MAKERS["generator"]()
    iterator = iter(loader)
    next(iterator)
    state = loader.state_dict()
    rest = [plain(batch) for batch in iterator]
    loader.load_state_dict(state)
    assert [plain(batch) for batch in loader] == rest


def test_a_loaded_place_can_be_saved_before_it_is_used():
    loader = MAKERS["generator"]()
    iterator = iter(loader)
    next(iterator)
    other = MAKERS["generator"]()
    other.load_state_dict(loader.state_dict())
    third = MAKERS["generator"]()
    third.load_state_dict(through_a_file(other.state_dict()))
    assert [plain(batch) for batch in third] == [plain(batch) for batch in iterator]


def test_ctrl_c_in_the_data_set_loses_no_batch():
    class Interrupted(Dataset):
        armed = True

        def __len__(self):
            return 6

        def __getitem__(self, index):
            if index == 3 and Interrupted.armed:
                Interrupted.armed = False
                raise KeyboardInterrupt
            return index

    loader = DataLoader(Interrupted(), batch_size=2)
    seen = []
    with pytest.raises(KeyboardInterrupt):
        for batch in loader:
            seen.extend(batch.tolist())
    other = DataLoader(Interrupted(), batch_size=2)
    other.load_state_dict(loader.state_dict())
    assert seen + [i for batch in other for i in batch.tolist()] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(("before", "after"), [(2, 0), (0, 2), (2, 1), (1, 2)])
def test_another_number_of_workers_if_they_drew_nothing(before, after):
    start(1)
    loader = DataLoader(rows(), 3, shuffle=True, num_workers=before)
    iterator = iter(loader)
    next(iterator), next(iterator)
    other = DataLoader(rows(), 3, shuffle=True, num_workers=after)
    other.load_state_dict(through_a_file(loader.state_dict()))
    assert [plain(batch) for batch in other] == [plain(batch) for batch in iterator]


def test_another_number_of_workers_is_refused_if_they_drew():
    for name in ("workers", "workers_stream"):
        loader = MAKERS[name]()
        next(iter(loader))
        other = DataLoader(loader.dataset, 4, shuffle=name == "workers", num_workers=1)
        with pytest.raises(ValueError, match="saved pass had num_workers=2, this loader has 1"):
            other.load_state_dict(loader.state_dict())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DataLoader(rows(), batch_size=5), r"'batch_size': 4.*this one has .*'batch_size': 5"),
        (lambda: DataLoader(rows(), batch_size=4, drop_last=True), "'drop_last'"),
        (lambda: DataLoader(range(N + 1), batch_size=4), "'samples': 23.*'samples': 24"),
        (
            lambda: DataLoader(rows(), batch_size=4, generator=generator()),
            "not given a generator, this one was given",
        ),
        (lambda: DataLoader(rows(), batch_size=4, shuffle=True), "RandomSampler: the saved state"),
        (
            lambda: DataLoader(rows(), batch_size=4, sampler=EverySecond()),
            r"with a state_dict\(\) of its own",
        ),
    ],
)
def test_a_state_of_another_loader_is_refused(make, message):
    loader = MAKERS["sequential"]()
    next(iter(loader))
    with pytest.raises(ValueError, match=message):
        make().load_state_dict(loader.state_dict())
