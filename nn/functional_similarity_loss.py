"""Losses of pairs and triplets: similar inputs should come out near each other, dissimilar ones far apart."""

from __future__ import annotations

from collections.abc import Callable

from tinygrad5329 import ops
from tinygrad5329.nn.functional_distance import pairwise_distance
from tinygrad5329.nn.reduction import check_reduction, reduced, resolve_reduction
from tinygrad5329.tensor import Tensor


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``1 - cos(input1, input2)`` where the target is 1, ``max(0, cos - margin)`` where it is -1.

    Shapes: inputs (N, D) with targets (N,), or (D,) with (); others raise RuntimeError. Matches
    `torch.nn.functional.cosine_embedding_loss`.
    """
    reduction = resolve_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    if target.ndim > 1:
        raise RuntimeError("cosine_embedding_loss: 0D or 1D target tensor expected, multi-target not supported")
    if input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        raise RuntimeError(
            f"cosine_embedding_loss: {target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found "
            f"inputs with sizes {tuple(input1.shape)} and {tuple(input2.shape)}."
        )
    dot = (input1 * input2).sum(-1)
    squares = ((input1 * input1).sum(-1) + 1e-12) * ((input2 * input2).sum(-1) + 1e-12)
    cosine = dot / squares.sqrt()
    near = ops.where(target == 1, 1 - cosine, 0.0)
    far = ops.where(target == -1, (cosine - margin).clamp_min(0), 0.0)
    return reduced(near + far, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``max(0, |anchor - positive| - |anchor - negative| + margin)``.

    Parameters
    ----------
    anchor, positive, negative : Tensor
        (N, D) or (D,).
    margin : float
        Positive.
    p, eps : float
        The norm, and what is added to differences, as for `pairwise_distance`.
    swap : bool
        Use the distance from positive to negative where it is the smaller one (Balntas et al., "Learning shallow
        convolutional feature descriptors with triplet losses", 2016).
    size_average, reduce : bool, optional
        PyTorch's older way to say `reduction`; deprecated.
    reduction : {"mean", "sum", "none"}
        How the losses of the samples are reduced.

    Raises
    ------
    ValueError
        `margin` is not positive.
    RuntimeError
        The numbers of dimensions differ.

    Notes
    -----
    Matches `torch.nn.functional.triplet_margin_loss`.
    """
    reduction = resolve_reduction(size_average, reduce, reduction)
    return triplet_margin_with_distance_loss(
        anchor,
        positive,
        negative,
        distance_function=lambda a, b: pairwise_distance(a, b, p, eps),
        margin=margin,
        swap=swap,
        reduction=reduction,
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with any function of two tensors as the distance, `pairwise_distance` if None.

    Matches `torch.nn.functional.triplet_margin_with_distance_loss`.
    """
    check_reduction(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but "
            f"got: anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ops.minimum(far, distance(positive, negative))
    return reduced((margin + near - far).clamp_min(0), reduction)
