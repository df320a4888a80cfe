"""Progressive architecture search (PNAS: Liu, Zoph, Neumann and others 2018)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.strategies.growth import expansions, largest_size, size_of, smallest
from tinygrad5329.search.strategies.predictor import Predictor, fit_predictor
from tinygrad5329.search.strategies.tried import draw_new, draw_untried, key_of, keys_of
from tinygrad5329.search.trial import Trial, best_of, complete_of

__all__ = ["ProgressiveSearch"]


@dataclass(frozen=True)
class ProgressiveSearch:
    """From the smallest architectures to the largest; a predictor learns which larger ones are worth training.

    Algorithm 1 of the paper:

    1. Train all architectures of the smallest size, or ``first`` random ones of them.
    2. Fit a predictor (:mod:`.predictor`) to all that have been trained.
    3. Expand those of the last size by one in every way (``candidates`` random ways of each at most), predict what
       the expansions will come to, train the best ``beam`` of them.
    4. Repeat from 2 until the last size.

    What it does beyond the paper, which ends here: while the budget lasts it goes on training what the predictor
    expects most of among all sizes, ``beam`` architectures between one fit and the next.

    A size is the number of blocks in the paper's cells. Here it is how often the part of a stack is repeated, and in a
    cell the number of edges with an operation other than ``"none"`` and ``"skip"``, so that the smallest cells are
    those that compute nothing yet. Decisions outside of stacks and cells are taken with the smallest architectures
    and inherited. In a space with neither, all architectures are of one size: the predictor chooses after ``first``.

    Asynchronous: while the last trials of a size still run, the next size begins without them.

    Parameters
    ----------
    beam : int
        K of the paper (256 there).
    first : int
        Architectures of the smallest size trained at most.
    candidates : int
        Expansions of one architecture scored at most; and architectures drawn in the end.
    """

    beam: int = 16
    first: int = 16
    candidates: int = 200

    def __post_init__(self) -> None:
        for name in ("beam", "first", "candidates"):
            if getattr(self, name) < 1:
                raise ValueError(f"ProgressiveSearch: expected {name} of 1 or more, got {getattr(self, name)}")

    def propose(self, space: Space, history: Sequence[Trial], generator: random.Random) -> Architecture | None:
        """A small architecture, or that of which the predictor expects most; None when all have been tried."""
        tried = keys_of(space, history)
        begun = Counter(size_of(space, trial.architecture) for trial in history)
        trained = sorted(complete_of(history), key=lambda trial: trial.number)
        if begun[0] < self.first:
            small = [each for each in smallest(space, self.first, generator) if key_of(space, each) not in tried]
            if small:
                return generator.choice(small)
        for size in range(1, largest_size(space) + 1):
            if begun[size] < self.beam:
                smaller = [trial for trial in trained if size_of(space, trial.architecture) < size]
                parents = [trial for trial in smaller if size_of(space, trial.architecture) == size - 1]
                larger = (
                    each
                    for trial in parents
                    for each in expansions(space, trial.architecture, self.candidates, generator)
                )
                chosen = self._most_promising(space, smaller, larger, tried)
                if chosen is not None:
                    return chosen
        return self._anywhere(space, trained, tried, generator)

    def _anywhere(
        self, space: Space, trained: Sequence[Trial], tried: set[str], generator: random.Random
    ) -> Architecture | None:
        # Fitted anew only when a beam has been trained, as between two sizes.
        batches = trained[: len(trained) // self.beam * self.beam] or trained
        drawn = [draw_untried(space, tried, generator)]
        drawn += [draw_new(lambda: space.sample(generator), space, tried, 1) for _ in range(self.candidates)]
        if best := best_of(batches):
            drawn += [draw_new(lambda: _neighbour(space, best, generator), space, tried, 1) for _ in range(self.beam)]
        untried = [each for each in drawn if each is not None]
        if not batches:
            return untried[0] if untried else None
        return self._most_promising(space, batches, untried, tried)

    @staticmethod
    def _most_promising(
        space: Space, trained: Sequence[Trial], candidates: Iterable[Architecture], tried: set[str]
    ) -> Architecture | None:
        different = {key: each for each in candidates if (key := key_of(space, each)) not in tried}
        if not different or not trained:
            return None
        architectures = [trial.architecture for trial in trained]
        predictor: Predictor = fit_predictor(space, architectures, [float(trial.value or 0.0) for trial in trained])
        untried = list(different.values())
        expected = predictor.predict(space, untried)
        return max(zip(expected, range(len(untried)), untried, strict=True), key=lambda each: (each[0], -each[1]))[2]


def _neighbour(space: Space, trial: Trial, generator: random.Random) -> Architecture:
    try:
        return space.mutate(trial.architecture, generator)
    except RuntimeError:
        # The limits refuse every neighbour of this one.
        return space.sample(generator)
