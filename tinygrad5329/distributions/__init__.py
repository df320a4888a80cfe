"""Probability distributions, as in ``torch.distributions``.

>>> import tinygrad5329 as tg
>>> from tinygrad5329.distributions import Categorical
>>> policy = Categorical(logits=tg.zeros(4, requires_grad=True))
>>> action = policy.sample()
>>> loss = -policy.log_prob(action)
>>> loss.detach()
tensor(1.3863)
"""

from __future__ import annotations

from tinygrad5329.distributions import constraints as constraints
from tinygrad5329.distributions import kl_across_families as kl_across_families
from tinygrad5329.distributions import kl_within_families as kl_within_families
from tinygrad5329.distributions import transforms as transforms
from tinygrad5329.distributions.bernoulli import Bernoulli
from tinygrad5329.distributions.beta import Beta
from tinygrad5329.distributions.binomial import Binomial
from tinygrad5329.distributions.categorical import Categorical
from tinygrad5329.distributions.cauchy import Cauchy
from tinygrad5329.distributions.constraint_registry import biject_to, transform_to
from tinygrad5329.distributions.dirichlet import Dirichlet
from tinygrad5329.distributions.distribution import Distribution
from tinygrad5329.distributions.exp_family import ExponentialFamily
from tinygrad5329.distributions.exponential import Exponential
from tinygrad5329.distributions.gamma import Chi2, Gamma
from tinygrad5329.distributions.geometric import Geometric
from tinygrad5329.distributions.gumbel import Gumbel
from tinygrad5329.distributions.half import HalfCauchy, HalfNormal
from tinygrad5329.distributions.independent import Independent
from tinygrad5329.distributions.kl import kl_divergence, register_kl
from tinygrad5329.distributions.laplace import Laplace
from tinygrad5329.distributions.log_normal import LogNormal
from tinygrad5329.distributions.mixture_same_family import MixtureSameFamily
from tinygrad5329.distributions.multinomial import Multinomial
from tinygrad5329.distributions.multivariate_normal import MultivariateNormal
from tinygrad5329.distributions.normal import Normal
from tinygrad5329.distributions.one_hot_categorical import OneHotCategorical, OneHotCategoricalStraightThrough
from tinygrad5329.distributions.poisson import Poisson
from tinygrad5329.distributions.relaxed_bernoulli import RelaxedBernoulli
from tinygrad5329.distributions.relaxed_categorical import RelaxedOneHotCategorical
from tinygrad5329.distributions.studentT import StudentT
from tinygrad5329.distributions.transformed_distribution import TransformedDistribution
from tinygrad5329.distributions.transforms import *  # noqa: F403
from tinygrad5329.distributions.uniform import Uniform

__all__ = [
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Cauchy",
    "Chi2",
    "Dirichlet",
    "Distribution",
    "Exponential",
    "ExponentialFamily",
    "Gamma",
    "Geometric",
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "Independent",
    "Laplace",
    "LogNormal",
    "MixtureSameFamily",
    "Multinomial",
    "MultivariateNormal",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Poisson",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "StudentT",
    "TransformedDistribution",
    "Uniform",
    "biject_to",
    "kl_divergence",
    "register_kl",
    "transform_to",
    *transforms.__all__,
]
