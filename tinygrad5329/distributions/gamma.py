"""The gamma distribution, and the chi-squared distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.draws import differentiable_gamma
from tinygrad5329.distributions.exp_family import ExponentialFamily
from tinygrad5329.distributions.parameters import broadcast_all
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Chi2", "Gamma"]


class Gamma(ExponentialFamily):
    """The gamma distribution with mean ``concentration / rate`` (``torch.distributions.Gamma``)."""

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative  # type: ignore[assignment]
    has_rsample = True
    _mean_carrier_measure = 0.0  # type: ignore[assignment]

    def __init__(self, concentration: Tensor | float, rate: Tensor | float, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        is_single = not isinstance(concentration, Tensor) and not isinstance(rate, Tensor)
        super().__init__(Size(()) if is_single else self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """``concentration / rate``."""
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        """The most probable value."""
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        """``concentration / rate**2``."""
        return self.concentration / self.rate.pow(2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, differentiable in both parameters; the stream of draws is not PyTorch's."""
        shape = self._extended_shape(sample_shape)
        draws = differentiable_gamma(self.concentration.expand(shape)) / self.rate.expand(shape)
        return draws.clamp(min=tg.finfo(draws.dtype).tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        value = tg.as_tensor(value, dtype=self.rate.dtype)
        if self._validate_args:
            self._validate_sample(value)
        a, rate = self.concentration, self.rate
        return tg.xlogy(a, rate) + tg.xlogy(a - 1, value) - rate * value - a.lgamma()

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to `value`."""
        if self._validate_args:
            self._validate_sample(value)
        return tg.igamma(*tg.broadcast_tensors(self.concentration, self.rate * value))

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1.0 - a) * a.digamma()

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return self.concentration - 1, -self.rate

    def _log_normalizer(self, *natural_params: Any) -> Tensor:
        x, y = natural_params
        return (x + 1).lgamma() + (x + 1) * (-y.reciprocal()).log()


class Chi2(Gamma):
    """The chi-squared distribution with `df` degrees of freedom (``torch.distributions.Chi2``)."""

    arg_constraints = {"df": constraints.positive}

    def __init__(self, df: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    def _expand_parameters(self, old: Any, shape: Size) -> None:
        self.concentration, self.rate = old.concentration.expand(shape), old.rate.expand(shape)

    @property
    def df(self) -> Tensor:
        """Degrees of freedom."""
        return self.concentration * 2
