"""The geometric distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.parameters import broadcast_all
from tinygrad5329.distributions.two_forms import ProbsOrLogits
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn.functional import binary_cross_entropy_with_logits
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Geometric"]


class Geometric(ProbsOrLogits):
    """The number of failures before the first success (``torch.distributions.Geometric``)."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer  # type: ignore[assignment]

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
        if self._validate_args and self._has_probs and not (value > 0).all():
            raise ValueError(
                f"Expected parameter probs ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                f"{self!r} to be positive but found invalid values:\n{value}"
            )

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        """0."""
        return tg.zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples."""
        with no_grad():
            draws = tg.empty(self._extended_shape(sample_shape), dtype=self.probs.dtype)
            draws.uniform_(tg.finfo(self.probs.dtype).tiny, 1)
            return (draws.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of `value`."""
        if self._validate_args:
            self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        probs = probs.masked_fill((probs == 1) & (value == 0), 0.0)
        return value * (-probs).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs
