"""RLNAS: neural architecture search with random labels (Zhang et al. 2021)."""

from __future__ import annotations

import math
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
from tinygrad5329.search.weight_sharing.one_shot import Favourite, SearchData, SupernetTask, check_steps
from tinygrad5329.search.weight_sharing.path_training import accuracy, cosine
from tinygrad5329.search.weight_sharing.supernet import Supernet
from tinygrad5329.tensor import Tensor

__all__ = ["CRITERIA", "RLNAS", "angle"]

CRITERIA = ("angle", "fit", "both")
_LABELS = -2  # the number of the "epoch" that gives the labels their randomness


@dataclass(frozen=True)
class RLNAS:
    """A supernet learns random labels; an architecture is the better, the further its weights have turned.

    From the paper (Zhang et al. 2021, section 3): every training row is given a label drawn once, uniformly among the
    classes; the supernet is trained on these along single paths drawn uniformly (Guo et al. 2020); architectures are
    then compared by the angle between their initial and their trained weights, without any label of the data.

    Ours: the search over the trained supernet is not an evolution but a controller taught by REINFORCE as in
    :class:`ENAS`, with the criterion as the reward. And the criterion ``"fit"``, the share of the random labels that
    a path has learned, with ``"both"``, its sum with the angle in right angles. The paper's angle does not see
    decisions without weights, such as activations, and it mistakes narrow layers for good ones where widths share
    slices: the leading slice is on every path, is trained most and turns furthest.

    A step of the weights counts as one step, a step of the controller as one, too. The ranking takes at most a tenth
    of the steps. While the supernet is trained, the favourite is that of a controller that has learned nothing.

    Parameters
    ----------
    criterion : {"angle", "fit", "both"}
        ``"angle"`` is the paper's.
    search_share : float
        Share of the steps that is the controller's, in (0, 1).
    lr, momentum, weight_decay, clip, controller_lr, entropy_weight, baseline_decay, candidates
        As in :class:`ENAS`.
    """

    criterion: str = "angle"
    search_share: float = 0.25
    lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 1e-4
    clip: float = 5.0
    controller_lr: float = 1e-3
    entropy_weight: float = 0.01
    baseline_decay: float = 0.95
    candidates: int = 50

    def __post_init__(self) -> None:
        if self.criterion not in CRITERIA:
            raise ValueError(f"RLNAS: expected a criterion among {', '.join(CRITERIA)}, got {self.criterion!r}")
        if not 0 < self.search_share < 1:
            raise ValueError(f"RLNAS: expected search_share between 0 and 1, got {self.search_share}")

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
        check_steps(steps, 2)
        data = task.search_data(seed)
        session = _Session(self, task, data, steps=steps, seed=seed)
        return run_epochs(session, identity_of(self, task, data, steps=steps, seed=seed), folder, report)


class _Session(ControlledSearch):
    def __init__(self, settings: RLNAS, task: SupernetTask, data: SearchData, *, steps: int, seed: int) -> None:
        inputs, targets = joined(data.first_half, data.second_half)
        numbers = tg.Generator().manual_seed(generator_of(seed, _LABELS).getrandbits(63))
        classes = int(targets.max()) + 1
        self._rows = inputs, tg.randint(0, classes, (len(inputs),), generator=numbers)
        super().__init__(settings, task, data, self._rows, steps=steps, seed=seed)
        self._space = task.space
        self._initial = {name: each.detach().clone() for name, each in self.supernet.named_parameters()}
        self._training_budget = max(round((1 - settings.search_share) * self.budget), 1)

    def epoch(self, number: int, taken: int) -> int:
        generator = generator_of(self.seed, number)
        size = self.data.batch_size
        if taken < self._training_budget:
            batches = islice(shuffled_batches(self._rows, size, generator), self._training_budget - taken)
            for done, batch in enumerate(batches, start=1):
                lr = cosine(self.settings.lr, taken + done - 1, self._training_budget)
                self.weights.step(self._space.sample(generator), batch, lr)
            return done
        batches = islice(endless_batches(self._rows, size, generator), self.budget - taken)
        for done, batch in enumerate(batches, start=1):
            self.reinforce.step(partial(self.judge, batches=[batch]), generator)
            if done * size >= len(self._rows[0]):
                break
        return done

    def judge(self, architecture: Architecture, batches: Sequence[Rows]) -> float:
        judgement = 0.0
        if self.settings.criterion in ("angle", "both"):
            judgement += angle(self.supernet, architecture, self._initial) / (math.pi / 2)
        if self.settings.criterion in ("fit", "both"):
            judgement += sum(accuracy(self.supernet, architecture, batch) for batch in batches) / len(batches)
        return judgement


def angle(supernet: Supernet, architecture: Architecture, initial: dict[str, Tensor]) -> float:
    """Angle, in radians, between the initial and the present weights of a path (Zhang et al. 2021, equation 4).

    All its matrices and filters make one vector. Biases and the gains of normalisations do not count: they begin as
    zeros and ones, which is no direction.

    Parameters
    ----------
    initial : dict of str to Tensor
        The supernet's parameters as they were, by name.
    """
    now = supernet.weights_of(architecture)
    product = before_square = now_square = 0.0
    with tg.no_grad():
        for name, before in supernet.weights_of(architecture, initial).items():
            if before.dim() >= 2:
                product += float((before * now[name]).sum())
                before_square += float((before * before).sum())
                now_square += float((now[name] * now[name]).sum())
    return math.acos(min(max(product / math.sqrt(before_square * now_square), -1.0), 1.0))
