"""What ENAS and RLNAS share: a supernet trained along single paths, and a controller that searches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.strategy import generator_of
from tinygrad5329.search.weight_sharing.batches import Rows, batch_count, shuffled_batches
from tinygrad5329.search.weight_sharing.controller import Controller
from tinygrad5329.search.weight_sharing.one_shot import SearchData, SupernetTask
from tinygrad5329.search.weight_sharing.path_training import PathSGD
from tinygrad5329.search.weight_sharing.reinforce import Reinforce

__all__ = ["ControlledSearch"]

_RANKING = -1  # the number of the "epoch" that gives the ranking its randomness
_DRAWS = 20  # for each candidate, until one is new


class ControlledSearch:
    """A session (:class:`~tinygrad5329.search.weight_sharing.epochs.Session`) without its epochs.

    Parameters
    ----------
    settings : ENAS or RLNAS
    judging : rows
        What candidates are judged on at the end. At most a tenth of the steps goes to that: each batch that goes
        through a candidate counts as a step, though it goes forward only.
    """

    def __init__(
        self, settings: Any, task: SupernetTask, data: SearchData, judging: Rows, *, steps: int, seed: int
    ) -> None:
        self.seed = seed
        self.data = data
        self.settings = settings
        with tg.random.fork_rng():
            tg.manual_seed(seed)
            self.supernet = task.supernet()
            self.controller = Controller(task.space, self.supernet.slots, task.defaults)
        self.weights = PathSGD(
            self.supernet, momentum=settings.momentum, weight_decay=settings.weight_decay, clip=settings.clip
        )
        self.reinforce = Reinforce(
            self.controller,
            lr=settings.controller_lr,
            entropy_weight=settings.entropy_weight,
            decay=settings.baseline_decay,
        )
        spare = steps // 10
        self._judging = judging
        self._judging_batches = min(batch_count(judging, data.batch_size), max(spare // settings.candidates, 1))
        self._candidates = min(settings.candidates, spare // self._judging_batches)
        self.budget = steps - self._candidates * self._judging_batches

    def judge(self, architecture: Architecture, batches: Sequence[Rows]) -> float:
        """How good an architecture is with the shared weights, the larger the better."""
        raise NotImplementedError

    def favourite(self) -> Architecture:
        """The controller's likeliest architecture."""
        return self.controller.favourite(generator_of(self.seed, _RANKING))

    def rank(self) -> list[Architecture]:
        """The favourite and different draws of the controller, by their judgement on the same batches."""
        generator = generator_of(self.seed, _RANKING)
        batches = list(islice(shuffled_batches(self._judging, self.data.batch_size, generator), self._judging_batches))
        found = [self.favourite()]
        with tg.no_grad():
            for _ in range(_DRAWS * self._candidates):
                if len(found) >= self._candidates:
                    break
                architecture = self.controller.sample(generator).architecture
                if architecture not in found:
                    found.append(architecture)
        if len(found) == 1:
            return found
        judged = [self.judge(architecture, batches) for architecture in found]
        return [found[place] for place in sorted(range(len(found)), key=lambda place: -judged[place])]

    def state_dict(self) -> dict[str, Any]:
        """Weights, momentum, controller."""
        return {
            "supernet": self.supernet.state_dict(),
            "momentum": self.weights.state_dict(),
            "reinforce": self.reinforce.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put :meth:`state_dict` back."""
        self.supernet.load_state_dict(state["supernet"])
        self.weights.load_state_dict(state["momentum"])
        self.reinforce.load_state_dict(state["reinforce"])
