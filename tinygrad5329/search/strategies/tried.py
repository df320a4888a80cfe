"""Which architectures a search has tried already, and drawing one that it has not."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Sequence

from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.trial import Trial

__all__ = ["draw_untried", "key_of", "keys_of"]

#: Draws after which a space that can be listed is listed instead.
_DRAWS = 100
#: Draws after which a space without a list counts as exhausted.
_ENDLESS_DRAWS = 10_000
#: Architectures listed at most to find one that is untried; more than any search trains.
_LISTED = 100_000


def key_of(space: Space, architecture: Architecture) -> str:
    """A text that is the same for the same architecture."""
    return json.dumps(space.flatten(architecture))


def keys_of(space: Space, history: Sequence[Trial]) -> set[str]:
    """Those of all trials, whatever became of them: what failed or still runs has been tried, too."""
    return {key_of(space, trial.architecture) for trial in history}


def draw_untried(space: Space, tried: set[str], generator: random.Random) -> Architecture | None:
    """A random admitted architecture that is not among those tried; None when there is none left.

    Raises
    ------
    RuntimeError
        If the limits of the space refuse 10,000 draws in a row.
    """
    endless = any(slot.domain.values is None for slot in space.slots)
    drawn = draw_new(lambda: space.sample(generator), space, tried, _ENDLESS_DRAWS if endless else _DRAWS)
    if drawn is not None or endless:
        return drawn
    listed = itertools.islice(space.enumerate(), len(tried) + _LISTED)
    left = [each for each in listed if key_of(space, each) not in tried]
    return generator.choice(left) if left else None


def draw_new(draw: Callable[[], Architecture], space: Space, tried: set[str], tries: int) -> Architecture | None:
    """The first of some draws that is not among those tried; None if all are."""
    for _ in range(tries):
        if key_of(space, architecture := draw()) not in tried:
            return architecture
    return None
