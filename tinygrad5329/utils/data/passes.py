"""Passes over a ``DataLoader``: the place one has come to, and the iterator that needs no workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.utils.data import random_state
from tinygrad5329.utils.data.resume import keeps_its_place
from tinygrad5329.utils.data.sampler import as_list

if TYPE_CHECKING:
    from tinygrad5329.utils.data.dataloader import DataLoader

__all__ = ["Place", "Pass", "SingleProcessPass"]


@dataclass
class Place:
    """How far a pass has come. It outlives the iterator, which may hold processes.

    Attributes
    ----------
    tasks : iterator
        What is still to be fetched: batches of indices, indices, or for a stream sizes of batches.
    base_seed : int
        The pass's number from the loader's generator; worker ``i`` is seeded with ``base_seed + i``.
    yielded : int
        Batches given so far.
    pending : deque of (worker, task)
        Taken from ``tasks`` but not yielded yet, in order.
    turn : int
        The worker that gets the next task.
    batches, active : list
        How many batches of each worker have been yielded, and whether its stream may have more.
    start_random, random : list
        The random streams of each worker at the start of the pass and now; None is where the worker began.
        Without workers ``start_random`` holds those of this process, for a stream of samples.
    ended, drained, finished : bool
        Whether a stream read in this process has come to its end, whether ``tasks`` has, and whether
        everything has been yielded.
    """

    tasks: Iterator[Any]
    base_seed: int
    yielded: int = 0
    pending: deque[tuple[int, Any]] = field(default_factory=deque)
    turn: int = 0
    batches: list[int] = field(default_factory=list)
    active: list[bool] = field(default_factory=list)
    start_random: list[Any] = field(default_factory=list)
    random: list[Any] = field(default_factory=list)
    ended: bool = False
    drained: bool = False
    finished: bool = False

    def next_task(self) -> Any:
        """The next of ``tasks``."""
        try:
            return next(self.tasks)
        except StopIteration:
            # From here on the sampler's place is the beginning of the next pass.
            self.drained, self.tasks = True, iter(())
            raise

    def state_dict(self) -> dict[str, Any]:
        """Everything but ``tasks``, as plain numbers, lists and arrays."""
        pending = [[w, as_list(t) if isinstance(t, (range, np.ndarray)) else t] for w, t in self.pending]
        kept = ("base_seed", "yielded", "turn", "ended", "drained", "finished")
        lists = ("batches", "active", "start_random", "random")
        return {
            **{name: getattr(self, name) for name in kept},
            **{name: list(getattr(self, name)) for name in lists},
            "pending": pending,
        }

    @classmethod
    def from_state_dict(cls, state: dict[str, Any], tasks: Iterator[Any]) -> Place:
        """The inverse of :meth:`state_dict`."""
        copies: dict[str, Any] = {
            name: list(value) if isinstance(value, list) else value for name, value in state.items()
        }
        copies["pending"] = deque((worker, task) for worker, task in state["pending"])
        return cls(tasks, **copies)


class Pass(Iterator[Any]):
    """One pass over a ``DataLoader``."""

    def __init__(self, loader: DataLoader[Any], place: Place) -> None:
        self._loader = loader
        self._place = place

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        if self._place.finished:
            raise StopIteration
        try:
            batch = self._next_batch()
        except StopIteration:
            self._place.finished = True
            self._close()
            raise
        self._place.yielded += 1
        self._loader._check_length(self._place.yielded)
        return batch

    def _next_batch(self) -> Any:
        raise NotImplementedError

    def _close(self) -> None:
        """Called when the pass is over."""


class SingleProcessPass(Pass):
    """Fetches in this process when the next batch is asked for."""

    def __init__(self, loader: DataLoader[Any], place: Place) -> None:
        super().__init__(loader, place)
        if loader._is_stream and not keeps_its_place(loader.dataset):
            self._fetch = self._open_stream()
        else:
            self._fetch = loader._make_fetcher()
            if place.ended:
                self._fetch.ended = True

    def _next_batch(self) -> Any:
        pending = self._place.pending
        if not pending:
            pending.append((0, self._place.next_task()))
        # A task stays pending until it is done, or Ctrl-C in the data set would lose its samples.
        try:
            batch = self._fetch(pending[0][1])
            if self._loader._is_stream:
                self._place.ended = self._fetch.ended
        except Exception:
            pending.popleft()
            raise
        pending.popleft()
        return batch

    def _open_stream(self) -> Any:
        """The fetcher of a stream that cannot save its place.

        It is read again from the start up to the place, under the random streams it began with.
        """
        place = self._place
        if not place.yielded:
            place.start_random = [random_state.capture()]
            return self._loader._make_fetcher()
        now = random_state.capture()
        random_state.restore(place.start_random[0])
        fetch = self._loader._make_fetcher()
        fetch.skip(self._loader.batch_size or 1, place.yielded)
        random_state.restore(now)
        place.pending.clear()
        return fetch
