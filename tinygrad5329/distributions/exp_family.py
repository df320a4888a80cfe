"""``ExponentialFamily``: distributions whose density is an exponential of a product."""

from __future__ import annotations

from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions.distribution import Distribution
from tinygrad5329.grad_mode import enable_grad
from tinygrad5329.tensor import Tensor

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    r"""Distributions with the density :math:`\exp(\langle t(x), \theta \rangle - F(\theta) + k(x))`.

    A subclass that gives its natural parameters :math:`\theta` and its log normaliser :math:`F` gets entropy
    and divergence from the gradient of :math:`F` (Nielsen and Nock 2010).
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise self._missing("_natural_params")

    def _log_normalizer(self, *natural_params: Tensor) -> Any:
        raise self._missing("_log_normalizer")

    @property
    def _mean_carrier_measure(self) -> float:
        """The mean of :math:`k(x)`."""
        raise self._missing("_mean_carrier_measure")

    def entropy(self) -> Tensor:
        """The entropy, from the log normaliser's gradient."""
        params, log_norm, gradients = self._log_normalizer_and_gradients()
        result = log_norm - self._mean_carrier_measure
        for parameter, gradient in zip(params, gradients, strict=True):
            product = parameter * gradient
            result = result - product.reshape((*self._batch_shape, -1)).sum(-1)
        return result

    def _log_normalizer_and_gradients(self) -> tuple[list[Tensor], Tensor, tuple[Any, ...]]:
        """Natural parameters as leaves, the log normaliser, and its gradient with respect to them."""
        with enable_grad():
            params = [p.detach().requires_grad_() for p in self._natural_params]
            log_norm = self._log_normalizer(*params)
            gradients = tg.autograd.grad(log_norm.sum(), params, create_graph=True)
        return params, log_norm, gradients
