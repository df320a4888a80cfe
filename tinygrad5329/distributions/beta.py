"""The beta distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.dirichlet import Dirichlet
from tinygrad5329.distributions.exp_family import ExponentialFamily
from tinygrad5329.distributions.parameters import broadcast_all
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Beta"]


class Beta(ExponentialFamily):
    """The beta distribution with mean ``a / (a + b)`` (``torch.distributions.Beta``).

    Parameters
    ----------
    concentration1, concentration0 : float or Tensor
        a and b: the weights of 1 and of 0.
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval  # type: ignore[assignment]
    has_rsample = True

    def __init__(
        self, concentration1: Tensor | float, concentration0: Tensor | float, validate_args: bool | None = None
    ) -> None:
        both = tg.stack(broadcast_all(concentration1, concentration0), -1)
        self._dirichlet = Dirichlet(both, validate_args=validate_args)
        super().__init__(self._dirichlet.batch_shape, validate_args=validate_args)

    def _expand_parameters(self, old: Any, shape: Size) -> None:
        self._dirichlet = old._dirichlet.expand(shape)

    @property
    def concentration1(self) -> Tensor:
        """The weight of 1."""
        return self._dirichlet.concentration[..., 0]

    @property
    def concentration0(self) -> Tensor:
        """The weight of 0."""
        return self._dirichlet.concentration[..., 1]

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Tensor:
        """The most probable value."""
        return self._dirichlet.mode[..., 0]

    @property
    def variance(self) -> Tensor:
        """The variance."""
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, differentiable in both weights; the stream of draws is not PyTorch's."""
        return self._dirichlet.rsample(sample_shape)[..., 0]

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        return self._dirichlet.log_prob(tg.stack([value, 1.0 - value], -1))

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return self._dirichlet.entropy()

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return self.concentration1, self.concentration0

    def _log_normalizer(self, *natural_params: Any) -> Tensor:
        x, y = natural_params
        return x.lgamma() + y.lgamma() - (x + y).lgamma()
