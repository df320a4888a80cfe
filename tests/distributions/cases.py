"""Distributions to compare: how to make each, and values to ask about. The library is the first argument."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["CASES", "Case", "MATRIX", "tensor"]

MATRIX = [[2.0, 0.3, -0.1], [0.3, 1.0, 0.2], [-0.1, 0.2, 1.5]]


def tensor(library: Any, values: Any, grad: bool = False) -> Any:
    return library.tensor(np.asarray(values, dtype=np.float64), dtype=library.float64).requires_grad_(grad)


class Case:
    """A family, its parameters, which get gradients, and values in its support."""

    def __init__(self, parameters: dict[str, Any], values: Any, make: Any = None, **options: Any) -> None:
        self.parameters, self.values, self.make, self.options = parameters, values, make, options

    def build(self, library: Any, name: str) -> tuple[Any, dict[str, Any]]:
        parameters = {key: tensor(library, value, grad=True) for key, value in self.parameters.items()}
        make = self.make or (lambda D, **parameters: getattr(D, name.split()[0])(**parameters))
        return make(library.distributions, **parameters, **self.options), parameters


LOC_SCALE = {"loc": [0.3, -1.0, 2.0], "scale": [0.5, 1.5, 2.5]}
LINE = [[-1.3, 0.2, 0.7], [2.1, -0.4, 5.0]]
POSITIVE = [[0.3, 1.2, 0.7], [2.1, 0.4, 5.0]]
PROBS = [0.2, 0.5, 0.9]
LOGITS = [-1.2, 0.3, 2.0]
WEIGHTS = [[0.2, 0.5, 0.9], [1.0, 3.0, 1.0]]
COUNTS = [[0.0, 1.0, 3.0], [2.0, 0.0, 4.0]]
SIMPLEX = [[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]]
ONE_HOT = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]

CASES = {
    "Normal": Case(LOC_SCALE, LINE),
    "Uniform": Case({"low": [0.0, -1.0, 0.5], "high": [1.0, 3.0, 0.9]}, [[0.2, 0.5, 0.6], [0.9, -0.3, 0.8]]),
    "Bernoulli": Case({"probs": PROBS}, [[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]]),
    "Bernoulli logits": Case({"logits": LOGITS}, [[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]]),
    "Categorical": Case({"probs": WEIGHTS}, [[0, 2], [1, 1], [2, 0]]),
    "Categorical logits": Case({"logits": WEIGHTS}, [[0, 2], [1, 1], [2, 0]]),
    "OneHotCategorical": Case({"logits": WEIGHTS}, ONE_HOT),
    "OneHotCategoricalStraightThrough": Case({"probs": WEIGHTS}, ONE_HOT),
    "MultivariateNormal": Case({"loc": LINE, "covariance_matrix": MATRIX}, LINE[::-1]),
    "MultivariateNormal precision": Case({"loc": LINE[0], "precision_matrix": MATRIX}, LINE),
    "MultivariateNormal scale": Case({"loc": LINE[0], "scale_tril": [np.tril(MATRIX), np.eye(3)]}, LINE),
    "Laplace": Case(LOC_SCALE, LINE),
    "Cauchy": Case(LOC_SCALE, LINE),
    "Gumbel": Case(LOC_SCALE, LINE),
    "LogNormal": Case(LOC_SCALE, POSITIVE),
    "HalfNormal": Case({"scale": [0.5, 1.5, 2.5]}, POSITIVE),
    "HalfCauchy": Case({"scale": [0.5, 1.5, 2.5]}, POSITIVE),
    "Exponential": Case({"rate": [0.5, 1.5, 2.5]}, POSITIVE),
    "Gamma": Case({"concentration": [0.5, 1.5, 2.5], "rate": [1.0, 2.0, 0.7]}, POSITIVE),
    "Chi2": Case({"df": [0.5, 1.5, 7.0]}, POSITIVE),
    "Beta": Case({"concentration1": [0.5, 1.5, 2.5], "concentration0": [2.0, 2.0, 0.7]}, [PROBS, PROBS[::-1]]),
    "Dirichlet": Case({"concentration": WEIGHTS}, SIMPLEX),
    "StudentT": Case({"df": [0.8, 1.7, 5.0], **LOC_SCALE}, LINE),
    "Poisson": Case({"rate": [0.5, 1.5, 2.5]}, COUNTS),
    "Geometric": Case({"probs": PROBS}, COUNTS),
    "Geometric logits": Case({"logits": LOGITS}, COUNTS),
    "Binomial": Case({"probs": PROBS}, COUNTS, total_count=5),
    "Binomial logits": Case({"logits": LOGITS}, COUNTS, total_count=5),
    "Multinomial": Case({"probs": WEIGHTS}, [[1.0, 2.0, 3.0], [2.0, 0.0, 4.0]], total_count=6),
    "RelaxedBernoulli": Case({"temperature": 0.7, "probs": PROBS}, [PROBS, PROBS[::-1]]),
    "RelaxedOneHotCategorical": Case({"temperature": 0.7, "logits": WEIGHTS}, SIMPLEX),
    "Independent": Case(LOC_SCALE, LINE, lambda D, **p: D.Independent(D.Normal(**p), 1)),
    "MixtureSameFamily": Case(
        {"probs": PROBS, **LOC_SCALE},
        [0.3, -2.0],
        lambda D, probs, **p: D.MixtureSameFamily(D.Categorical(probs), D.Normal(**p)),
    ),
    "TransformedDistribution": Case(
        LOC_SCALE,
        [PROBS, PROBS[::-1]],
        lambda D, **p: D.TransformedDistribution(
            D.Normal(**p), [D.AffineTransform(0.5, -2.0), D.SigmoidTransform(), D.PowerTransform(2.0)]
        ),
    ),
    "TransformedDistribution tanh": Case(
        LOC_SCALE,
        [PROBS, PROBS[::-1]],
        lambda D, **p: D.TransformedDistribution(D.Independent(D.Normal(**p), 1), [D.TanhTransform()]),
    ),
    "TransformedDistribution stick": Case(
        {"loc": [0.3, -1.0], "scale": [0.5, 1.5]},
        SIMPLEX,
        lambda D, **p: D.TransformedDistribution(D.Normal(**p), D.StickBreakingTransform()),
    ),
}
