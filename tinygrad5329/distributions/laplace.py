"""The Laplace distribution."""

from __future__ import annotations

from collections.abc import Sequence

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.distribution import Distribution
from tinygrad5329.distributions.parameters import broadcast_all
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Laplace"]


class Laplace(Distribution):
    """The Laplace distribution with mean `loc` and mean deviation `scale` (``torch.distributions.Laplace``)."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real  # type: ignore[assignment]
    has_rsample = True

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        is_single = not isinstance(loc, Tensor) and not isinstance(scale, Tensor)
        super().__init__(Size(()) if is_single else self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """Twice the square of `scale`."""
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, differentiable in `loc` and `scale`."""
        draws = tg.empty(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        draws.uniform_(tg.finfo(self.loc.dtype).eps - 1, 1)
        return self.loc - self.scale * draws.sign() * (-draws.abs()).log1p()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to `value`."""
        if self._validate_args:
            self._validate_sample(value)
        distance = value - self.loc
        return 0.5 - 0.5 * distance.sign() * (-distance.abs() / self.scale).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        """The value up to which the probability is `value`."""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * (-2 * term.abs()).log1p()

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return 1 + (2 * self.scale).log()
