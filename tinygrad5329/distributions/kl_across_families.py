"""Divergences between distributions of different families."""

from __future__ import annotations

import math
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions.bernoulli import Bernoulli
from tinygrad5329.distributions.beta import Beta
from tinygrad5329.distributions.binomial import Binomial
from tinygrad5329.distributions.exponential import Exponential
from tinygrad5329.distributions.gamma import Gamma
from tinygrad5329.distributions.gumbel import EULER, Gumbel
from tinygrad5329.distributions.kl import register_kl
from tinygrad5329.distributions.laplace import Laplace
from tinygrad5329.distributions.normal import Normal
from tinygrad5329.distributions.poisson import Poisson
from tinygrad5329.distributions.uniform import Uniform
from tinygrad5329.tensor import Tensor

__all__: list[str] = []


def _infinite(p: Any, q: Any) -> Tensor:
    """The support of `p` is not in that of `q`."""
    return tg.full(p.mean.shape, math.inf, dtype=p.mean.dtype)


for _p, _qs in (
    (Exponential, (Beta, Uniform)),
    (Gamma, (Beta, Uniform)),
    (Gumbel, (Beta, Exponential, Gamma, Uniform)),
    (Laplace, (Beta, Exponential, Gamma, Uniform)),
    (Normal, (Beta, Exponential, Gamma, Uniform)),
    (Poisson, (Bernoulli, Binomial)),
):
    for _q in _qs:
        register_kl(_p, _q)(_infinite)


def _gamma_score(q: Gamma, mean: Tensor, mean_log: Tensor) -> Tensor:
    """The mean of the log density of `q`, from the means of a variable and of its logarithm."""
    a = q.concentration
    return a * q.rate.log() - a.lgamma() + (a - 1) * mean_log - q.rate * mean


def _normal_score(q: Normal, mean: Tensor, variance: Tensor) -> Tensor:
    """The mean of the log density of `q`, from the mean and the variance of a variable."""
    squares = (variance + (mean - q.loc).pow(2)) / q.scale.pow(2)
    return -0.5 * squares - q.scale.log() - 0.5 * math.log(2 * math.pi)


def _gumbel_score(q: Gumbel, mean: Tensor, mean_exp: Tensor) -> Tensor:
    """The mean of the log density of `q`, from the mean of x, and that of exp((loc - x) / scale)."""
    return (q.loc - mean) / q.scale - mean_exp - q.scale.log()


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, Exponential)
def _beta_exponential(p: Beta, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Beta, Gamma)
def _beta_gamma(p: Beta, q: Gamma) -> Tensor:
    mean_log = p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()
    return -p.entropy() - _gamma_score(q, p.mean, mean_log)


@register_kl(Beta, Normal)
def _beta_normal(p: Beta, q: Normal) -> Tensor:
    return -p.entropy() - _normal_score(q, p.mean, p.variance)


@register_kl(Beta, Uniform)
def _beta_uniform(p: Beta, q: Uniform) -> Tensor:
    kl = -p.entropy() + (q.high - q.low).log()
    return kl.masked_fill((q.low > 0) | (q.high < 1), math.inf)


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Exponential, q: Gamma) -> Tensor:
    return -p.entropy() - _gamma_score(q, p.mean, -EULER - p.rate.log())


@register_kl(Exponential, Gumbel)
def _exponential_gumbel(p: Exponential, q: Gumbel) -> Tensor:
    mean_exp = (q.loc / q.scale).exp() * p.rate / (p.rate + 1 / q.scale)
    return -p.entropy() - _gumbel_score(q, p.mean, mean_exp)


@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Laplace, Normal)
@register_kl(Uniform, Normal)
def _moments_normal(p: Any, q: Normal) -> Tensor:
    return -p.entropy() - _normal_score(q, p.mean, p.variance)


@register_kl(Gamma, Exponential)
def _gamma_exponential(p: Gamma, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Gamma, Gumbel)
def _gamma_gumbel(p: Gamma, q: Gumbel) -> Tensor:
    shrunk = -p.concentration * (1 / (p.rate * q.scale)).log1p()
    return -p.entropy() - _gumbel_score(q, p.mean, (shrunk + q.loc / q.scale).exp())


@register_kl(Normal, Gumbel)
def _normal_gumbel(p: Normal, q: Gumbel) -> Tensor:
    mean_exp = ((q.loc - p.loc) / q.scale + 0.5 * (p.scale / q.scale).pow(2)).exp()
    return -p.entropy() - _gumbel_score(q, p.mean, mean_exp)


@register_kl(Normal, Laplace)
def _normal_laplace(p: Normal, q: Laplace) -> Tensor:
    z = (p.loc - q.loc) / p.scale
    # The mean distance of a normal variable from q's median.
    distance = p.scale * (math.sqrt(2 / math.pi) * (-0.5 * z.pow(2)).exp() + z * tg.erf(z * math.sqrt(0.5)))
    return -p.entropy() + (2 * q.scale).log() + distance / q.scale


@register_kl(Uniform, Beta)
def _uniform_beta(p: Uniform, q: Beta) -> Tensor:
    width, a, b = p.high - p.low, q.concentration1, q.concentration0
    mean_log = (tg.xlogy(p.high, p.high) - tg.xlogy(p.low, p.low) - width) / width
    mean_log_rest = (tg.xlogy(1 - p.low, 1 - p.low) - tg.xlogy(1 - p.high, 1 - p.high) - width) / width
    norm = a.lgamma() + b.lgamma() - (a + b).lgamma()
    kl = -p.entropy() - (a - 1) * mean_log - (b - 1) * mean_log_rest + norm
    return kl.masked_fill((p.high > 1) | (p.low < 0), math.inf)


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Uniform, q: Exponential) -> Tensor:
    return (-p.entropy() - q.rate.log() + q.rate * p.mean).masked_fill(p.low < 0, math.inf)


@register_kl(Uniform, Gamma)
def _uniform_gamma(p: Uniform, q: Gamma) -> Tensor:
    width = p.high - p.low
    mean_log = (tg.xlogy(p.high, p.high) - tg.xlogy(p.low, p.low) - width) / width
    return (-p.entropy() - _gamma_score(q, p.mean, mean_log)).masked_fill(p.low < 0, math.inf)


@register_kl(Uniform, Gumbel)
def _uniform_gumbel(p: Uniform, q: Gumbel) -> Tensor:
    ends = [((q.loc - bound) / q.scale).exp() for bound in (p.low, p.high)]
    mean_exp = q.scale * (ends[0] - ends[1]) / (p.high - p.low)
    return -p.entropy() - _gumbel_score(q, p.mean, mean_exp)
