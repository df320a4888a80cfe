"""The multinomial distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.binomial import Binomial
from tinygrad5329.distributions.categorical import Categorical
from tinygrad5329.distributions.distribution import Distribution
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Multinomial"]


class Multinomial(Distribution):
    """How often each category comes up in `total_count` draws (``torch.distributions.Multinomial``)."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(
        self,
        total_count: int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    def _expand_parameters(self, old: Any, shape: Size) -> None:
        self._categorical = old._categorical.expand(shape)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> constraints.Constraint:  # type: ignore[override]
        """Counts."""
        return constraints.multinomial(self.total_count)

    @property
    def logits(self) -> Tensor:
        """Log probabilities."""
        return self._categorical.logits

    @property
    def probs(self) -> Tensor:
        """Probabilities."""
        return self._categorical.probs

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter that was given."""
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples."""
        shape = self._extended_shape(sample_shape)
        with no_grad():
            chosen = self._categorical.sample((self.total_count, *sample_shape)).movedim(0, -1)
            counts = tg.zeros(shape, dtype=self.logits.dtype)
            return counts.scatter_add(-1, chosen, tg.ones(chosen.shape, dtype=counts.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of `value`."""
        if self._validate_args:
            self._validate_sample(value)
        logits, value = tg.broadcast_tensors(self.logits, value)
        ways = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        return ways + (logits.masked_fill((value == 0) & logits.isinf(), 0.0) * value).sum(-1)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        n = tg.tensor(self.total_count, dtype=self.logits.dtype)
        single = Binomial(self.total_count, probs=self.probs)
        support = single.enumerate_support(expand=False)[1:]
        weights = single.log_prob(support).exp()
        return n * self._categorical.entropy() - (n + 1).lgamma() + (weights * (support + 1).lgamma()).sum((0, -1))
