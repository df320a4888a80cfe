"""The log-normal distribution."""

from __future__ import annotations

from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.elementwise_transforms import ExpTransform
from tinygrad5329.distributions.normal import Normal
from tinygrad5329.distributions.transformed_distribution import TransformedDistribution
from tinygrad5329.tensor import Tensor

__all__ = ["LogNormal"]


class LogNormal(TransformedDistribution):
    """The distribution of the exponential of a normal variable (``torch.distributions.LogNormal``)."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}  # type: ignore[misc]
    support = constraints.positive  # type: ignore[assignment]

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        """The mean of the logarithm."""
        return self.base_dist.loc  # type: ignore[attr-defined]

    @property
    def scale(self) -> Tensor:
        """The standard deviation of the logarithm."""
        return self.base_dist.scale  # type: ignore[attr-defined]

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return (self.loc + self.scale.pow(2) / 2).exp()

    @property
    def mode(self) -> Tensor:
        """The most probable value."""
        return (self.loc - self.scale.square()).exp()

    @property
    def variance(self) -> Tensor:
        """The variance."""
        squared = self.scale.pow(2)
        return squared.expm1() * (2 * self.loc + squared).exp()

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return self.base_dist.entropy() + self.loc
