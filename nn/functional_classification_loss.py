"""Losses of class targets."""

from __future__ import annotations

from tinygrad5329 import ops
from tinygrad5329.nn.reduction import resolve_reduction
from tinygrad5329.ops.loss import cross_entropy as _cross_entropy
from tinygrad5329.tensor import Tensor


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return softmax and negative log-likelihood in one.

    Parameters
    ----------
    input : Tensor
        (C), (N, C) or (N, C, d1, ...): unnormalised scores.
    target : Tensor
        Class indices (), (N) or (N, d1, ...), or class probabilities in the input's shape.
    weight : Tensor, optional
        (C,), a weight for each class.
    size_average, reduce : bool, optional
        PyTorch's older way to say `reduction`; deprecated.
    ignore_index : int
        Targets of this value (class indices only) count neither in the sum nor in the mean.
    reduction : {"mean", "sum", "none"}
        How the element losses are reduced; the mean of class indices is weighted by `weight`.
    label_smoothing : float
        Between 0 and 1: how much of the target is spread evenly over all classes.

    Raises
    ------
    TypeError
        If an argument is not a Tensor.
    ValueError
        If batch sizes differ or `reduction` is none of the three.
    IndexError
        If a class index is out of range.
    RuntimeError
        If other shapes or dtypes do not fit.

    Notes
    -----
    Matches `torch.nn.functional.cross_entropy`.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> tg.nn.functional.cross_entropy(tg.zeros(2, 4), tg.tensor([0, 3]))
    tensor(1.3863)
    """
    if size_average is not None or reduce is not None:
        reduction = resolve_reduction(size_average, reduce, reduction)
    return _cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative of the log-probability of the target class.

    Parameters
    ----------
    input : Tensor
        (C), (N, C) or (N, C, d1, ...): log-probabilities.
    target : Tensor
        Class indices (), (N) or (N, d1, ...).
    weight, size_average, ignore_index, reduce, reduction
        As for `cross_entropy`, which see for the errors too.

    Notes
    -----
    Matches `torch.nn.functional.nll_loss`.
    """
    if size_average is not None or reduce is not None:
        reduction = resolve_reduction(size_average, reduce, reduction)
    return ops.nll_loss(input, target, weight=weight, ignore_index=ignore_index, reduction=reduction)
