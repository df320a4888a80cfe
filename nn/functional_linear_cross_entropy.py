"""A linear layer and cross entropy in one call."""

from __future__ import annotations

import warnings

from tinygrad5329 import ops
from tinygrad5329.dtypes import int64
from tinygrad5329.nn.functional_classification_loss import cross_entropy
from tinygrad5329.nn.functional_linear import linear
from tinygrad5329.nn.linear_cross_entropy_options import LinearCrossEntropyOptions, rows_at_a_time
from tinygrad5329.tensor import Tensor


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """Return ``cross_entropy(linear(input, linear_weight, linear_bias), target, ...)``.

    Parameters
    ----------
    input : Tensor
        (N, in_features) or (in_features,).
    linear_weight : Tensor
        (C, in_features), or (C, d1, ..., in_features) for targets (N, d1, ...).
    target : Tensor
        Class indices or probabilities, as for `cross_entropy`.
    linear_bias : Tensor, optional
        Of the weight's shape without its last dimension.
    weight, reduction, label_smoothing
        As for `cross_entropy`.
    ignore_index : int, optional
        Targets of this value do not count; for class indices only.
    options : LinearCrossEntropyOptions, optional
        Work on some rows of the batch at a time, to save memory. For class indices of shape (N,) without smoothing;
        otherwise there is a warning and all is done at once.

    Raises
    ------
    RuntimeError
        Shapes do not fit, or `ignore_index` is given with class probabilities.

    Notes
    -----
    Matches `torch.nn.functional.linear_cross_entropy`.
    """
    if input.ndim not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.ndim}")
    if linear_weight.ndim < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {linear_weight.ndim}")
    if input.shape[-1] != linear_weight.shape[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{input.shape[-1]} and {linear_weight.shape[-1]}, respectively"
        )
    outputs = linear_weight.shape[:-1]
    if linear_bias is not None and linear_bias.shape != outputs:
        raise RuntimeError(f"expected linear_bias shape {tuple(outputs)}, got {tuple(linear_bias.shape)}")
    if len(outputs) > 1 and input.ndim == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires batched input, "
            f"(N, {input.shape[-1]}), got unbatched input with shape {tuple(input.shape)}"
        )
    shape = (*input.shape[:-1], *outputs)
    if tuple(target.shape) == shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    if input.ndim == 2 and target.ndim and target.shape[0] != input.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]})."
        )
    index = -100 if ignore_index is None else ignore_index
    if options is not None:
        if len(outputs) == 1 and target.dtype == int64 and not label_smoothing:
            return _in_parts(input, linear_weight, target, linear_bias, weight, reduction, index, options)
        warnings.warn(
            "linear_cross_entropy: ``options`` ignored; work in chunks needs label_smoothing == 0, target.dtype == "
            f"int64 and a 2-D linear_weight. Got label_smoothing={label_smoothing}, target.dtype={target.dtype}, "
            f"linear_weight of shape {tuple(linear_weight.shape)}.",
            stacklevel=2,
        )
    logits = linear(
        input,
        linear_weight.reshape(-1, input.shape[-1]),
        None if linear_bias is None else linear_bias.reshape(-1),
    )
    return cross_entropy(
        logits.reshape(shape),
        target,
        weight=weight,
        ignore_index=index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def _in_parts(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    bias: Tensor | None,
    weight: Tensor | None,
    reduction: str,
    ignore_index: int,
    options: LinearCrossEntropyOptions,
) -> Tensor:
    """The same from the losses of some rows at a time, each with logits of its own."""
    from tinygrad5329.utils.checkpoint import checkpoint

    def losses(x: Tensor, y: Tensor) -> Tensor:
        logits = linear(x, linear_weight, bias)
        return cross_entropy(logits, y, weight=weight, ignore_index=ignore_index, reduction="none")

    rows, targets = input.reshape(-1, input.shape[-1]), target.reshape(-1)
    count = rows_at_a_time(options, len(rows), input.shape[-1], linear_weight.shape[0], input.dtype)
    starts = range(0, len(rows), count) if count else [0]
    loss = ops.cat(
        [
            checkpoint(
                losses, rows[i : i + count], targets[i : i + count], use_reentrant=False, preserve_rng_state=False
            )
            for i in starts
        ]
    )
    if reduction == "none":
        return loss.reshape(target.shape)
    total = loss.sum()
    if reduction == "sum":
        return total
    counted = targets != ignore_index
    shares = counted.to(loss.dtype)
    if weight is not None:
        shares = shares * weight[ops.where(counted, targets, 0)]
    return total / shares.sum()
