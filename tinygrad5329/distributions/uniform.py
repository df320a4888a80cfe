"""The uniform distribution."""

from __future__ import annotations

from collections.abc import Sequence

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.distribution import Distribution
from tinygrad5329.distributions.parameters import broadcast_all
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Uniform"]


class Uniform(Distribution):
    """The uniform distribution on [`low`, `high`) (``torch.distributions.Uniform``)."""

    has_rsample = True

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:  # type: ignore[override]
        """Each bound must be on its side of the other."""
        return {"low": constraints.less_than(self.high), "high": constraints.greater_than(self.low)}

    def __init__(self, low: Tensor | float, high: Tensor | float, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        is_single = not isinstance(low, Tensor) and not isinstance(high, Tensor)
        super().__init__(Size(()) if is_single else self.low.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> constraints.Constraint:  # type: ignore[override]
        """Between the bounds, which are included for the sake of rounding."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        """The middle."""
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        """NaN: there is none."""
        return tg.full_like(self.high, float("nan"))

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self) -> Tensor:
        """A twelfth of the squared width."""
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, differentiable in the bounds."""
        draws = tg.rand(self._extended_shape(sample_shape), dtype=self.low.dtype)
        return self.low + draws * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        is_inside = (self.low <= value) & (self.high > value)
        return is_inside.to(self.low.dtype).log() - (self.high - self.low).log()

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to `value`."""
        if self._validate_args:
            self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value: Tensor) -> Tensor:
        """The value up to which the probability is `value`."""
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return (self.high - self.low).log()
