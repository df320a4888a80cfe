"""The Bernoulli distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.exp_family import ExponentialFamily
from tinygrad5329.distributions.parameters import broadcast_all
from tinygrad5329.distributions.two_forms import ProbsOrLogits
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn.functional import binary_cross_entropy_with_logits
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Bernoulli"]


class Bernoulli(ProbsOrLogits, ExponentialFamily):
    """1 with probability `probs`, otherwise 0; or log-odds `logits` (``torch.distributions.Bernoulli``)."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean  # type: ignore[assignment]
    has_enumerate_support = True
    _mean_carrier_measure = 0.0  # type: ignore[assignment]

    def __init__(
        self,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._check_given(probs, logits)
        given: Any = probs if self._has_probs else logits
        (value,) = broadcast_all(given)
        if self._has_probs:
            self.probs = value
        else:
            self.logits = value
        super().__init__(value.shape if isinstance(given, Tensor) else Size(()), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`probs`."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The more probable value; NaN where both are equally so."""
        return (self.probs >= 0.5).to(self.probs).masked_fill(self.probs == 0.5, float("nan"))

    @property
    def variance(self) -> Tensor:
        """``probs * (1 - probs)``."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples."""
        with no_grad():
            return tg.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of `value`."""
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 and 1."""
        values = tg.arange(2, dtype=self._param.dtype).view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (tg.logit(self.probs),)

    def _log_normalizer(self, *natural_params: Any) -> Tensor:
        return natural_params[0].exp().log1p()
