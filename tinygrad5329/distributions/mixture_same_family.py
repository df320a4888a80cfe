"""Mixtures of distributions of one family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.categorical import Categorical
from tinygrad5329.distributions.distribution import Distribution
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A draw from one of several distributions, chosen at random (``torch.distributions.MixtureSameFamily``).

    Parameters
    ----------
    mixture_distribution : Categorical
        Chooses the component.
    component_distribution : Distribution
        The components, along its last batch dimension.
    """

    arg_constraints: dict[str, constraints.Constraint] = {}  # type: ignore[misc]

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(" The Mixture distribution needs to be an instance of torch.distributions.Categorical")
        if not isinstance(component_distribution, Distribution):
            raise ValueError("The Component distribution need to be an instance of torch.distributions.Distribution")
        mixture_shape = mixture_distribution.batch_shape
        component_shape = component_distribution.batch_shape[:-1]
        for one, other in zip(reversed(mixture_shape), reversed(component_shape), strict=False):
            if one != 1 and other != 1 and one != other:
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({mixture_shape}) is not compatible with "
                    f"`component_distribution.batch_shape`({component_shape})"
                )
        chosen, there = mixture_distribution.logits.shape[-1], component_distribution.batch_shape[-1]
        if chosen != there:
            raise ValueError(
                f"`mixture_distribution component` ({chosen}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({there})"
            )
        self._num_component = there
        self._event_ndims = len(component_distribution.event_shape)
        super().__init__(component_shape, component_distribution.event_shape, validate_args=validate_args)

    def _expand_parameters(self, old: Any, shape: Size) -> None:
        self._component_distribution = old._component_distribution.expand((*shape, self._num_component))
        self._mixture_distribution = old._mixture_distribution.expand(shape)

    @constraints.dependent_property
    def support(self) -> constraints.Constraint:  # type: ignore[override]
        """The components'."""
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Categorical:
        """What chooses the component."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """The components."""
        return self._component_distribution

    def _weighted(self, value: Tensor) -> Tensor:
        """The mean of the components' values."""
        probs = self._mixture_distribution.probs
        probs = probs.reshape(probs.shape + (1,) * self._event_ndims)
        return (probs * value).sum(-1 - self._event_ndims)

    @property
    def mean(self) -> Tensor:
        """The mean of the components' means."""
        return self._weighted(self._component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        """The mean of the variances, and the variance of the means (law of total variance)."""
        spread = self._component_distribution.mean - self.mean.unsqueeze(-1 - self._event_ndims)
        return self._weighted(self._component_distribution.variance) + self._weighted(spread.pow(2))

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples."""
        with no_grad():
            sample_shape = Size(sample_shape)
            dim = len(sample_shape) + len(self._batch_shape)
            chosen = self._mixture_distribution.sample(sample_shape)
            chosen = chosen.reshape(chosen.shape + (1,) * (self._event_ndims + 1))
            draws = self._component_distribution.sample(sample_shape)
            index = chosen.expand((*draws.shape[:dim], 1, *draws.shape[dim + 1 :]))
            return draws.gather(dim, index).squeeze(dim)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        components = self._component_distribution.log_prob(value.unsqueeze(-1 - self._event_ndims))
        return (components + self._mixture_distribution.logits.log_softmax(-1)).logsumexp(-1)

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to `value`."""
        components = self._component_distribution.cdf(value.unsqueeze(-1 - self._event_ndims))
        return (components * self._mixture_distribution.probs).sum(-1)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})"
