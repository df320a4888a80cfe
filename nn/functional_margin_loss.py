"""Losses with a margin: ranking, hinge, and the multi-class and multi-label margins."""

from __future__ import annotations

from tinygrad5329 import ops
from tinygrad5329.creation import arange, zeros
from tinygrad5329.dtypes import bool_, int64
from tinygrad5329.nn.reduction import check_reduction, reduced, resolve_reduction
from tinygrad5329.tensor import Tensor


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``max(0, -target * (input1 - input2) + margin)``; target 1 wants `input1` larger, -1 `input2`.

    Raises RuntimeError if the numbers of dimensions differ. Matches `torch.nn.functional.margin_ranking_loss`.
    """
    reduction = resolve_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    if input1.ndim != input2.ndim or input1.ndim != target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return reduced((-target * (input1 - input2) + margin).clamp_min(0), reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the distance `input` itself where the target is 1, ``max(0, margin - input)`` where it is -1.

    Matches `torch.nn.functional.hinge_embedding_loss`.
    """
    reduction = resolve_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    far = ops.where(target != 1, (margin - input).clamp_min(0), 0.0)
    near = ops.where(target != -1, input, 0.0)
    return reduced(far + near, reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``log(1 + exp(-target * input))`` for targets 1 and -1, without overflow.

    Matches `torch.nn.functional.soft_margin_loss`.
    """
    reduction = resolve_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    return reduced(-ops.logsigmoid(target * input), reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the multi-class hinge ``sum_{i != y} max(0, margin - x[y] + x[i]) ** p / C``.

    Parameters
    ----------
    input : Tensor
        Scores, (C,) or (N, C).
    target : Tensor
        Class indices, () or (N,), int64.
    p : {1, 2}
        The exponent.
    margin : float
        The margin.
    weight : Tensor, optional
        (C,), a factor for each target class.
    size_average, reduce : bool, optional
        PyTorch's older way to say `reduction`; deprecated.
    reduction : {"mean", "sum", "none"}
        How the losses of the samples are reduced.

    Raises
    ------
    ValueError
        `p` is neither 1 nor 2, or `weight` is not 1-D.
    RuntimeError
        The shapes do not fit, or a target is out of range.

    Notes
    -----
    Matches `torch.nn.functional.multi_margin_loss`.
    """
    reduction = resolve_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    if input.ndim > 2 or (input.ndim and input.shape[-1] == 0):
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {tuple(input.shape)}"
        )
    scores = input.reshape(-1, input.shape[-1] if input.ndim else 1)
    samples, classes = scores.shape
    if target.ndim > 1 or target.numel() != samples:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{samples}], but got {list(target.shape)}. Input has shape "
            f"{list(input.shape)}."
        )
    if weight is not None and weight.numel() != classes:
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {tuple(weight.shape)}")
    if target.dtype != int64:
        raise RuntimeError(f"multi_margin_loss: expected target of dtype int64 but got {target.dtype}")
    index = target.reshape(-1, 1)
    if bool(((index < 0) | (index >= classes)).any()):
        raise RuntimeError(f"multi_margin_loss: target out of range, expected values from 0 to {classes - 1}")
    excess = (margin - scores.gather(1, index) + scores).clamp_min(0)
    if p == 2:
        excess = excess.square()
    if weight is not None:
        excess = excess * weight[index]
    loss = _without(excess, index).sum(1) / classes
    if reduction == "none" and target.ndim == 0:
        loss = loss.reshape(())
    return reduced(loss, reduction)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``sum max(0, 1 - x[j] + x[i]) / C`` over the target classes j and the other classes i.

    Parameters
    ----------
    input : Tensor
        Scores, (C,) or (N, C).
    target : Tensor
        Of the same shape, int64: the target classes of each sample, ended by the first negative number.
    size_average, reduce : bool, optional
        PyTorch's older way to say `reduction`; deprecated.
    reduction : {"mean", "sum", "none"}
        How the losses of the samples are reduced.

    Raises
    ------
    RuntimeError
        The shapes differ, or a target is out of range.

    Notes
    -----
    Matches `torch.nn.functional.multilabel_margin_loss`.
    """
    reduction = resolve_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    if input.ndim > 2 or (input.ndim and input.shape[-1] == 0):
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {tuple(input.shape)}"
        )
    if target.shape != input.shape:
        raise RuntimeError(f"inconsistent target size: {tuple(target.shape)} for input of size: {tuple(input.shape)}")
    if target.dtype != int64:
        raise RuntimeError(f"multilabel_margin_loss: expected target of dtype int64 but got {target.dtype}")
    classes = input.shape[-1] if input.ndim else 1
    scores, labels = input.reshape(-1, classes), target.reshape(-1, classes)
    listed = (labels < 0).to(int64).cumsum(1) == 0
    if bool((listed & (labels >= classes)).any()):
        raise RuntimeError(f"multilabel_margin_loss: target out of range, expected values up to {classes - 1}")
    longest = int(listed.sum(1).max()) if labels.numel() else 0
    labels, listed = labels[:, :longest].clamp_min(0), listed[:, :longest]
    rows, places = listed.nonzero(as_tuple=True)
    wanted = zeros(scores.shape, dtype=bool_)
    wanted[rows, labels[rows, places]] = True
    # (N, target classes, all classes)
    excess = (1 - scores.gather(1, labels).unsqueeze(2) + scores.unsqueeze(1)).clamp_min(0)
    loss = ops.where(listed.unsqueeze(2) & ~wanted.unsqueeze(1), excess, 0.0).sum((1, 2)) / classes
    if reduction == "none" and input.ndim < 2:
        loss = loss.reshape(())
    return reduced(loss, reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the binary cross entropy of logits, averaged over the classes in the last dimension.

    `weight` is a factor for each class. Matches `torch.nn.functional.multilabel_soft_margin_loss`.
    """
    reduction = resolve_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    loss = -(target * ops.logsigmoid(input) + (1 - target) * ops.logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(-1) / (input.shape[-1] if input.ndim else 1), reduction)


def _without(values: Tensor, index: Tensor) -> Tensor:
    """`values` (N, C) with 0 at the one class of each row that `index` (N, 1) names."""
    return ops.where(arange(values.shape[1]) == index, 0.0, values)
