"""Why an analytic and a numeric Jacobian differ: what :func:`gradcheck` writes below the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.tensor import Tensor

__all__ = ["likely_cause"]


def likely_cause(
    analytic: Any,
    numeric: Any,
    wrong: Any,
    slopes: tuple[float, float],
    input: Tensor,
    output: Tensor,
    *,
    missing: bool,
    atol: float,
    rtol: float,
) -> str:
    """The most specific known explanation, in words.

    Parameters
    ----------
    analytic, numeric, wrong : ndarray
        The Jacobians and where they differ, of shape (elements of the input, elements of the output).
    slopes : pair of float
        The difference quotients to the left and to the right of the worst entry.
    input, output : Tensor
        Whose Jacobian it is.
    missing : bool
        Whether the tape had no gradient at all.
    """

    def agrees(a: Any, b: Any) -> bool:
        return bool(np.allclose(a, b, rtol=max(rtol, 1e-3), atol=max(atol, 1e-7)))

    if input._array.dtype != np.float64 or output._array.dtype != np.float64:
        which = input if input._array.dtype != np.float64 else output
        return (
            f"the numeric value is not exact: {which.dtype.name} cannot resolve such small steps; pass float64 tensors"
        )
    if missing:
        return (
            "the gradient is None: no recorded path leads from this output to this input; look for detach(), .data, "
            ".numpy(), .item(), an integer cast or no_grad() between them"
        )
    if not np.isfinite(numeric[wrong]).all():
        return "the function is not finite near this point; choose inputs inside its domain"
    if not np.isfinite(analytic[wrong]).all():
        return "the rule gives NaN or an infinity where the function is smooth: 0 * inf or a division by zero in it"
    left, right = slopes
    if abs(left - right) > 1e-3 + 0.01 * max(abs(left), abs(right)):
        return (
            f"it looks like a kink: the slope is {left:.6g} on the left and {right:.6g} on the right; move the input "
            "away from it by more than eps"
        )
    if not analytic.any():
        return "the gradient is zero everywhere: the rule returns zeros, or g was lost on the way"
    if agrees(analytic, -numeric):
        return "the sign is flipped"
    if agrees(2 * analytic, numeric):
        return (
            "the numeric value is twice the analytic: a contribution is missing, as when an input is used twice and "
            "counted once"
        )
    if agrees(analytic, 2 * numeric):
        return "the analytic value is twice the numeric: a contribution is counted twice"
    if _transposed(analytic, numeric, input, output, agrees):
        return "the gradient is transposed: the right numbers stand at the wrong places"
    factor = _factor(analytic, numeric)
    if factor is not None and agrees(analytic, factor * numeric):
        return f"the analytic gradient is {factor:.6g} times the numeric one: a constant factor in the rule is wrong"
    if not analytic[wrong].any():
        return (
            f"the gradient is zero at {int(wrong.sum())} entries where the function does change: part of the input "
            "gets no gradient"
        )
    if input._array.ndim and not wrong.all():
        elements = np.unique(np.nonzero(wrong)[0])
        if len(elements) < len(wrong):
            return (
                f"the rule is wrong for {len(elements)} of the {len(wrong)} elements of the input: a branch of it, or "
                "a broadcast, reduced or repeated part"
            )
    return "the rule is not the derivative of the forward"


def _factor(analytic: Any, numeric: Any) -> float | None:
    """The constant by which the Jacobians differ, as far as one number can say."""
    scale = float((numeric * numeric).sum())
    return float((analytic * numeric).sum()) / scale if scale else None


def _transposed(analytic: Any, numeric: Any, input: Tensor, output: Tensor, agrees: Any) -> bool:
    """Whether exchanging the last two dimensions of the input or of the output mends the Jacobian."""
    full = analytic.reshape(*input.shape, *output.shape)
    expected = numeric.reshape(full.shape)
    ndim = input._array.ndim
    for last in ((ndim,) if ndim >= 2 else ()) + ((full.ndim,) if output._array.ndim >= 2 else ()):
        swapped = np.swapaxes(full, last - 1, last - 2)
        if swapped.shape == expected.shape and not agrees(full, expected) and agrees(swapped, expected):
            return True
    # A matrix may also have been laid out in the wrong order: right sums, wrong places.
    if ndim >= 2 and input.shape[-1] != input.shape[-2]:
        rows = analytic.reshape(*input.shape[:-2], input.shape[-1], input.shape[-2], *output.shape)
        return agrees(np.swapaxes(rows, ndim - 1, ndim - 2), expected)
    return False
