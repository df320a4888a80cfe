"""Training and judging single paths of a supernet."""

from __future__ import annotations

import math
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.nn import functional
from tinygrad5329.nn.utils import clip_grad_norm_
from tinygrad5329.optim.sgd import sgd
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.weight_sharing.batches import Rows
from tinygrad5329.search.weight_sharing.supernet import Supernet
from tinygrad5329.tensor import Tensor
from tinygrad5329.training.loops import DivergenceError

__all__ = ["PathSGD", "accuracy", "check_finite", "cosine"]


class PathSGD:
    """Stochastic gradient descent with Nesterov's momentum on the weights of one path at a time.

    What is off the path keeps its weights and its momentum: an optimizer over the whole matrices would let the
    momentum and the weight decay of other paths move on, and cost the largest width at every step.

    Parameters
    ----------
    supernet : Supernet
    momentum, weight_decay : float
    clip : float
        Largest norm of the gradient.
    """

    def __init__(self, supernet: Supernet, *, momentum: float, weight_decay: float, clip: float) -> None:
        self._supernet = supernet
        self._options: dict[str, Any] = {
            "momentum": momentum, "weight_decay": weight_decay, "nesterov": momentum > 0
        }  # fmt: skip
        self._clip = clip
        self._buffers = {name: tg.zeros_like(each) for name, each in supernet.named_parameters()}

    def step(self, architecture: Architecture, batch: Rows, lr: float) -> None:
        """Fit the weights of a path to a batch by one step of cross-entropy.

        Raises
        ------
        DivergenceError
            If the loss is NaN or infinite.
        """
        inputs, targets = batch
        views = {name: each.detach() for name, each in self._supernet.weights_of(architecture).items()}
        leaves = {name: each.detach().requires_grad_() for name, each in views.items()}
        loss = functional.cross_entropy(self._supernet.path(inputs, architecture, leaves), targets)
        check_finite(float(loss))
        loss.backward()
        clip_grad_norm_(leaves.values(), self._clip)
        buffers = self._supernet.weights_of(architecture, self._buffers)
        # In a cell, what stands before an edge that is "none" has no part in the output.
        reached = [name for name, leaf in leaves.items() if leaf.grad is not None]
        sgd(
            [views[name] for name in reached],
            [leaves[name].grad for name in reached],  # type: ignore[misc]
            [buffers[name] for name in reached],
            lr=lr,
            dampening=0,
            maximize=False,
            **self._options,
        )

    def state_dict(self) -> dict[str, Tensor]:
        """The momentum, by parameter."""
        return dict(self._buffers)

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the momentum of :meth:`state_dict`."""
        for name, buffer in self._buffers.items():
            buffer.copy_(state[name])


def accuracy(supernet: Supernet, architecture: Architecture, batch: Rows) -> float:
    """Share of a batch that a path gets right, with the statistics of this batch."""
    inputs, targets = batch
    with tg.no_grad():
        return float((supernet(inputs, architecture).argmax(1) == targets).float().mean())


def cosine(lr: float, taken: int, steps: int) -> float:
    """The learning rate after ``taken`` of ``steps`` steps, falling to 0 (Loshchilov and Hutter 2017, equation 5)."""
    return 0.5 * lr * (1 + math.cos(math.pi * min(taken / steps, 1.0)))


def check_finite(loss: float) -> None:
    """Raise DivergenceError for a loss that is NaN or infinite."""
    if not math.isfinite(loss):
        raise DivergenceError(f"the loss of the shared weights became {loss}; lower the search's lr")
