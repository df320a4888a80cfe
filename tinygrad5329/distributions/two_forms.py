"""Distributions that take their probabilities as such or as logits."""

from __future__ import annotations

from typing import Any

from tinygrad5329.distributions.distribution import Distribution
from tinygrad5329.distributions.parameters import lazy_property, logits_to_probs, probs_to_logits
from tinygrad5329.tensor import Tensor

__all__ = ["ProbsOrLogits"]


class ProbsOrLogits(Distribution):
    """Keeps the one of ``probs`` and ``logits`` that was given; the other is computed when it is asked for."""

    _is_binary = True

    def _check_given(self, probs: Any, logits: Any) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        self._has_probs = probs is not None

    @property
    def _param(self) -> Tensor:
        """The one that was given."""
        return self.probs if self._has_probs else self.logits

    @lazy_property
    def probs(self) -> Tensor:
        """Probabilities."""
        return logits_to_probs(self.logits, is_binary=self._is_binary)

    @lazy_property
    def logits(self) -> Tensor:
        """Log-odds, or normalised log probabilities."""
        return probs_to_logits(self.probs, is_binary=self._is_binary)

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter that was given."""
        return self._param.size()
