"""The multivariate normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tinygrad5329 as tg
from tinygrad5329.distributions import constraints
from tinygrad5329.distributions.distribution import Distribution, standard_normal
from tinygrad5329.distributions.parameters import broadcast_shape, lazy_property
from tinygrad5329.tensor import Tensor

__all__ = ["MultivariateNormal"]


class MultivariateNormal(Distribution):
    """The normal distribution of vectors (``torch.distributions.MultivariateNormal``).

    Parameters
    ----------
    loc : Tensor
        (..., n) means.
    covariance_matrix, precision_matrix, scale_tril : Tensor, of which one must be given
        (..., n, n) covariances, their inverses, or their lower Cholesky factors (the quickest).
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector  # type: ignore[assignment]
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = {name: value for name, value in given.items() if value is not None}
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = given.items()
        assert matrix is not None
        if matrix.dim() < 2:
            raise ValueError(f"{name} must be at least two-dimensional, with optional leading batch dimensions")
        n = loc.shape[-1]
        batch_shape = broadcast_shape(matrix.shape[:-2], loc.shape[:-1])
        self.__dict__[name] = matrix.expand((*batch_shape, *matrix.shape[-2:]))
        self.loc = loc.expand((*batch_shape, n))
        super().__init__(batch_shape, (n,), validate_args=validate_args)
        # Before expansion, so that a shared matrix is decomposed, and solved with, once.
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = tg.linalg.cholesky(matrix)
        else:
            self._unbroadcasted_scale_tril = _precision_to_scale_tril(matrix)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        n = self._event_shape[0]
        return self._unbroadcasted_scale_tril.expand((*self._batch_shape, n, n))

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        n, factor = self._event_shape[0], self._unbroadcasted_scale_tril
        return (factor @ factor.mT).expand((*self._batch_shape, n, n))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        n, factor = self._event_shape[0], self._unbroadcasted_scale_tril
        inverse = tg.linalg.solve_triangular(factor, _identity(factor), upper=False)
        return (inverse.mT @ inverse).expand((*self._batch_shape, n, n))

    @property
    def mean(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The diagonal of the covariance."""
        squares = self._unbroadcasted_scale_tril.pow(2).sum(-1)
        return squares.expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw samples, differentiable in all parameters."""
        noise = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + (self._unbroadcasted_scale_tril @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at `value`."""
        if self._validate_args:
            self._validate_sample(value)
        distance = mahalanobis(self._unbroadcasted_scale_tril, value - self.loc)
        n = self._event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + distance) - half_log_det(self._unbroadcasted_scale_tril)

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        n = self._event_shape[0]
        entropy = 0.5 * n * (1.0 + math.log(2 * math.pi)) + half_log_det(self._unbroadcasted_scale_tril)
        return entropy.expand(self._batch_shape)


def half_log_det(scale_tril: Tensor) -> Tensor:
    """The logarithm of the determinant of Cholesky factors: half that of the covariances."""
    return scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def mahalanobis(scale_tril: Tensor, difference: Tensor) -> Tensor:
    """Squared Mahalanobis distances of (..., n) differences for (..., n, n) factors.

    Factors that are shared by a leading part of the batch are solved with once, for all its vectors.
    """
    n = difference.shape[-1]
    if scale_tril.dim() == 2:
        rows = difference.reshape(-1, n)
        solved = tg.linalg.solve_triangular(scale_tril, rows.mT, upper=False)
        return solved.pow(2).sum(0).reshape(difference.shape[:-1])
    shape = broadcast_shape(scale_tril.shape[:-2], difference.shape[:-1])
    factors = scale_tril.expand((*shape, n, n))
    solved = tg.linalg.solve_triangular(factors, difference.expand((*shape, n)).unsqueeze(-1), upper=False)
    return solved.squeeze(-1).pow(2).sum(-1)


def _identity(like: Tensor) -> Tensor:
    return tg.eye(like.shape[-1], dtype=like.dtype).expand(like.shape)


def _precision_to_scale_tril(precision: Tensor) -> Tensor:
    """The lower Cholesky factor of the inverse.

    With J the exchange matrix, the lower factor of J P J turned around both ways is an upper one of P.
    """
    factor = tg.linalg.cholesky(precision.flip((-2, -1)))
    upper = factor.flip((-2, -1)).mT
    return tg.linalg.solve_triangular(upper, _identity(precision), upper=False)
