"""Grid search over a space with conditions."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinygrad5329.search.domains import Value
from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.strategies.grid import grid_of
from tinygrad5329.search.strategies.tried import key_of, keys_of
from tinygrad5329.search.trial import Trial

__all__ = ["GridWalk"]


@dataclass(frozen=True)
class GridWalk:
    """All architectures one after another, the first decision changing slowest.

    Optuna's own grid knows no conditions: it would try each architecture once for every value of the decisions that
    are not taken in it.

    Parameters
    ----------
    values : int
        Tried of a number that has more, 2 or more.
    """

    values: int = 5

    def propose(self, space: Space, history: Sequence[Trial], generator: random.Random) -> Architecture | None:
        """The first architecture of the grid that has not been tried; None at its end."""
        tried = keys_of(space, history)
        untried = (each for each in self._walk(space) if key_of(space, each) not in tried)
        return next(untried, None)

    def _walk(self, space: Space) -> Iterator[Architecture]:
        flats: Iterator[dict[str, Value]] = iter([{}])
        for slot in space.slots:
            grid = grid_of(slot.domain, self.values)
            flats = itertools.chain.from_iterable(
                map(
                    lambda flat, slot=slot, grid=grid: (  # type: ignore[misc]
                        [flat | {slot.path: value} for value in grid] if slot.taken(flat) else [flat]
                    ),
                    flats,
                )
            )
        return (architecture for flat in flats if space.admits(architecture := space.unflatten(flat)))
