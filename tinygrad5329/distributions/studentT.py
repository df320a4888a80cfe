"""Student's t distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.distribution import Distribution, standard_normal
from tinygrad5329.distributions.gamma import Chi2
from tinygrad5329.distributions.parameters import broadcast_all
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["StudentT"]


class StudentT(Distribution):
    """Student's t distribution with `df` degrees of freedom (``torch.distributions.StudentT``)."""

    arg_constraints = {"df": constraints.positive, "loc": constraints.real, "scale": constraints.positive}
    support = constraints.real  # type: ignore[assignment]
    has_rsample = True

    def __init__(
        self,
        df: Tensor | float,
        loc: Tensor | float = 0.0,
        scale: Tensor | float = 1.0,
        validate_args: bool | None = None,
    ) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        self._chi2 = Chi2(self.df)
        super().__init__(self.df.shape, validate_args=validate_args)

    def _expand_parameters(self, old: Any, shape: Size) -> None:
        super()._expand_parameters(old, shape)
        self._chi2 = old._chi2.expand(shape)

    @property
    def mean(self) -> Tensor:
        """`loc`; NaN where there is none."""
        return self.loc.masked_fill(self.df <= 1, math.nan)

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The variance: infinite up to 2 degrees of freedom, NaN up to 1."""
        variance = self.scale.pow(2) * self.df / (self.df - 2)
        return variance.masked_fill(self.df <= 2, math.inf).masked_fill(self.df <= 1, math.nan)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, differentiable in all parameters; the stream of draws is not PyTorch's."""
        normal = standard_normal(self._extended_shape(sample_shape), self.df)
        return self.loc + self.scale * normal * tg.rsqrt(self._chi2.rsample(sample_shape) / self.df)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        y = (value - self.loc) / self.scale
        norm = self.scale.log() + 0.5 * self.df.log() + 0.5 * math.log(math.pi)
        norm = norm + (0.5 * self.df).lgamma() - (0.5 * (self.df + 1.0)).lgamma()
        return -0.5 * (self.df + 1.0) * (y**2.0 / self.df).log1p() - norm

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        half = 0.5 * self.df
        betaln = half.lgamma() + math.lgamma(0.5) - (half + 0.5).lgamma()
        slopes = (half + 0.5).digamma() - half.digamma()
        return self.scale.log() + (half + 0.5) * slopes + 0.5 * self.df.log() + betaln
