"""Divergences between two distributions of one family."""

from __future__ import annotations

import math
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.distributions.bernoulli import Bernoulli
from tinygrad5329.distributions.beta import Beta
from tinygrad5329.distributions.binomial import Binomial
from tinygrad5329.distributions.categorical import Categorical
from tinygrad5329.distributions.cauchy import Cauchy
from tinygrad5329.distributions.dirichlet import Dirichlet
from tinygrad5329.distributions.exp_family import ExponentialFamily
from tinygrad5329.distributions.exponential import Exponential
from tinygrad5329.distributions.gamma import Gamma
from tinygrad5329.distributions.geometric import Geometric
from tinygrad5329.distributions.gumbel import EULER, Gumbel
from tinygrad5329.distributions.half import HalfNormal
from tinygrad5329.distributions.independent import Independent
from tinygrad5329.distributions.kl import kl_divergence, register_kl
from tinygrad5329.distributions.laplace import Laplace
from tinygrad5329.distributions.multivariate_normal import MultivariateNormal, half_log_det, mahalanobis
from tinygrad5329.distributions.normal import Normal
from tinygrad5329.distributions.one_hot_categorical import OneHotCategorical
from tinygrad5329.distributions.parameters import broadcast_shape, sum_rightmost
from tinygrad5329.distributions.poisson import Poisson
from tinygrad5329.distributions.transformed_distribution import TransformedDistribution
from tinygrad5329.distributions.uniform import Uniform
from tinygrad5329.nn.functional import softplus
from tinygrad5329.tensor import Tensor

__all__: list[str] = []


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    ones = ones.masked_fill(q.probs == 0, math.inf).masked_fill(p.probs == 0, 0.0)
    zeros = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    return ones + zeros.masked_fill(q.probs == 1, math.inf).masked_fill(p.probs == 1, 0.0)


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Tensor:
    a, b, c, d = p.concentration1, p.concentration0, q.concentration1, q.concentration0
    norms = (a + b).lgamma() + c.lgamma() + d.lgamma() - (c + d).lgamma() - a.lgamma() - b.lgamma()
    return norms + (a - c) * a.digamma() + (b - d) * b.digamma() + (c + d - a - b) * (a + b).digamma()


@register_kl(Binomial, Binomial)
def _binomial(p: Binomial, q: Binomial) -> Tensor:
    if (p.total_count < q.total_count).any():
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    kl = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return tg.where(p.total_count > q.total_count, math.inf, kl)


@register_kl(Categorical, Categorical)
def _categorical(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    terms = tg.where(q.probs == 0, math.inf, terms)
    return tg.where(p.probs == 0, 0.0, terms).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot_categorical(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categorical(p._categorical, q._categorical)


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Cauchy, q: Cauchy) -> Tensor:
    # Chyzak and Nielsen 2019.
    spread = ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log()
    return spread - (4 * p.scale * q.scale).log()


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Dirichlet, q: Dirichlet) -> Tensor:
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    norms = total.lgamma() - b.sum(-1).lgamma() + (b.lgamma() - a.lgamma()).sum(-1)
    return norms + ((a - b) * (a.digamma() - total.digamma().unsqueeze(-1))).sum(-1)


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


@register_kl(ExponentialFamily, ExponentialFamily)
def _exponential_family(p: ExponentialFamily, q: ExponentialFamily) -> Tensor:
    """The Bregman divergence of the log normaliser."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed using Bregman "
            "divergences"
        )
    p_params, log_norm, gradients = p._log_normalizer_and_gradients()
    result = q._log_normalizer(*q._natural_params) - log_norm
    for one, other, gradient in zip(p_params, q._natural_params, gradients, strict=True):
        result = result - sum_rightmost((other - one) * gradient, len(q.event_shape))
    return result


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Tensor:
    a, b = p.concentration, q.concentration
    norms = b * (p.rate / q.rate).log() + b.lgamma() - a.lgamma()
    return norms + (a - b) * a.digamma() + (q.rate - p.rate) * (a / p.rate)


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Gumbel, q: Gumbel) -> Tensor:
    ratio = p.scale / q.scale
    p_place, q_place = p.loc / q.scale, q.loc / q.scale
    overlap = (q_place + (1 + ratio).lgamma() - p_place).exp()
    return -ratio.log() - q_place + p_place + ratio * EULER + overlap - (1 + EULER)


@register_kl(Geometric, Geometric)
def _geometric(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: HalfNormal, q: HalfNormal) -> Tensor:
    return _normal(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio = p.scale / q.scale
    distance = (p.loc - q.loc).abs()
    return -ratio.log() + distance / q.scale + ratio * (-distance / p.scale).exp() - 1


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"KL-divergence between two Multivariate Normals with different event shapes cannot be computed: "
            f"{tuple(p.event_shape)} and {tuple(q.event_shape)}"
        )
    one, other = p._unbroadcasted_scale_tril, q._unbroadcasted_scale_tril
    n = p.event_shape[0]
    shape = broadcast_shape(one.shape[:-2], other.shape[:-2])
    relative = tg.linalg.solve_triangular(other.expand((*shape, n, n)), one.expand((*shape, n, n)), upper=False)
    trace = relative.pow(2).sum((-2, -1))
    distance = mahalanobis(other, q.loc - p.loc)
    return half_log_det(other) - half_log_det(one) + 0.5 * (trace + distance - n)


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    kl = ((q.high - q.low) / (p.high - p.low)).log()
    return kl.masked_fill((q.low > p.low) | (q.high < p.high), math.inf)


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("kl_divergence: the two Independent have different reinterpreted_batch_ndims")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: Any, q: Any) -> Tensor:
    """That of the bases: the same invertible map changes nothing."""
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("kl_divergence: the two TransformedDistribution have different transforms")
    extra = len(p.event_shape) - len(p.base_dist.event_shape)
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), extra)
