"""ENAS: efficient neural architecture search via parameter sharing (Pham et al. 2018)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import tinygrad5329 as tg
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.strategy import generator_of
from tinygrad5329.search.weight_sharing.batches import Rows, endless_batches, joined, shuffled_batches
from tinygrad5329.search.weight_sharing.controlled import ControlledSearch
from tinygrad5329.search.weight_sharing.epochs import run_epochs
from tinygrad5329.search.weight_sharing.identity import identity_of
from tinygrad5329.search.weight_sharing.one_shot import Favourite, SupernetTask, check_steps
from tinygrad5329.search.weight_sharing.path_training import accuracy, cosine

__all__ = ["ENAS"]


@dataclass(frozen=True)
class ENAS:
    """Shared weights and a controller are trained in turn (Pham et al. 2018, section 2.2).

    In each epoch one pass over the training rows fits the shared weights, each batch along one architecture that the
    controller draws (their Monte Carlo estimate with M = 1); then the controller takes REINFORCE steps, rewarded with
    the accuracy of the architecture it draws on a validation batch. At the end architectures are drawn, judged on
    the validation rows with the shared weights, and ranked (section 2.3; there on a single batch).

    A step of the weights counts as one step, a step of the controller as one, too: a batch goes forward through the
    supernet, and the controller forward and backward. The ranking takes at most a tenth of the steps.

    Parameters
    ----------
    lr, momentum, weight_decay, clip : float
        Of the shared weights: Nesterov's momentum, the learning rate falling along a cosine to 0, the gradient's norm
        clipped.
    controller_lr : float
        Of Adam. The paper's 0.00035 is for 300 epochs.
    controller_steps : float
        Steps of the controller for each step of the weights.
    entropy_weight : float
        What the mean entropy of the decisions, in nats, adds to the reward. In the paper, where all networks take
        the same number of decisions, it is their sum.
    baseline_decay : float
        Of the moving average of rewards.
    candidates : int
        Architectures judged at the end.
    """

    lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 1e-4
    clip: float = 5.0
    controller_lr: float = 1e-3
    controller_steps: float = 0.5
    entropy_weight: float = 0.01
    baseline_decay: float = 0.95
    candidates: int = 50

    def search(
        self,
        task: SupernetTask,
        *,
        steps: int,
        seed: int,
        folder: str | os.PathLike[str] | None = None,
        report: Favourite | None = None,
    ) -> list[Architecture]:
        """See :meth:`OneShot.search`."""
        check_steps(steps, 1)
        data = task.search_data(seed)
        session = _Session(self, task, data, data.validation, steps=steps, seed=seed)
        return run_epochs(session, identity_of(self, task, data, steps=steps, seed=seed), folder, report)


class _Session(ControlledSearch):
    def epoch(self, number: int, taken: int) -> int:
        generator = generator_of(self.seed, number)
        settings, size, before = self.settings, self.data.batch_size, taken
        training = shuffled_batches(joined(self.data.first_half, self.data.second_half), size, generator)
        for batch in islice(training, self.budget - taken):
            with tg.no_grad():
                architecture = self.controller.sample(generator).architecture
            self.weights.step(architecture, batch, cosine(settings.lr, taken, self.budget))
            taken += 1
        wanted = max(round(settings.controller_steps * (taken - before)), 1)
        validation = endless_batches(self.data.validation, size, generator)
        for batch in islice(validation, min(wanted, self.budget - taken)):
            self.reinforce.step(partial(self.judge, batches=[batch]), generator)
            taken += 1
        return taken - before

    def judge(self, architecture: Architecture, batches: Sequence[Rows]) -> float:
        return sum(accuracy(self.supernet, architecture, batch) for batch in batches) / len(batches)
