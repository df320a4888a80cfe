"""Losses of yes-or-no targets."""

from __future__ import annotations

from tinygrad5329 import ops
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn.reduction import check_reduction, reduced, resolve_reduction
from tinygrad5329.tensor import Tensor

# What PyTorch keeps the logarithms above, and the denominator p * (1 - p) of the gradient.
_LOWEST_LOG = -100.0
_LOWEST_VARIANCE = 1e-12


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``-weight * (target * log(input) + (1 - target) * log(1 - input))``.

    The logarithms are not taken below -100, so that probabilities of exactly 0 and 1 give a finite loss; the
    gradient's denominator ``p * (1 - p)`` is not taken below 1e-12.

    Parameters
    ----------
    input, target : Tensor
        Of one shape and dtype, with values between 0 and 1.
    weight : Tensor, optional
        Broadcast to the element losses.
    size_average, reduce : bool, optional
        PyTorch's older way to say `reduction`; deprecated.
    reduction : {"mean", "sum", "none"}
        How the element losses are reduced.

    Raises
    ------
    TypeError
        If an argument is not a Tensor.
    ValueError
        If the shapes differ or `reduction` is none of the three.
    RuntimeError
        If values are outside of [0, 1], or dtypes differ.

    Notes
    -----
    Matches `torch.nn.functional.binary_cross_entropy`. For scores rather than probabilities take
    `binary_cross_entropy_with_logits`, which loses no precision.
    """
    _check_tensors("binary_cross_entropy", input, target)
    reduction = resolve_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is "
            "deprecated. Please ensure they have the same size."
        )
    if not input.is_floating_point() or input.dtype != target.dtype:
        raise RuntimeError(
            f"binary_cross_entropy: input and target must have one floating-point dtype, got {input.dtype} "
            f"and {target.dtype}; convert the target: target.to(input.dtype)"
        )
    with no_grad():
        for name, value in (("input", input), ("target", target)):
            if not ((value >= 0) & (value <= 1)).all():
                raise RuntimeError(f"all elements of {name} should be between 0 and 1")
        saturated = input * (1 - input) < _LOWEST_VARIANCE
    if saturated.any():
        loss = _with_saturated(input, target, saturated)
    else:
        loss = _cross_entropy(target, input.log(), (-input).log1p())
    return reduced(loss if weight is None else loss * weight, reduction)


def _cross_entropy(target: Tensor, log_p: Tensor, log_q: Tensor) -> Tensor:
    return (target - 1) * log_q - target * log_p


def _with_saturated(input: Tensor, target: Tensor, saturated: Tensor) -> Tensor:
    """The element losses where some probabilities are too close to 0 or 1 for the formula."""
    # The logarithm of a saturated input must not be recorded: its gradient would be infinite times zero.
    inner = ops.where(saturated, 0.5, input)
    regular = _cross_entropy(target, inner.log(), (-inner).log1p())
    p = input.detach()
    log_p = p.log().clamp_min(_LOWEST_LOG)
    log_q = (-p).log1p().clamp_min(_LOWEST_LOG)
    slope = (p - target.detach()) / _LOWEST_VARIANCE
    limited = _cross_entropy(target, log_p, log_q) + slope * (input - p)
    return ops.where(saturated, limited, regular)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return the binary cross entropy of ``sigmoid(input)``, computed without overflow or loss of precision.

    Parameters
    ----------
    input, target : Tensor
        Of one shape: scores of any size, and targets between 0 and 1.
    weight : Tensor, optional
        Broadcast to the element losses.
    size_average, reduce : bool, optional
        PyTorch's older way to say `reduction`; deprecated.
    reduction : {"mean", "sum", "none"}
        How the element losses are reduced.
    pos_weight : Tensor, optional
        A factor of the positive part, broadcast to the target.

    Raises
    ------
    TypeError
        If an argument is not a Tensor.
    ValueError
        If the shapes differ or `reduction` is none of the three.

    Notes
    -----
    Matches `torch.nn.functional.binary_cross_entropy_with_logits`:
    ``(1 - t) * x + (1 + (pos_weight - 1) * t) * softplus(-x)``.
    """
    _check_tensors("binary_cross_entropy_with_logits", input, target)
    reduction = resolve_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    if input.shape != target.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    # Beyond 40, log(1 + exp(x)) is x to the last bit even in float64.
    positive = ops.softplus(-input, 1.0, 40.0)
    if pos_weight is not None:
        positive = ((pos_weight - 1) * target + 1) * positive
    loss = (1 - target) * input + positive
    return reduced(loss if weight is None else loss * weight, reduction)


def _check_tensors(name: str, input: Tensor, target: Tensor) -> None:
    for argument, value in (("input", input), ("target", target)):
        if not isinstance(value, Tensor):
            raise TypeError(f"{name}(): argument '{argument}' must be Tensor, not {type(value).__name__}")
