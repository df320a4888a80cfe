"""Losses of real-valued targets."""

from __future__ import annotations

import warnings

from tinygrad5329.nn.reduction import check_reduction, reduced, resolve_reduction
from tinygrad5329.tensor import Tensor


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the squared difference ``(input - target) ** 2``.

    Parameters
    ----------
    input, target : Tensor
        Of one shape; a different one that can be broadcast draws a warning, as it is seldom meant.
    size_average, reduce : bool, optional
        PyTorch's older way to say `reduction`; deprecated.
    reduction : {"mean", "sum", "none"}
        How the element losses are reduced.
    weight : Tensor, optional
        Of the input's shape: a factor for each element. The mean is then divided by the sum of the weights.

    Raises
    ------
    TypeError
        If an argument is not a Tensor.
    ValueError
        If `reduction` is none of the three, or `weight` has another shape.
    RuntimeError
        If the shapes cannot be broadcast.

    Notes
    -----
    Matches `torch.nn.functional.mse_loss`.
    """
    reduction = _checked("mse_loss", input, target, size_average, reduce, reduction, weight)
    return _weighted_mean((input - target).square(), weight, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the absolute difference ``|input - target|``.

    Arguments and errors as for `mse_loss`. Matches `torch.nn.functional.l1_loss`.
    """
    reduction = _checked("l1_loss", input, target, size_average, reduce, reduction, weight)
    return _weighted_mean((input - target).abs(), weight, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Return the absolute difference, quadratic where it is below `beta`.

    ``0.5 * d**2 / beta`` where ``d = |input - target| < beta``, ``d - 0.5 * beta`` elsewhere; with `beta` 0
    the same as `l1_loss`. Other arguments and errors as for `mse_loss`; a negative `beta` raises
    RuntimeError.

    Matches `torch.nn.functional.smooth_l1_loss`.
    """
    reduction = _checked("smooth_l1_loss", input, target, size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    loss = (input - target).abs() if beta == 0 else _huber(input, target, beta) / beta
    return reduced(loss, reduction)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """Return a loss that is quadratic below `delta` and linear above.

    ``0.5 * d**2`` where ``d = |input - target| < delta``, ``delta * (d - 0.5 * delta)`` elsewhere.

    Parameters
    ----------
    input, target : Tensor
        Of one shape; a different one that can be broadcast draws a warning.
    reduction : {"mean", "sum", "none"}
        How the element losses are reduced.
    delta : float
        Positive.
    weight : Tensor, optional
        Of the input's shape: a factor for each element. The mean is over the number of elements.

    Raises
    ------
    TypeError
        If an argument is not a Tensor.
    ValueError
        If `reduction` is none of the three, or `weight` has another shape.
    RuntimeError
        If the shapes cannot be broadcast or `delta` is not positive.

    Notes
    -----
    Matches `torch.nn.functional.huber_loss`.
    """
    reduction = _checked("huber_loss", input, target, None, None, reduction, weight)
    if delta <= 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta, got {delta}")
    loss = _huber(input, target, delta)
    return reduced(loss if weight is None else loss * weight, reduction)


def _huber(input: Tensor, target: Tensor, delta: float) -> Tensor:
    # With q = min(d, delta), both branches are q * (d - q / 2): no selection, no branch to go NaN.
    distance = (input - target).abs()
    quadratic = distance.clamp_max(delta)
    return quadratic * (distance - 0.5 * quadratic)


def _checked(
    name: str,
    input: Tensor,
    target: Tensor,
    size_average: bool | None,
    reduce: bool | None,
    reduction: str,
    weight: Tensor | None = None,
) -> str:
    """Check what all these losses ask of their arguments, and return the reduction."""
    for argument, value in (("input", input), ("target", target)):
        if not isinstance(value, Tensor):
            raise TypeError(f"{name}(): argument '{argument}' must be Tensor, not {type(value).__name__}")
    reduction = resolve_reduction(size_average, reduce, reduction, stacklevel=4)
    check_reduction(reduction)
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This "
            "will likely lead to incorrect results due to broadcasting. Please ensure they have the same "
            "size.",
            stacklevel=3,
        )
    if weight is not None and weight.shape != input.shape:
        raise ValueError(
            f"Weights and input must have the same size; {name} got weight {tuple(weight.shape)} and input "
            f"{tuple(input.shape)}"
        )
    return reduction


def _weighted_mean(loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    if weight is None:
        return reduced(loss, reduction)
    loss = loss * weight
    return loss.sum() / weight.sum() if reduction == "mean" else reduced(loss, reduction)
