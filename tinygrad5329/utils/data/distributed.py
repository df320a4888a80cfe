"""The sampler that shares a data set out between the processes of a distributed run."""

from __future__ import annotations

from collections.abc import Iterator, Sized

import numpy as np

from tinygrad5329.random import Generator
from tinygrad5329.randomness import randperm
from tinygrad5329.utils.data.sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th index from ``rank`` on (``torch.utils.data.DistributedSampler``).

    Replicas get equally many indices: the order is filled up from its beginning, or with `drop_last` cut.

    Parameters
    ----------
    dataset : sized
        Only its length is used.
    num_replicas, rank : int
        How many processes there are, and the number of this one. PyTorch's default asks its process group; there
        is none here, so both have to be given.
    shuffle : bool
        Draw the order from the seed `seed` plus the epoch, alike in all replicas: call :meth:`set_epoch`
        before each pass, or all passes have one order.
    seed : int
        The same in all replicas.
    drop_last : bool
        Cut instead of filling up.

    Raises
    ------
    ValueError
        `rank` is not in [0, num_replicas - 1].
    RuntimeError
        `num_replicas` or `rank` is None.

    Examples
    --------
    >>> from tinygrad5329.utils.data import DistributedSampler
    >>> [list(DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in range(2)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError("Requires distributed package to be available; pass num_replicas and rank")
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        size = len(dataset)
        self.num_samples = size // num_replicas if drop_last else -(-size // num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self) -> Iterator[int]:
        size = len(self.dataset)
        if self.shuffle:
            order = randperm(size, generator=Generator().manual_seed(self.seed + self.epoch)).numpy()
        else:
            order = np.arange(size)
        # np.resize repeats the order, or cuts it.
        return iter(np.resize(order, self.total_size)[self.rank :: self.num_replicas].tolist())

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass."""
        self.epoch = epoch
