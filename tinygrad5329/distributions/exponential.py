"""The exponential distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.exp_family import ExponentialFamily
from tinygrad5329.distributions.parameters import broadcast_all
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Exponential"]


class Exponential(ExponentialFamily):
    """The exponential distribution with mean ``1 / rate`` (``torch.distributions.Exponential``)."""

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative  # type: ignore[assignment]
    has_rsample = True
    _mean_carrier_measure = 0.0  # type: ignore[assignment]

    def __init__(self, rate: Tensor | float, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape if isinstance(rate, Tensor) else Size(()), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """The inverse of `rate`."""
        return self.rate.reciprocal()

    @property
    def mode(self) -> Tensor:
        """0."""
        return tg.zeros_like(self.rate)

    @property
    def stddev(self) -> Tensor:
        """The inverse of `rate`."""
        return self.rate.reciprocal()

    @property
    def variance(self) -> Tensor:
        """The square of the mean."""
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, differentiable in `rate`."""
        draws = tg.empty(self._extended_shape(sample_shape), dtype=self.rate.dtype).exponential_()
        return draws / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to `value`."""
        if self._validate_args:
            self._validate_sample(value)
        return 1 - (-self.rate * value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        """The value up to which the probability is `value`."""
        return -(-value).log1p() / self.rate

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return 1.0 - self.rate.log()

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (-self.rate,)

    def _log_normalizer(self, *natural_params: Any) -> Tensor:
        return -(-natural_params[0]).log()
