"""A dropout mask that is drawn anew each time it is read, piece by piece, so that nobody need keep it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad5329.random.bernoulli import STREAMS, twister_trials
from tinygrad5329.random.words import MersenneWords

__all__ = ["RedrawnMask"]

#: Elements drawn at a time to get past a mask; an even number, as words may serve two.
_PIECE = 1 << 16


class RedrawnMask:
    """What ``Generator.dropout_mask(p, size, dtype)`` gives, and takes from the generator, but in pieces.

    Parameters
    ----------
    generator : Generator
        It is taken to where it is after the whole mask.
    p : float
        In (0, 1).
    size : int
        How many elements there are.
    dtype : dtype
        float32 or float64.
    """

    def __init__(self, generator: Any, p: float, size: int, dtype: DTypeLike) -> None:
        self._p = 1.0 - p
        real: Any = np.dtype(dtype).type
        self._kept = real(real(1) / real(1.0 - p))
        self._stream = generator.bernoulli_stream
        with generator._lock:
            self._state = generator._words.state(None)
            # There is no quicker way past so many words than to draw them.
            for start in range(0, size, _PIECE):
                self._draw(generator._words, min(size - start, _PIECE))

    @staticmethod
    def serves(generator: Any, p: float) -> bool:
        """Whether there is something to draw, from a stream that does not start anew with each piece."""
        return generator.bernoulli_stream != "mcg31" and 0 < p < 1

    def whole(self, shape: tuple[int, ...]) -> Any:
        """All of it at once."""
        return self.pieces()(math.prod(shape)).reshape(shape)

    def pieces(self) -> Callable[[int], Any]:
        """A function that returns the next so many elements, from the first on."""
        words = MersenneWords(0)
        words.restore(self._state)
        left = np.empty(0, self._kept.dtype)

        def following(count: int) -> Any:
            nonlocal left
            missing = max(0, count - left.size)
            drawn = self._draw(words, missing + missing % 2)
            piece = np.concatenate([left, drawn]) if left.size else drawn
            left = piece[count:].copy()
            return piece[:count]

        return following

    def _draw(self, words: MersenneWords, count: int) -> Any:
        piece = np.empty(count, self._kept.dtype)
        if self._stream == "torch":
            twister_trials.run(words, piece, self._p, self._kept)
        else:
            trials = np.empty(count, np.bool_)
            STREAMS[self._stream](words, trials, self._p)
            np.multiply(trials, self._kept, piece)
        return piece
