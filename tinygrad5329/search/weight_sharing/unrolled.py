"""Gradients of the validation loss with respect to architecture parameters (Liu et al. 2019, section 2.3).

The architecture is judged by the validation loss after one more training step of the weights,
``L_val(w', a)`` with ``w' = w - xi * (momentum * buffer + grad L_train(w, a) + weight_decay * w)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import tinygrad5329 as tg
from tinygrad5329.tensor import Tensor

__all__ = ["Loss", "VirtualStep", "exact", "finite_difference", "first_order"]

#: The loss of weights by name and of architecture parameters; of one batch.
Loss: TypeAlias = Callable[[Mapping[str, Tensor], Sequence[Tensor]], Tensor]


@dataclass(frozen=True)
class VirtualStep:
    """The step of the weights that is looked ahead: stochastic gradient descent with momentum.

    Attributes
    ----------
    lr : float
        xi, the learning rate that the weights have now.
    momentum, weight_decay : float
    buffers : mapping of str to Tensor
        The momentum by weight; a weight that is left out has none yet.
    """

    lr: float
    momentum: float
    weight_decay: float
    buffers: Mapping[str, Tensor]

    def take(self, weights: Mapping[str, Tensor], gradients: Sequence[Tensor]) -> dict[str, Tensor]:
        """The weights after the step, as a function of both."""
        stepped = {}
        for (name, weight), gradient in zip(weights.items(), gradients, strict=True):
            direction = gradient + self.weight_decay * weight
            if name in self.buffers:
                direction = direction + self.momentum * self.buffers[name]
            stepped[name] = weight - self.lr * direction
        return stepped


def first_order(validation: Loss, weights: Mapping[str, Tensor], alphas: Sequence[Tensor]) -> list[Tensor]:
    """The gradient at the weights as they are (xi = 0): one forward and backward pass."""
    return _gradients(validation(_detached(weights), alphas), alphas)


def exact(
    train: Loss, validation: Loss, weights: Mapping[str, Tensor], alphas: Sequence[Tensor], step: VirtualStep
) -> list[Tensor]:
    """The gradient through the step, by differentiating the training gradient once more.

    Costs one pass for the validation batch and about three for the training batch: forward and backward, and the
    backward of both.
    """
    own = {name: weight.detach().requires_grad_() for name, weight in weights.items()}
    gradients = tg.autograd.grad(train(own, alphas), list(own.values()), create_graph=True, materialize_grads=True)
    return _gradients(validation(step.take(own, gradients), alphas), alphas)  # type: ignore[arg-type]


def finite_difference(
    train: Loss,
    validation: Loss,
    weights: Mapping[str, Tensor],
    alphas: Sequence[Tensor],
    step: VirtualStep,
    epsilon: float = 0.01,
) -> list[Tensor]:
    """The gradient through the step by equations 7 and 8: four forward and backward passes.

    Parameters
    ----------
    epsilon : float
        Distance of the two points at which the training gradient is taken, from the weights; divided by the norm of
        the validation gradient.
    """
    own = {name: weight.detach().requires_grad_() for name, weight in weights.items()}
    gradients = _gradients(train(own, alphas), list(own.values()))
    ahead = {name: each.detach().requires_grad_() for name, each in step.take(_detached(weights), gradients).items()}
    both = _gradients(validation(ahead, alphas), [*alphas, *ahead.values()])
    direct, direction = both[: len(alphas)], both[len(alphas) :]
    length = float(tg.sqrt(sum(((each * each).sum() for each in direction), tg.zeros((), dtype=direction[0].dtype))))
    if length == 0.0:
        return direct
    distance = epsilon / length
    sides = []
    for sign in (1.0, -1.0):
        moved = {
            name: weight.detach() + sign * distance * each
            for (name, weight), each in zip(weights.items(), direction, strict=True)
        }
        sides.append(_gradients(train(moved, alphas), alphas))
    return [
        first - step.lr * (plus - minus) / (2 * distance) for first, plus, minus in zip(direct, *sides, strict=True)
    ]


def _detached(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: weight.detach() for name, weight in weights.items()}


def _gradients(loss: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    return [each for each in tg.autograd.grad(loss, list(inputs), materialize_grads=True) if each is not None]
