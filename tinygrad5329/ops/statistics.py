"""Statistics of several variables, and distances: cov, corrcoef, dist."""

from __future__ import annotations

from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.dtypes import INEXACT
from tinygrad5329.ops import arithmetic, choosing, diagonals, linalg, norms, shaping, totals
from tinygrad5329.ops.promote import cast, expect_tensor, operands
from tinygrad5329.tensor import Tensor, method

__all__ = ["corrcoef", "cov", "dist"]


def _weights(name: str, weights: Tensor | None, count: int, kinds: str, what: str) -> Tensor | None:
    if weights is None:
        return None
    expect_tensor("cov", name, weights)
    if weights.dim() > 1:
        raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got {weights.dim()}")
    if weights._array.dtype.kind not in kinds:
        raise RuntimeError(f"cov(): expected {name} to have {what} dtype but got {name} with {weights.dtype} dtype")
    if weights.numel() != count:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{weights.numel()} != {count}"
        )
    if (weights._array < 0).any():
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return shaping.reshape(weights, (-1,))


@method
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariance matrix of variables in rows, observed in columns (``torch.cov``).

    Parameters
    ----------
    input : Tensor
        ``(variables, observations)``, or ``(observations,)`` of one variable, whose variance is returned.
    correction : int
        What is subtracted from the number of observations to divide by.
    fweights, aweights : Tensor, optional
        ``(observations,)``: how often each was made (whole numbers), and its importance.

    Raises
    ------
    RuntimeError
        `input` has more than two dimensions or is boolean, or weights do not fit it.
    """
    expect_tensor("cov", "input", input)
    if input.dim() > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but got an input with {input.dim()}")
    if input.dtype is dtypes.bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = shaping.reshape(input, (1, -1)) if input.dim() < 2 else input
    if rows._array.dtype.kind not in INEXACT:
        rows = cast(rows, dtypes.get_default_dtype())
    count = rows._array.shape[1]
    times = _weights("fweights", fweights, count, "iu", "integral")
    importance = _weights("aweights", aweights, count, "fV", "floating point")
    weights = times if importance is None else importance if times is None else arithmetic.mul(times, importance)
    total: Any = count
    if weights is not None:
        total = totals.sum(weights)
        if count and not total._array > 0:
            raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    centre = rows if weights is None else arithmetic.mul(rows, weights)
    mean = arithmetic.div(totals.sum(centre, 1, True), total)
    if importance is None:
        freedom = arithmetic.sub(total, correction) if isinstance(total, Tensor) else total - correction
    else:
        squares = importance if times is None else arithmetic.mul(importance, weights)
        spread = totals.sum(arithmetic.mul(weights, importance) if times is None else squares)
        freedom = arithmetic.sub(total, arithmetic.mul(arithmetic.div(spread, total), correction))
    freedom = choosing.clamp(freedom, min=0) if isinstance(freedom, Tensor) else max(freedom, 0)
    deviations = arithmetic.sub(rows, mean)
    weighted = deviations if weights is None else arithmetic.mul(deviations, weights)
    other = shaping.transpose(weighted, 0, 1)
    if other.is_complex():
        other = other.conj()
    result = arithmetic.div(linalg.matmul(deviations, other), freedom)
    return shaping.squeeze(result) if input.dim() < 2 or rows._array.shape[0] == 1 else result


@method
def corrcoef(input: Tensor) -> Tensor:
    """Pearson's correlation matrix of variables in rows, observed in columns (``torch.corrcoef``)."""
    expect_tensor("corrcoef", "input", input)
    if input.dim() > 2:
        raise RuntimeError(f"corrcoef(): expected input to have two or fewer dimensions but got {input.dim()}")
    covariance = cov(input)
    if covariance.dim() == 0:
        return arithmetic.div(covariance, covariance)
    deviation = diagonals.diagonal(covariance)
    deviation = (deviation.real if covariance.is_complex() else deviation).sqrt()
    result = arithmetic.div(covariance, shaping.unsqueeze(deviation, 1))
    result = arithmetic.div(result, shaping.unsqueeze(deviation, 0))
    return result if result.is_complex() else choosing.clamp(result, -1, 1)


@method
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference of two tensors, which broadcast (``torch.dist``)."""
    expect_tensor("dist", "input", input)
    expect_tensor("dist", "other", other)
    return norms.norm(arithmetic.sub(*operands("dist", input, other)), p)
