"""Random search, the baseline that any other algorithm has to beat."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.strategies.tried import draw_untried, keys_of
from tinygrad5329.search.trial import Trial

__all__ = ["RandomSearch"]


@dataclass(frozen=True)
class RandomSearch:
    """Draws each decision by itself (Bergstra and Bengio 2012), and no architecture twice.

    Li and Talwalkar (2019) found that it keeps up with much that was published as architecture search.

    Examples
    --------
    >>> from tinygrad5329.search.domains import Choice
    >>> space = Space({"width": Choice(32, 64)})
    >>> trials = [Trial(0, {"width": 32}, value=0.9)]
    >>> RandomSearch().propose(space, trials, random.Random(0))
    {'width': 64}
    """

    def propose(self, space: Space, history: Sequence[Trial], generator: random.Random) -> Architecture | None:
        """An untried architecture; None when all have been tried."""
        return draw_untried(space, keys_of(space, history), generator)
