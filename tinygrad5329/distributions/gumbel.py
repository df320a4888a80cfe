"""The Gumbel distribution."""

from __future__ import annotations

import math

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.elementwise_transforms import AffineTransform, ExpTransform
from tinygrad5329.distributions.parameters import broadcast_all
from tinygrad5329.distributions.transformed_distribution import TransformedDistribution
from tinygrad5329.distributions.uniform import Uniform
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Gumbel"]

EULER = 0.5772156649015329


class Gumbel(TransformedDistribution):
    """The Gumbel distribution with mode `loc` (``torch.distributions.Gumbel``)."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}  # type: ignore[misc]
    support = constraints.real  # type: ignore[assignment]

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        info = tg.finfo(self.loc.dtype)
        if isinstance(loc, Tensor) or isinstance(scale, Tensor):
            low, high = tg.full_like(self.loc, info.tiny), tg.full_like(self.loc, 1 - info.eps)
            base = Uniform(low, high, validate_args=validate_args)
        else:
            base = Uniform(info.tiny, 1 - info.eps, validate_args=validate_args)
        transforms = [
            ExpTransform().inv,
            AffineTransform(loc=0, scale=-tg.ones_like(self.scale)),
            ExpTransform().inv,
            AffineTransform(loc=loc, scale=-self.scale),
        ]
        super().__init__(base, transforms, validate_args=validate_args)

    def _expand_parameters(self, old: Gumbel, shape: Size) -> None:
        TransformedDistribution._expand_parameters(self, old, shape)
        self.loc, self.scale = old.loc.expand(shape), old.scale.expand(shape)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.loc + self.scale * EULER

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.stddev.pow(2)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return self.scale.log() + (1 + EULER)
