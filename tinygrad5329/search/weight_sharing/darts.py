"""DARTS: differentiable architecture search (Liu et al. 2019)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.func import functional_call
from tinygrad5329.nn import functional
from tinygrad5329.nn.utils import clip_grad_norm_
from tinygrad5329.optim import SGD, Adam
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.strategy import generator_of
from tinygrad5329.search.weight_sharing.batches import Rows, endless_batches, shuffled_batches
from tinygrad5329.search.weight_sharing.epochs import run_epochs
from tinygrad5329.search.weight_sharing.identity import identity_of
from tinygrad5329.search.weight_sharing.mixture_cost import mixture_cost
from tinygrad5329.search.weight_sharing.one_shot import Favourite, SearchData, SupernetTask, check_steps
from tinygrad5329.search.weight_sharing.path_training import check_finite, cosine
from tinygrad5329.search.weight_sharing.ranking import ranked
from tinygrad5329.search.weight_sharing.unrolled import Loss, VirtualStep, exact, finite_difference, first_order
from tinygrad5329.tensor import Tensor

__all__ = ["DARTS", "GRADIENTS"]

#: How to differentiate, and the passes over the mixture that an iteration takes.
GRADIENTS = {"first-order": 2, "exact": 5, "finite-difference": 5}


@dataclass(frozen=True)
class DARTS:
    """Architecture parameters learned by gradient descent, together with the weights (Liu et al. 2019, algorithm 1).

    Each slot of the supernet has a vector alpha, whose softmax weighs its options in a mixture (equation 2). An
    iteration takes one step of alpha on a batch of the second half of the training rows, then one step of the weights
    on a batch of the first half. At the end each slot is given its option of the largest alpha, ``"none"`` on an edge
    excepted, and the runners-up follow (:func:`ranked`).

    A pass of a batch forward and backward over the mixture counts as many steps as its operations are those of an
    average network of the space (:func:`mixture_cost`). The passes of an iteration:

    - ``"first-order"``: 2, one for alpha and one for the weights. Alpha's gradient is taken at the weights as they
      are (xi = 0).
    - ``"exact"``: 5. Alpha's gradient goes through one step of the weights with their momentum (xi is their learning
      rate), by differentiating that step: one pass for the validation batch, three for the training batch, whose
      forward and backward pass is itself run backward.
    - ``"finite-difference"``: 5. The same by equations 7 and 8: a training pass, a validation pass, and two
      training passes at weights moved by 0.01 along the validation gradient.

    Parameters
    ----------
    gradient : {"first-order", "exact", "finite-difference"}
    lr, momentum, weight_decay, clip : float
        Of the weights; the learning rate falls along a cosine to 0. The defaults are the paper's, for alpha, too.
    alpha_lr, alpha_weight_decay : float
        Of Adam with betas (0.5, 0.999).
    candidates : int
        Architectures in the ranking, at most.
    """

    gradient: str = "first-order"
    lr: float = 0.025
    momentum: float = 0.9
    weight_decay: float = 3e-4
    clip: float = 5.0
    alpha_lr: float = 3e-4
    alpha_weight_decay: float = 1e-3
    candidates: int = 50

    def __post_init__(self) -> None:
        if self.gradient not in GRADIENTS:
            raise ValueError(f"DARTS: expected a gradient among {', '.join(GRADIENTS)}, got {self.gradient!r}")

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
        data = task.search_data(seed)
        session = _Session(self, task, data, steps=steps, seed=seed)
        check_steps(steps, session.cost)
        return run_epochs(session, identity_of(self, task, data, steps=steps, seed=seed), folder, report)


class _Session:
    def __init__(self, settings: DARTS, task: SupernetTask, data: SearchData, *, steps: int, seed: int) -> None:
        self._settings, self._task, self._data, self._seed = settings, task, data, seed
        with tg.random.fork_rng():
            tg.manual_seed(seed)
            self._supernet = task.supernet()
            self._alphas = {
                path: nn.Parameter(1e-3 * tg.randn(len(domain.values))) for path, domain in self._supernet.slots.items()
            }
        self.cost = GRADIENTS[settings.gradient] * mixture_cost(task, self._supernet, self._mixture(self._detached()))
        self.budget = steps // self.cost * self.cost
        self._weights = dict(self._supernet.named_parameters())
        self._optimizer = SGD(
            self._weights.values(), lr=settings.lr, momentum=settings.momentum, weight_decay=settings.weight_decay
        )
        self._alpha_optimizer = Adam(
            self._alphas.values(), lr=settings.alpha_lr, betas=(0.5, 0.999), weight_decay=settings.alpha_weight_decay
        )

    def epoch(self, number: int, taken: int) -> int:
        generator = generator_of(self._seed, number)
        size, before = self._data.batch_size, taken
        validation = endless_batches(self._data.second_half, size, generator)
        training = shuffled_batches(self._data.first_half, size, generator)
        for batch in islice(training, (self.budget - taken) // self.cost):
            for group in self._optimizer.param_groups:
                group["lr"] = cosine(self._settings.lr, taken, self.budget)
            self._step_alphas(batch, next(validation))
            self._step_weights(batch)
            taken += self.cost
        return taken - before

    def _step_alphas(self, train: Rows, validation: Rows) -> None:
        alphas = list(self._alphas.values())
        kind = self._settings.gradient
        if kind == "first-order":
            gradients = first_order(self._loss(validation), self._weights, alphas)
        elif kind == "exact":
            gradients = exact(self._loss(train), self._loss(validation), self._weights, alphas, self._virtual_step())
        else:
            gradients = finite_difference(
                self._loss(train), self._loss(validation), self._weights, alphas, self._virtual_step()
            )
        for alpha, gradient in zip(alphas, gradients, strict=True):
            alpha.grad = gradient
        self._alpha_optimizer.step()

    def _step_weights(self, batch: Rows) -> None:
        inputs, targets = batch
        self._optimizer.zero_grad()
        mixture = self._mixture(self._detached())
        loss = functional.cross_entropy(self._supernet(inputs, mixture), targets)
        check_finite(float(loss))
        loss.backward()
        clip_grad_norm_(self._weights.values(), self._settings.clip)
        self._optimizer.step()

    def _detached(self) -> list[Tensor]:
        return [each.detach() for each in self._alphas.values()]

    def _loss(self, batch: Rows) -> Loss:
        inputs, targets = batch

        def loss(weights: Mapping[str, Tensor], alphas: Sequence[Tensor]) -> Tensor:
            logits = functional_call(self._supernet, dict(weights), (inputs, self._mixture(alphas)))
            return functional.cross_entropy(logits, targets)

        return loss

    def _mixture(self, alphas: Sequence[Tensor]) -> dict[str, Tensor]:
        return {path: tg.softmax(alpha, 0) for path, alpha in zip(self._alphas, alphas, strict=True)}

    def _virtual_step(self) -> VirtualStep:
        state = self._optimizer.state
        buffers = {name: state[each]["momentum_buffer"] for name, each in self._weights.items() if each in state}
        lr = self._optimizer.param_groups[0]["lr"]
        return VirtualStep(lr, self._settings.momentum, self._settings.weight_decay, buffers)

    def favourite(self) -> Architecture:
        return self._ranked(1)[0]

    def rank(self) -> list[Architecture]:
        return self._ranked(self._settings.candidates)

    def _ranked(self, count: int) -> list[Architecture]:
        scores = {path: tg.log_softmax(alpha.detach(), 0).tolist() for path, alpha in self._alphas.items()}
        never = self._supernet.never_kept
        return ranked(self._task.space, scores, count, defaults=self._task.defaults, never=never)

    def state_dict(self) -> dict[str, Any]:
        return {
            "supernet": self._supernet.state_dict(),
            "alphas": {path: alpha.detach() for path, alpha in self._alphas.items()},
            "optimizer": self._optimizer.state_dict(),
            "alpha optimizer": self._alpha_optimizer.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._supernet.load_state_dict(state["supernet"])
        with tg.no_grad():
            for path, alpha in self._alphas.items():
                alpha.copy_(state["alphas"][path])
        self._optimizer.load_state_dict(state["optimizer"])
        self._alpha_optimizer.load_state_dict(state["alpha optimizer"])
