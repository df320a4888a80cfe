"""What an algorithm is that proposes one architecture after another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol

from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.trial import Trial

__all__ = ["Strategy", "generator_of"]


class Strategy(Protocol):
    """Proposes architectures from nothing but the trials so far.

    It keeps no state of its own: all it knows stands in the history, so that a search goes on after any
    interruption, and several processes can ask at once. The history holds trials that are running, too.
    """

    def propose(self, space: Space, history: Sequence[Trial], generator: random.Random) -> Architecture | None:
        """The next architecture to try; None when there is nothing left to try."""
        ...


def generator_of(seed: int, number: int) -> random.Random:
    """The randomness of trial ``number`` of a search with this seed."""
    return random.Random(f"{seed}:{number}")
