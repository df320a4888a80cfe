"""The Cauchy distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.distribution import Distribution
from tinygrad5329.distributions.parameters import broadcast_all
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Cauchy"]


class Cauchy(Distribution):
    """The Cauchy (Lorentz) distribution with median `loc` and half width `scale` (``torch.distributions.Cauchy``)."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real  # type: ignore[assignment]
    has_rsample = True

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        is_single = not isinstance(loc, Tensor) and not isinstance(scale, Tensor)
        super().__init__(Size(()) if is_single else self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """NaN: there is none."""
        return tg.full(self._extended_shape(), math.nan, dtype=self.loc.dtype)

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """Infinite."""
        return tg.full(self._extended_shape(), math.inf, dtype=self.loc.dtype)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, differentiable in `loc` and `scale`."""
        # PyTorch's kernel inverts the distribution function in double precision, whatever the dtype.
        draws = tg.rand(self._extended_shape(sample_shape), dtype=tg.float64)
        return self.loc + (math.pi * (draws - 0.5)).tan().to(self.loc.dtype) * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        return -math.log(math.pi) - self.scale.log() - ((value - self.loc) / self.scale).square().log1p()

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to `value`."""
        if self._validate_args:
            self._validate_sample(value)
        return ((value - self.loc) / self.scale).atan() / math.pi + 0.5

    def icdf(self, value: Tensor) -> Tensor:
        """The value up to which the probability is `value`."""
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return math.log(4 * math.pi) + self.scale.log()
