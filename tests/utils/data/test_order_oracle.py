"""The orders are PyTorch's for the same seed."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.utils import data as ours

torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
theirs = pytest.importorskip("torch.utils.data")

BOTH = ((tg, ours), (torch, theirs))
SEEDS = (0, 7, 2**40 + 1)


def same(run):
    """Run with this package and with PyTorch; both results, and the next number of the global stream."""
    results = []
    for library, module in BOTH:
        library.manual_seed(11)
        results.append((run(library, module), library.randint(0, 2**31, (2,)).tolist()))
    assert results[0] == results[1]
    return results[0][0]


def generator_for(library, seed):
    return None if seed is None else library.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("own_generator", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("n", "batch_size"), [(1, 1), (7, 3), (12, 4), (33, 50), (1000, 32)])
def test_shuffled_loader(seed, own_generator, drop_last, n, batch_size):
    def run(library, module):
        library.manual_seed(seed)
        dataset = module.TensorDataset(library.arange(n), library.arange(n) * 2)
        loader = module.DataLoader(
            dataset,
            batch_size=batch_size,
            shuffle=True,
            drop_last=drop_last,
            generator=generator_for(library, seed + 1 if own_generator else None),
        )
        assert len(loader) == len(list(loader))
        return [[(x.tolist(), y.tolist()) for x, y in loader] for _ in range(3)]

    same(run)


@pytest.mark.parametrize("seed", [None, *SEEDS])
def test_sequential_loader_draws_its_base_seed(seed):
    def run(library, module):
        loader = module.DataLoader(
            module.TensorDataset(library.arange(5)), batch_size=2, generator=generator_for(library, seed)
        )
        return [[x.tolist() for (x,) in loader] for _ in range(2)]

    same(run)


def test_leaving_a_pass_early():
    def run(library, module):
        loader = module.DataLoader(module.TensorDataset(library.arange(9)), batch_size=2, shuffle=True)
        next(iter(loader))
        iter(loader)
        return [x.tolist() for (x,) in loader]

    same(run)


@pytest.mark.parametrize("seed", [None, *SEEDS])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"num_samples": 4},
        {"num_samples": 20},
        {"num_samples": 47},
        {"replacement": True},
        {"replacement": True, "num_samples": 64},
        {"replacement": True, "num_samples": 75},
    ],
)
def test_random_sampler(seed, arguments):
    def run(library, module):
        sampler = module.RandomSampler(range(10), generator=generator_for(library, seed), **arguments)
        return [list(sampler), list(sampler)]

    same(run)


@pytest.mark.parametrize("seed", [None, *SEEDS])
def test_other_samplers(seed):
    def run(library, module):
        subset = module.SubsetRandomSampler([3, 1, 4, 15, 9, 2, 6], generator=generator_for(library, seed))
        weights = [0.1, 0.0, 2.0, 0.7, 1e-3]
        often = module.WeightedRandomSampler(weights, 50, generator=generator_for(library, seed))
        once = module.WeightedRandomSampler(weights, 4, False, generator=generator_for(library, seed))
        return [list(sampler) for sampler in (subset, often, once, subset, often, once)]

    same(run)


@pytest.mark.parametrize("seed", [None, *SEEDS])
@pytest.mark.parametrize(
    "lengths", [[3, 7, 2], [12], [0, 12], [0.5, 0.5], [0.33, 0.33, 0.34], [1.0], [0.1] * 10, [0.99, 0.01]]
)
def test_random_split(seed, lengths):
    def run(library, module):
        extra = {} if seed is None else {"generator": library.Generator().manual_seed(seed)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return [list(part.indices) for part in module.random_split(range(12), lengths, **extra)]

    same(run)


def test_samplers_inside_loaders():
    def run(library, module):
        dataset = module.TensorDataset(library.arange(10))
        generator = library.Generator().manual_seed(3)
        loaders = [
            module.DataLoader(dataset, batch_size=None, shuffle=True),
            module.DataLoader(dataset, sampler=module.SubsetRandomSampler([1, 5, 7]), batch_size=2),
            module.DataLoader(dataset, sampler=[7, 7, 1], batch_size=2),
            module.DataLoader(dataset, batch_sampler=module.BatchSampler(module.RandomSampler(dataset), 3, True)),
            module.DataLoader(dataset, batch_sampler=[[1, 2], [0]]),
            module.DataLoader(
                dataset,
                sampler=module.RandomSampler(dataset, num_samples=25),
                batch_size=4,
                generator=generator,
            ),
        ]
        return [[x.tolist() for (x,) in loader] for loader in loaders for _ in range(2)]

    same(run)


def test_a_sampler_that_draws_everything_when_asked_for_its_iterator():
    # The moment a loader calls iter(sampler) decides the order of the draws.
    def run(library, module):
        class Eager(module.Sampler):
            def __init__(self, n):
                self.n = n

            def __iter__(self):
                return iter(library.randperm(self.n).tolist())

            def __len__(self):
                return self.n

        dataset = module.TensorDataset(library.arange(6))
        batched = module.DataLoader(dataset, batch_size=4, sampler=Eager(6))
        single = module.DataLoader(dataset, batch_size=None, sampler=Eager(6))
        return [[x.tolist() for (x,) in loader] for loader in (batched, single, batched, single)]

    same(run)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("persistent", [False, True])
def test_workers_keep_the_order(shuffle, persistent):
    def run(library, module):
        loader = module.DataLoader(
            module.TensorDataset(library.arange(23)),
            batch_size=4,
            shuffle=shuffle,
            num_workers=2,
            persistent_workers=persistent,
        )
        return [[x.tolist() for (x,) in loader] for _ in range(2)]

    same(run)


class Seeds:
    """What random streams a worker has. (One class for both libraries: data sets need no base class.)"""

    def __init__(self, library, module):
        self.library, self.module = library, module

    def __len__(self):
        return 6

    def __getitem__(self, index):
        info = self.module.get_worker_info()
        return [
            info.id,
            info.num_workers,
            info.seed,
            self.library.initial_seed(),
            self.library.randint(0, 2**31, (1,)).item(),
            random.random(),
            int(np.random.randint(0, 2**31)),
        ]


def as_is(batch):
    return batch


@pytest.mark.parametrize("persistent", [False, True])
def test_workers_are_seeded_alike(persistent):
    def run(library, module):
        loader = module.DataLoader(
            Seeds(library, module), num_workers=2, collate_fn=as_is, persistent_workers=persistent
        )
        return [list(loader) for _ in range(2)]

    rows = same(run)
    assert rows[0][0] != rows[0][1]


class Shard:
    """The base class has to be the library's, so the class is made for it."""

    @staticmethod
    def of(module, sizes):
        class Stream(module.IterableDataset):
            def __iter__(self):
                info = module.get_worker_info()
                return iter(range(100 * info.id, 100 * info.id + sizes[info.id]))

        return Stream()


@pytest.mark.parametrize("sizes", [(6, 6), (5, 5), (7, 2)])
@pytest.mark.parametrize(("batch_size", "drop_last"), [(2, False), (2, True), (None, False)])
def test_streams_are_interleaved_alike(sizes, batch_size, drop_last):
    def run(library, module):
        loader = module.DataLoader(
            Shard.of(module, sizes),
            batch_size=batch_size,
            num_workers=2,
            drop_last=drop_last,
            multiprocessing_context="fork",
        )
        return [batch if isinstance(batch, int) else batch.tolist() for batch in loader]

    same(run)
