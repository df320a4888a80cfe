"""Distributions of the size of a symmetric variable around 0."""

from __future__ import annotations

import math
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.cauchy import Cauchy
from tinygrad5329.distributions.elementwise_transforms import AbsTransform
from tinygrad5329.distributions.normal import Normal
from tinygrad5329.distributions.transformed_distribution import TransformedDistribution
from tinygrad5329.tensor import Tensor

__all__ = ["HalfCauchy", "HalfNormal"]


class _Half(TransformedDistribution):
    arg_constraints = {"scale": constraints.positive}  # type: ignore[misc]
    support = constraints.nonnegative  # type: ignore[assignment]
    base_dist: Any

    @property
    def scale(self) -> Tensor:
        """The base's."""
        return self.base_dist.scale

    @property
    def mode(self) -> Tensor:
        """0."""
        return tg.zeros_like(self.scale)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`; minus infinity below 0."""
        if self._validate_args:
            self._validate_sample(value)
        density = self.base_dist.log_prob(value) + math.log(2)
        return tg.where(value >= 0, density, -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to `value`."""
        if self._validate_args:
            self._validate_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Tensor) -> Tensor:
        """The value up to which the probability is `value`."""
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return self.base_dist.entropy() - math.log(2)


class HalfNormal(_Half):
    """The distribution of the size of a normal variable with mean 0 (``torch.distributions.HalfNormal``)."""

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.scale.pow(2) * (1 - 2 / math.pi)


class HalfCauchy(_Half):
    """The distribution of the size of a Cauchy variable around 0 (``torch.distributions.HalfCauchy``)."""

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """Infinite."""
        return tg.full(self._extended_shape(), math.inf, dtype=self.scale.dtype)

    @property
    def variance(self) -> Tensor:
        """Infinite."""
        return self.base_dist.variance
