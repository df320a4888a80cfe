"""Losses that compare distributions: Kullback-Leibler, Poisson and Gaussian likelihoods."""

from __future__ import annotations

import math
import warnings

from tinygrad5329 import ops
from tinygrad5329.creation import full_like
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn.reduction import check_reduction, reduced, resolve_reduction
from tinygrad5329.tensor import Tensor


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Return ``target * (log(target) - input)``, the divergence of the distribution whose logarithm is `input`.

    Parameters
    ----------
    input : Tensor
        Log-probabilities, of any shape.
    target : Tensor
        Probabilities of the same shape, or with `log_target` their logarithms.
    size_average, reduce : bool, optional
        PyTorch's older way to say `reduction`; deprecated.
    reduction : {"mean", "batchmean", "sum", "none"}
        "batchmean", the sum over the first dimension's length, is the divergence; "mean" divides by all sizes
        and warns.
    log_target : bool
        Whether `target` is in logarithms too.

    Notes
    -----
    Matches `torch.nn.functional.kl_div`.
    """
    if size_average is not None or reduce is not None:
        reduction = resolve_reduction(size_average, reduce, reduction)
    elif reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    if reduction != "batchmean":
        check_reduction(reduction)
    if log_target:
        loss = target.exp() * (target - input)
    else:
        # 0 * log(0) is 0 here.
        present = target != 0
        entropy = ops.where(present, target * ops.where(present, target, 1.0).log(), 0.0)
        loss = entropy - target * input
    if reduction == "batchmean":
        total = loss.sum()
        return total / input.shape[0] if input.ndim else total
    return reduced(loss, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-likelihood of counts: ``exp(input) - target * input``.

    Parameters
    ----------
    input : Tensor
        The logarithm of the rate or, with `log_input` False, the rate.
    target : Tensor
        Counts, of the input's shape.
    log_input : bool
        What `input` is; if False, the loss is ``input - target * log(input + eps)``.
    full : bool
        Add Stirling's approximation of ``log(target!)``, for targets above 1.
    size_average, reduce : bool, optional
        PyTorch's older way to say `reduction`; deprecated.
    eps : float
        Keeps the logarithm from 0.
    reduction : {"mean", "sum", "none"}
        How the element losses are reduced.

    Notes
    -----
    Matches `torch.nn.functional.poisson_nll_loss`.
    """
    reduction = resolve_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        many = target > 1
        count = ops.where(many, target, 2.0)
        stirling = count * count.log() - count + 0.5 * (2 * math.pi * count).log()
        loss = loss + ops.where(many, stirling, 0.0)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-likelihood of normal variables: ``(log(var) + (input - target) ** 2 / var) / 2``.

    Parameters
    ----------
    input, target : Tensor
        Means and observations, of one shape.
    var : Tensor or float
        Variances: of the input's shape, that shape without its last dimension, or with one dimension of length 1.
    full : bool
        Add the constant ``log(2 pi) / 2``.
    eps : float
        The least variance; the gradient ignores this limit.
    reduction : {"mean", "sum", "none"}
        How the element losses are reduced.

    Raises
    ------
    ValueError
        A variance is negative, its shape does not fit, or `reduction` is none of the three.

    Notes
    -----
    Matches `torch.nn.functional.gaussian_nll_loss`; Nix and Weigend, 1994.
    """
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = full_like(input, var)
    elif bool((var < 0).any()):
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif input.ndim != var.ndim or sum(n for m, n in zip(input.shape, var.shape, strict=True) if m != n) != 1:
            raise ValueError(
                f"var is of incorrect size: got {tuple(var.shape)} for an input of shape {tuple(input.shape)}"
            )
    check_reduction(reduction)
    spread: Tensor = var.clone()  # type: ignore[union-attr]
    with no_grad():
        spread.clamp_(min=eps)
    loss = 0.5 * (spread.log() + (input - target).square() / spread)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)
