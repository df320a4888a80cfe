"""Bernoulli distributions relaxed to numbers between 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.elementwise_transforms import SigmoidTransform
from tinygrad5329.distributions.parameters import broadcast_all, clamp_probs
from tinygrad5329.distributions.transformed_distribution import TransformedDistribution
from tinygrad5329.distributions.two_forms import ProbsOrLogits
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["LogitRelaxedBernoulli", "RelaxedBernoulli"]


class LogitRelaxedBernoulli(ProbsOrLogits):
    """The log-odds of a relaxed Bernoulli variable (Maddison et al. 2017)."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real  # type: ignore[assignment]
    has_rsample = True

    def __init__(
        self,
        temperature: Tensor | float,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self.temperature = temperature
        self._check_given(probs, logits)
        given: Any = probs if self._has_probs else logits
        (value,) = broadcast_all(given)
        if self._has_probs:
            self.probs = value
        else:
            self.logits = value
        super().__init__(value.shape if isinstance(given, Tensor) else Size(()), validate_args=validate_args)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, differentiable in the parameters."""
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        draws = clamp_probs(tg.rand(shape, dtype=probs.dtype))
        return (draws.log() - (-draws).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        difference = logits - value * self.temperature
        return tg.as_tensor(self.temperature).log() + difference - 2 * difference.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """A Bernoulli variable relaxed to (0, 1), hard as `temperature` falls (``RelaxedBernoulli`` of PyTorch)."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}  # type: ignore[misc]
    support = constraints.unit_interval  # type: ignore[assignment]
    has_rsample = True  # type: ignore[assignment]
    base_dist: Any

    def __init__(
        self,
        temperature: Tensor | float,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """Log-odds."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """Probabilities."""
        return self.base_dist.probs
