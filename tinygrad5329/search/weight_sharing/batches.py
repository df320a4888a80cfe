"""Batches of rows that lie in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TypeAlias

import tinygrad5329 as tg
from tinygrad5329.tensor import Tensor

__all__ = ["Rows", "batch_count", "endless_batches", "joined", "shuffled_batches"]

#: Inputs (N, F) and targets (N,).
Rows: TypeAlias = tuple[Tensor, Tensor]


def batch_count(rows: Rows, size: int) -> int:
    """Batches of an epoch: full ones only, or a single one of all rows where they are fewer."""
    return max(len(rows[0]) // size, 1)


def shuffled_batches(rows: Rows, size: int, generator: random.Random) -> Iterator[Rows]:
    """One epoch in random order; rows that do not fill a batch are left out, others each time."""
    inputs, targets = rows
    order = tg.randperm(len(inputs), generator=tg.Generator().manual_seed(generator.getrandbits(63)))
    for number in range(batch_count(rows, size)):
        chosen = order[number * size : (number + 1) * size]
        yield inputs[chosen], targets[chosen]


def endless_batches(rows: Rows, size: int, generator: random.Random) -> Iterator[Rows]:
    """Epoch after epoch of :func:`shuffled_batches`."""
    while True:
        yield from shuffled_batches(rows, size, generator)


def joined(first: Rows, second: Rows) -> Rows:
    """All rows of both."""
    return tg.cat([first[0], second[0]]), tg.cat([first[1], second[1]])
