"""From an index, or the indices of a batch, to what a DataLoader yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tinygrad5329.utils.data.collate import default_collate
from tinygrad5329.utils.data.dataset import Dataset, IterableDataset, read_rows
from tinygrad5329.utils.data.sampler import as_list
from tinygrad5329.utils.data.whole_batch import as_block, batch_reader

__all__ = ["StreamFetcher", "make_fetcher"]

Fetcher = Callable[[Any], Any]


def make_fetcher(
    dataset: Dataset[Any], collate_fn: Callable[[Any], Any], *, in_batches: bool, drop_last: bool
) -> Fetcher:
    """What turns a task (an index, a batch of indices, or the size of a batch of a stream) into a batch.

    The fetcher of a stream raises StopIteration when it has ended.
    """
    if isinstance(dataset, IterableDataset):
        return StreamFetcher(dataset, collate_fn, in_batches, drop_last)
    fetch = _batch_fetcher(dataset, collate_fn) if in_batches else lambda index: collate_fn(dataset[index])

    def fetch_or_fail(task: Any) -> Any:
        try:
            return fetch(task)
        except StopIteration as error:
            # Passed on, it would end the pass as if there were no more samples.
            raise RuntimeError(f"{type(dataset).__name__} raised StopIteration for the index {task}") from error

    return fetch_or_fail


def _batch_fetcher(dataset: Dataset[Any], collate_fn: Callable[[Any], Any]) -> Fetcher:
    read = batch_reader(dataset) if collate_fn is default_collate else None

    def fetch(indices: Sequence[Any]) -> Any:
        block = None if read is None else as_block(indices)
        if read is not None and block is not None and len(block):
            try:
                return read(block)
            except IndexError:
                block = None  # Row by row, below, the error names the index.
        return collate_fn(read_rows(dataset, as_list(indices)))

    return fetch


class StreamFetcher:
    """Takes the next samples of an iterable data set; the task is how many.

    Attributes
    ----------
    ended : bool
        Whether the data set has no more.
    """

    def __init__(
        self,
        dataset: IterableDataset[Any],
        collate_fn: Callable[[Any], Any],
        in_batches: bool,
        drop_last: bool,
    ) -> None:
        self._samples: Iterator[Any] = iter(dataset)
        self._collate = collate_fn
        self._in_batches = in_batches
        self._drop_last = drop_last
        self.ended = False

    def __call__(self, size: int) -> Any:
        """The next batch; StopIteration after the last."""
        samples = self._take(size)
        return self._collate(samples if self._in_batches else samples[0])

    def skip(self, size: int, batches: int) -> None:
        """Pass over what ``batches`` calls would give, drawing the same random numbers."""
        for _ in range(batches):
            self(size)

    def _take(self, size: int) -> list[Any]:
        samples: list[Any] = []
        # Not islice: after the end the stream must not be asked again, even if it could go on.
        while len(samples) < size and not self.ended:
            try:
                samples.append(next(self._samples))
            except StopIteration:
                self.ended = True
        if not samples or (self._drop_last and len(samples) < size):
            raise StopIteration
        return samples
