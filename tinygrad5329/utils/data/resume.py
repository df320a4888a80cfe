"""Finding the place again in anything that can be iterated over."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tinygrad5329.utils.data.index_stream import IndexStream

__all__ = ["Resumable", "keeps_its_place", "load_place", "place_of"]


def keeps_its_place(source: object) -> bool:
    """Whether ``source`` has ``state_dict`` and ``load_state_dict``."""
    return hasattr(source, "state_dict") and hasattr(source, "load_state_dict")


def place_of(source: Any, taken: int = 0) -> dict[str, Any]:
    """The place of ``source``: its own state, or, if it keeps none, how many items have been taken."""
    return {"source": source.state_dict()} if keeps_its_place(source) else {"taken": taken}


def load_place(source: Any, place: Mapping[str, Any]) -> int:
    """Let the next pass over ``source`` start at ``place``; returns how many items are left to be skipped.

    Raises
    ------
    ValueError
        If the place was counted but ``source`` keeps its own, or the other way round.
    """
    if keeps_its_place(source) != ("source" in place):
        sort = "with" if "source" in place else "without"
        raise ValueError(
            f"the saved place is that of a sampler {sort} a state_dict() of its own, which "
            f"{type(source).__name__} is not; build the sampler that was saved"
        )
    if "taken" in place:
        return int(place["taken"])
    source.load_state_dict(place["source"])
    return 0


class Resumable(Iterator[Any]):
    """One pass over ``source``, whose place can be saved.

    A source with ``state_dict()`` and ``load_state_dict(state)`` keeps its place itself. Of any other the
    items taken are counted, and skipped on the way back, which finds the same place if iterating over the
    source again gives the same items.

    Parameters
    ----------
    source : iterable
    skip : int
        How many items to pass over, from :func:`load_place`.
    begin : callable, optional
        Gives the iterator, if it is not to be ``iter(source)``.
    """

    def __init__(self, source: Iterable[Any], skip: int = 0, begin: Callable[[], Iterator[Any]] | None = None) -> None:
        self._source = source
        self._begin = begin
        self.taken = 0
        self._iterator: Iterator[Any] | None = None
        # PyTorch asks a sampler for its iterator when the first index is needed; that matters for samplers
        # that draw all their random numbers then.
        if keeps_its_place(source):
            self.open()
        if skip:
            self._skip(skip)

    def open(self) -> Iterator[Any]:
        """Ask the source for its iterator, if that has not happened yet."""
        if self._iterator is None:
            self._iterator = iter(self._source) if self._begin is None else self._begin()
        return self._iterator

    def __next__(self) -> Any:
        try:
            item = next(self.open())
        except StopIteration:
            self.taken = 0
            raise
        self.taken += 1
        return item

    def take(self, count: int) -> Any:
        """The next ``count`` items, fewer at the end; from an :class:`IndexStream` a range or array."""
        iterator = self.open()
        return iterator.take(count) if isinstance(iterator, IndexStream) else list(itertools.islice(self, count))

    def place(self) -> dict[str, Any]:
        """What :func:`load_place` takes; the beginning of another pass once this one is over."""
        return place_of(self._source, self.taken)

    def _skip(self, count: int) -> None:
        skipped = sum(1 for _ in itertools.islice(self, count))
        if skipped < count:
            raise ValueError(
                f"the saved place is after {count} items, but {type(self._source).__name__} has only "
                f"{skipped}: it differs from the one that was saved"
            )
