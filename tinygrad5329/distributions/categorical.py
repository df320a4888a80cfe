"""The categorical distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.two_forms import ProbsOrLogits
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor

__all__ = ["Categorical"]


class Categorical(ProbsOrLogits):
    """One of the numbers 0 to K - 1 (``torch.distributions.Categorical``).

    Parameters
    ----------
    probs, logits : Tensor, of which one must be given
        (..., K) probabilities, up to a factor; or log probabilities, up to a summand. Both are normalised.
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    _is_binary = False

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._check_given(probs, logits)
        for name, value in (("probs", probs), ("logits", logits)):
            if value is not None and value.dim() < 1:
                raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
        elif logits is not None:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
        self._num_events = self._param.shape[-1]
        super().__init__(self._param.shape[:-1], validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> constraints.Constraint:  # type: ignore[override]
        """0 to K - 1."""
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self) -> Tensor:
        """NaN: categories have no mean."""
        return tg.full(self._extended_shape(), math.nan, dtype=self.probs.dtype)

    @property
    def mode(self) -> Tensor:
        """The most probable category."""
        return self.probs.argmax(dim=-1)

    @property
    def variance(self) -> Tensor:
        """NaN: categories have no variance."""
        return tg.full(self._extended_shape(), math.nan, dtype=self.probs.dtype)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, of dtype int64."""
        sample_shape = Size(sample_shape)
        with no_grad():
            draws = tg.multinomial(self.probs.reshape(-1, self._num_events), sample_shape.numel(), True)
        return draws.T.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of `value`."""
        if self._validate_args:
            self._validate_sample(value)
        index, logits = tg.broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, index[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return -(self.logits.clamp(min=tg.finfo(self.logits.dtype).min) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All categories."""
        values = tg.arange(self._num_events).view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values
