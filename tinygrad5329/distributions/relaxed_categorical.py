"""Categorical distributions relaxed to probability vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.categorical import Categorical
from tinygrad5329.distributions.distribution import Distribution
from tinygrad5329.distributions.elementwise_transforms import ExpTransform
from tinygrad5329.distributions.parameters import clamp_probs
from tinygrad5329.distributions.transformed_distribution import TransformedDistribution
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["ExpRelaxedCategorical", "RelaxedOneHotCategorical"]


class ExpRelaxedCategorical(Distribution):
    """The logarithm of a relaxed one-hot vector (Maddison et al. 2017; Jang et al. 2017)."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector  # type: ignore[assignment]
    has_rsample = True

    def __init__(
        self,
        temperature: Tensor | float,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args)

    def _expand_parameters(self, old: Any, shape: Size) -> None:
        self._categorical = old._categorical.expand(shape)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter that was given."""
        return self._categorical.param_shape

    @property
    def logits(self) -> Tensor:
        """Log probabilities."""
        return self._categorical.logits

    @property
    def probs(self) -> Tensor:
        """Probabilities."""
        return self._categorical.probs

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, differentiable in the parameters."""
        draws = clamp_probs(tg.rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        scores = (self.logits - (-draws.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        n = self._event_shape[0]
        logits, value = tg.broadcast_tensors(self.logits, value)
        scale = math.lgamma(n) + tg.as_tensor(self.temperature, dtype=logits.dtype).log() * (n - 1)
        score = (logits - value * self.temperature).log_softmax(-1).sum(-1)
        return score + scale


class RelaxedOneHotCategorical(TransformedDistribution):
    """A one-hot vector relaxed to probabilities (``torch.distributions.RelaxedOneHotCategorical``)."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}  # type: ignore[misc]
    support = constraints.simplex  # type: ignore[assignment]
    has_rsample = True  # type: ignore[assignment]
    base_dist: Any

    def __init__(
        self,
        temperature: Tensor | float,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """Log probabilities."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """Probabilities."""
        return self.base_dist.probs
