"""A stream of sample indices whose place can be saved and found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.utils.data.draws import generator_at

if TYPE_CHECKING:
    from tinygrad5329.random import Generator

__all__ = ["Block", "IndexStream"]

#: Consecutive indices: a range, or an int64 array.
Block = range | np.ndarray[Any, np.dtype[np.int64]]


class IndexStream(Iterator[int]):
    """Indices in blocks (a permutation, say), each drawn when the one before it is used up.

    Drawing late, and the last, perhaps empty, block only when asked beyond the one before, is what
    PyTorch's samplers do: it decides where the other users of the same generator stand in its stream.

    The place is the state the generator had before the current block, and how much of the block is used.
    The block is drawn again from that state, whatever has happened to the generator since.

    Parameters
    ----------
    draw : callable
        ``draw(k, generator)`` gives block ``k``, or None after the last.
    randomness : Generator, callable or None
        A generator that others may use too; or what makes one for this stream alone, called before the
        first block; or None if ``draw`` needs none.
    place : mapping, optional
        A :meth:`place` to start from.
    """

    def __init__(
        self,
        draw: Callable[[int, Any], Block | None],
        randomness: Generator | Callable[[], Generator] | None = None,
        place: Mapping[str, Any] | None = None,
    ) -> None:
        self._draw = draw
        self._open = randomness if callable(randomness) else None
        self._generator = None if callable(randomness) else randomness
        self._number = -1
        self._block: Block = range(0)
        self._offset = 0
        self._state_before: Any = None
        self.finished = False
        if place is not None:
            self._go_to(place)

    def __next__(self) -> int:
        while self._offset >= len(self._block):
            if not self._advance():
                raise StopIteration
        index = self._block[self._offset]
        self._offset += 1
        return int(index)

    def take(self, count: int) -> Block:
        """The next ``count`` indices; fewer, or none, at the end."""
        piece = self._rest(count)
        if len(piece) == count:
            return piece
        pieces = [piece]
        missing = count - len(piece)
        while missing and self._advance():
            pieces.append(self._rest(missing))
            missing -= len(pieces[-1])
        pieces = [piece for piece in pieces if len(piece)]
        if len(pieces) > 1:
            return np.concatenate([np.asarray(piece) for piece in pieces])
        return pieces[0] if pieces else range(0)

    def place(self) -> dict[str, Any] | None:
        """Where the stream stands; None before the first block and after the last."""
        if self._number < 0 or self.finished:
            return None
        return {"block": self._number, "offset": self._offset, "generator": self._state_before}

    def _rest(self, count: int) -> Block:
        piece = self._block[self._offset : self._offset + count]
        self._offset += len(piece)
        return piece

    def _advance(self) -> bool:
        if self.finished:
            return False
        if self._open is not None:
            self._generator, self._open = self._open(), None
        before = None if self._generator is None else self._generator.get_state()
        block = self._draw(self._number + 1, self._generator)
        if block is None:
            self.finished = True
            return False
        self._number, self._block, self._offset, self._state_before = self._number + 1, block, 0, before
        return True

    def _go_to(self, place: Mapping[str, Any]) -> None:
        self._number, self._offset, self._state_before = place["block"], place["offset"], place["generator"]
        replay = None if self._state_before is None else generator_at(self._state_before)
        block = self._draw(self._number, replay)
        if block is None or self._offset > len(block):
            found = "no such block" if block is None else f"a block of {len(block)}"
            raise ValueError(
                f"the saved place is index {self._offset} of block {self._number}, but this sampler has "
                f"{found} there: the data set or the sampler's arguments differ from those it was saved with"
            )
        self._block = block
        if self._open is not None:  # a generator of its own goes on from where the block left it
            self._generator, self._open = replay, None
