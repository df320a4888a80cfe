"""Regularised evolution (Real, Aggarwal, Huang and Le 2019)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.strategies.tried import draw_untried, key_of, keys_of
from tinygrad5329.search.trial import Trial, complete_of

__all__ = ["RegularisedEvolution"]

#: Tournaments held for a child that is new.
_TOURNAMENTS = 100


@dataclass(frozen=True)
class RegularisedEvolution:
    """Ageing evolution: the population is the last trials, whatever they were worth (Algorithm 1 of the paper).

    Random architectures until ``population`` trials are complete. From then on, ``sample`` of the last
    ``population`` complete trials are drawn (with replacement, as in the algorithm), and the best of them is the
    parent of a child with one decision changed. So the oldest dies with every birth, not the worst, and an
    architecture stays only through descendants that do well.

    Asynchronous, as in the paper: a trial that still runs is nobody's parent, one that failed has never lived. Unlike
    there, no architecture is tried twice while another can be found: a child that has been tried is dropped and the
    tournament held again; after 100 of them, an untried architecture is drawn at random.

    Parameters
    ----------
    population : int
        P of the paper, where it is 100 for 20,000 trials; the default is for about a hundred.
    sample : int
        S of the paper (25 there); 1 is a random walk among the last trials.
    """

    population: int = 10
    sample: int = 4

    def __post_init__(self) -> None:
        if self.population < 1 or self.sample < 1:
            raise ValueError(
                f"RegularisedEvolution: expected population and sample of 1 or more, got {self.population} and "
                f"{self.sample}"
            )

    def propose(self, space: Space, history: Sequence[Trial], generator: random.Random) -> Architecture:
        """A random architecture, or a child; one that has been tried only when all have been."""
        tried = keys_of(space, history)
        alive = sorted(complete_of(history), key=lambda trial: trial.number)[-self.population :]
        child = None
        if len(alive) == self.population:
            try:
                for _ in range(_TOURNAMENTS):
                    child = space.mutate(self._parent(alive, generator).architecture, generator)
                    if key_of(space, child) not in tried:
                        return child
            except RuntimeError:
                # The limits refuse every neighbour of this parent; elsewhere in the space there are others.
                pass
        return draw_untried(space, tried, generator) or child or space.sample(generator)

    def _parent(self, alive: Sequence[Trial], generator: random.Random) -> Trial:
        drawn = [generator.choice(alive) for _ in range(self.sample)]
        return max(drawn, key=lambda trial: (trial.value, -trial.number))
