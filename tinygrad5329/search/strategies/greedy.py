"""The report's procedure: one decision after another, the others held fixed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tinygrad5329.search.domains import Value
from tinygrad5329.search.space import Architecture, Slot, Space
from tinygrad5329.search.strategies.grid import grid_of
from tinygrad5329.search.strategies.tried import key_of
from tinygrad5329.search.trial import Trial, complete_of

__all__ = ["Greedy"]


@dataclass(frozen=True)
class Greedy:
    """Coordinate ascent: tries all values of one decision with the others fixed, keeps the best, goes to the next.

    Decisions are taken in the order of the space. After the last it starts again with the first, until a whole round
    changes nothing; then there is nothing left to try. It finds an optimum in each decision by itself, which need
    not be one in all of them together.

    While trials run it goes on as if none of them came to be better than what is known; where that proves wrong, the
    walk turns back to them. None while trials run means: nothing before one of them ends.

    Parameters
    ----------
    start : mapping, optional
        The architecture to start at; by default the first value of each choice, the smallest whole number and the
        middle number. If the limits of the space refuse that one, a random one that they admit.
    grid : int
        Values tried of a number that has more, 2 or more.

    Notes
    -----
    A decision that a change brings about gets its default; a layer that is added to a stack repeats the one
    before it.
    """

    start: Mapping[str, object] | None = field(default=None, hash=False)
    grid: int = 5

    def __post_init__(self) -> None:
        if self.grid < 2:
            raise ValueError(f"Greedy: expected a grid of 2 values or more, got {self.grid}")

    def propose(self, space: Space, history: Sequence[Trial], generator: random.Random) -> Architecture | None:
        """The next architecture of the walk; ``generator`` is not drawn from."""
        worth = _worth(space, history)
        current = self._start(space)
        seen: set[str] = set()
        while (key := key_of(space, current)) not in seen:
            seen.add(key)
            path_index = 0
            while path_index < len(paths := list(space.flatten(current))):
                candidates = [current, *self._others(space, current, paths[path_index])]
                for each in candidates:
                    if key_of(space, each) not in worth:
                        return each
                # The first of equal ones, so that equal values change nothing and the walk ends.
                current = max(candidates, key=lambda each: worth[key_of(space, each)])
                path_index = list(space.flatten(current)).index(paths[path_index]) + 1
        return None

    def _others(self, space: Space, current: Architecture, path: str) -> list[Architecture]:
        flat = space.flatten(current)
        own = (type(flat[path]), flat[path])
        values = [value for value in grid_of(space[path].domain, self.grid) if (type(value), value) != own]
        changed = [self._completed(space, flat | {path: value}) for value in values]
        return [each for each in changed if space.admits(each)]

    def _start(self, space: Space) -> Architecture:
        if self.start is not None:
            space.check(start := dict(self.start))
            if not space.admits(start):
                raise ValueError(f"Greedy: the limits of the space refuse the start {start}; begin elsewhere")
            return start
        start = self._completed(space, {})
        return start if space.admits(start) else space.sample(random.Random(0))

    def _completed(self, space: Space, given: Mapping[str, Value]) -> Architecture:
        decided: dict[str, Value] = {}

        def decide(slot: Slot) -> Value:
            path = slot.path
            if path in given:
                value = given[path]
            elif (before := _in_layer_before(path)) in decided:
                value = decided[before]
            else:
                values = slot.domain.values
                value = values[0] if values else grid_of(slot.domain, 3)[1]
            decided[path] = value
            return value

        return space.complete(decide)


def _worth(space: Space, history: Sequence[Trial]) -> dict[str, float]:
    """What each tried architecture came to; minus infinity if it failed, or is not known yet."""
    worth = {key_of(space, trial.architecture): float("-inf") for trial in history}
    for trial in complete_of(history):
        key = key_of(space, trial.architecture)
        worth[key] = max(float(trial.value or 0.0), worth[key])
    return worth


def _in_layer_before(path: str) -> str:
    """``layers.1.width`` of ``layers.2.width``; an empty text where there is none."""
    parts = path.split(".")
    if len(parts) != 3 or not parts[1].isdigit():
        return ""
    return f"{parts[0]}.{int(parts[1]) - 1}.{parts[2]}"
