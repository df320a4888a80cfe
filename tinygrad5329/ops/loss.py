"""Classification losses: cross entropy and negative log-likelihood.

With class indices each is one primitive. Cross entropy keeps the exponentials of its softmax for the raw
rule, which needs one pass, ``(p - onehot) * scale``. A recorded backward pass differentiates the same
function in tensor operations, with the targets as a constant matrix of coefficients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.dtypes import FLOATING, float32
from tinygrad5329.ops import arithmetic, shaping
from tinygrad5329.ops import reduction as reductions
from tinygrad5329.ops.class_targets import (
    check_arguments,
    check_target,
    check_weight,
    counting,
    row_starts,
    shares,
    target_shape,
)
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast
from tinygrad5329.tensor import Tensor, recording, wrap

__all__ = ["cross_entropy", "nll_loss"]


# --- the kernels: x (N, C), target (N,) ----------------------------------------------------------------


def _reduced(losses: Any, total: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    loss = np.add.reduce(losses)
    # NumPy's division: the mean of nothing, 0 / 0, is NaN.
    return loss / total if reduction == "mean" else loss


def _row_scale(g: Any, total: Any, counted: Any, reduction: str) -> Any:
    """The gradient that reaches each row's loss, before its share; ignored rows get 0, not 0 / 0."""
    scale = g / total if reduction == "mean" else g
    return scale if counted is None else np.where(counted, scale, 0)


def _cross_entropy_forward(
    xp: Any,
    x: Any,
    target: Any,
    weight: Any,
    *,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
    keep: bool,
) -> tuple[Any, Any]:
    """log(sum(exp(x))) - x[target] for each row, smoothed, weighted and reduced."""
    x = np.ascontiguousarray(x)
    classes = x.shape[1]
    target, counted = counting(target, classes, ignore_index)
    share, total = shares(target, counted, weight, x.dtype)
    starts = row_starts(len(x), classes)
    places = target + starts
    # argmax is several times as fast as a maximum over rows.
    top = x.argmax(1)
    top += starts
    z = x - x.take(top)[:, None]
    losses = z.take(places)
    if label_smoothing:
        everywhere = sums.sum(z, 1) if weight is None else z.dot(weight)
    np.exp(z, z)
    mass = sums.sum(z, 1)
    logs = np.log(mass)
    np.subtract(logs, losses, losses)
    if share is not None:
        losses *= share
    if label_smoothing:
        # (1 - e) times that, and e / C times the same with every class as the target.
        losses *= 1 - label_smoothing
        logs *= classes if weight is None else np.add.reduce(weight)
        logs -= everywhere
        logs *= label_smoothing / classes
        losses += logs
    if counted is not None:
        # Not left to the shares: what is ignored counts 0, also if it is infinite.
        losses[~counted] = 0
    return _reduced(losses, total, reduction), (z, mass, places, share, counted, total) if keep else None


def _cross_entropy_raw(
    xp: Any, g: Any, needs: Any, weight: Any, aux: Any, reduction: str, label_smoothing: float
) -> tuple[Any, Any, Any]:
    exponentials, mass, places, share, counted, total = aux
    scale = _row_scale(g, total, counted, reduction)
    hit = row = scale if share is None else scale * share
    if label_smoothing:
        classes = exponentials.shape[1]
        hit = hit * (1 - label_smoothing)
        rest = scale * (label_smoothing / classes)
        row = hit + rest * (classes if weight is None else np.add.reduce(weight))
    out = exponentials * (row / mass)[:, None]
    out.reshape(-1)[places] -= hit
    if label_smoothing:
        rest = rest.reshape(-1, 1)
        out -= rest if weight is None else rest * weight
    return out, None, None


def _nll_forward(
    xp: Any, x: Any, target: Any, weight: Any, *, ignore_index: int, reduction: str, keep: bool
) -> tuple[Any, Any]:
    target, counted = counting(target, x.shape[1], ignore_index)
    share, total = shares(target, counted, weight, x.dtype)
    places = target + row_starts(*x.shape)
    losses = x.take(places)
    np.negative(losses, losses)
    if share is not None:
        losses *= share
    if counted is not None:
        losses[~counted] = 0
    return _reduced(losses, total, reduction), (places, share, counted, total) if keep else None


def _nll_raw(xp: Any, g: Any, needs: Any, x_shape: Any, x_dtype: Any, aux: Any, reduction: str) -> tuple[Any, Any, Any]:
    places, share, counted, total = aux
    scale = -_row_scale(g, total, counted, reduction)
    out = np.zeros(x_shape, x_dtype)
    out.reshape(-1)[places] = scale if share is None else scale * share
    return out, None, None


def _cross_entropy_composite(
    x: Tensor,
    target: Tensor,
    weight: Tensor | None,
    *,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    logs = reductions.log_softmax(x, 1)
    return _combined(logs, target, weight, ignore_index, reduction, label_smoothing)


def _nll_composite(x: Tensor, target: Tensor, weight: Tensor | None, *, ignore_index: int, reduction: str) -> Tensor:
    return _combined(x, target, weight, ignore_index, reduction, 0.0)


def _combined(
    logs: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    """The loss as a linear function of the logarithms of the probabilities."""
    n, classes = logs.shape
    dtype = logs._array.dtype
    classwise = None if weight is None else weight._array
    index, counted = counting(target._array, classes, ignore_index)
    share, total = shares(index, counted, classwise, dtype)
    matrix = np.zeros((n, classes), dtype)
    if label_smoothing:
        matrix -= label_smoothing / classes * (1 if classwise is None else classwise)
        if counted is not None:
            matrix *= counted[:, None]
    matrix[np.arange(n), index] -= (1 - label_smoothing) * (1 if share is None else share)
    if reduction == "mean":
        with np.errstate(invalid="ignore"):
            matrix /= total
        if counted is not None:
            matrix[~counted] = 0
    return reductions.sum(arithmetic.mul(logs, wrap(matrix)), 1 if reduction == "none" else None)


_cross_entropy = Primitive(
    "cross_entropy_loss",
    _cross_entropy_forward,
    raw=_cross_entropy_raw,
    composite=_cross_entropy_composite,
    aux=True,
)
_nll = Primitive("nll_loss", _nll_forward, raw=_nll_raw, composite=_nll_composite, aux=True)


# --- the functions -------------------------------------------------------------------------------------


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """``-log(softmax(input)[target])`` over the classes (``torch.nn.functional.cross_entropy``).

    Parameters
    ----------
    input : Tensor
        Logits, (C,), (N, C) or (N, C, d1, ...), floating point.
    target : Tensor
        Class indices, int64 or uint8, of the input's shape without C; or class probabilities in the
        input's shape, which may require a gradient.
    weight : Tensor, optional
        (C,), how much each class counts. The mean over indices is divided by the sum of their weights.
    ignore_index : int
        Targets of this value do not count.
    reduction : {"mean", "sum", "none"}
        The mean of nothing is NaN.
    label_smoothing : float
        In [0, 1]: this much of each target is spread evenly over the classes.

    Raises
    ------
    IndexError
        A target is out of bounds.
    ValueError
        Batch sizes differ, or `reduction` is none of the three.
    RuntimeError
        Other shapes or dtypes do not fit; `weight` requires a gradient; `label_smoothing` is not in [0, 1].
    TypeError
        An argument is not a tensor.
    NotImplementedError
        `input` holds integers, bools or complex numbers.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> tg.ops.cross_entropy(tg.zeros(2, 4), tg.tensor([0, 3]))
    tensor(1.3863)
    """
    check_arguments("cross_entropy_loss", input, target, weight, reduction)
    if type(ignore_index) is not int and not hasattr(ignore_index, "__index__"):
        raise TypeError(f"cross_entropy_loss(): argument 'ignore_index' must be int, not {type(ignore_index).__name__}")
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input._array.shape == target._array.shape:
        return _of_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    return _of_indices(
        _cross_entropy,
        input,
        target,
        weight,
        reduction,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
    )


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """``-input[target]``, with log-probabilities as the input (``torch.nn.functional.nll_loss``).

    Shapes, arguments and errors are those of :func:`cross_entropy` with class indices.
    """
    check_arguments("nll_loss_nd", input, target, weight, reduction)
    return _of_indices(_nll, input, target, weight, reduction, ignore_index=ignore_index)


def _of_indices(op: Primitive, input: Tensor, target: Tensor, weight: Any, reduction: str, **params: Any) -> Tensor:
    x, t = input._array, target._array
    if t.dtype != np.int64:
        if t.dtype != np.uint8:
            raise RuntimeError(
                f"expected target dtype to be Long or Byte, but got {scalar_type(t.dtype)}: {op.name} takes "
                f"class indices of shape {target_shape(x)} for an input of shape {tuple(x.shape)}"
            )
        target = wrap(t.astype(np.int64))
    # The common case first.
    if x.ndim != 2 or t.ndim != 1 or len(t) != len(x):
        check_target(op.name, x, t)
        if x.ndim != 2:
            classes = x.shape[0 if x.ndim == 1 else 1]
            input = shaping.reshape(shaping.movedim(input, 1, -1) if x.ndim > 2 else input, (t.size, classes))
        target = shaping.reshape(target, (-1,))
    if weight is not None:
        check_weight(op.name, x, weight)
        if weight._array.dtype != x.dtype:
            raise RuntimeError(
                f"expected scalar type {scalar_type(x.dtype)} but found {scalar_type(weight._array.dtype)}: "
                f"{op.name} needs the weight in the input's dtype"
            )
        if weight.requires_grad and recording():
            raise RuntimeError(f"{op.name} is not differentiable with respect to argument 'weight'; detach() it")
    if x.itemsize == 2:
        weight = None if weight is None else cast(weight, float32)
        result = cast(op(cast(input, float32), target, weight, reduction=reduction, **params), input.dtype)
    else:
        result = op.run(input, target, weight, reduction=reduction, **params)
    if reduction == "none" and x.ndim != 2:
        return shaping.reshape(result, t.shape if x.ndim > 1 else ())
    return result


def _of_probabilities(
    input: Tensor, target: Tensor, weight: Any, ignore_index: int, reduction: str, label_smoothing: float
) -> Tensor:
    shape = input._array.shape
    if target._array.dtype.kind not in FLOATING:
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got "
            f"{scalar_type(target._array.dtype)}: a target in the input's shape, {tuple(shape)}, holds "
            "probabilities"
        )
    if ignore_index >= 0:
        raise RuntimeError(f"ignore_index is not supported for floating point target, got {ignore_index}")
    if not shape:
        raise IndexError("cross_entropy: expected an input of shape (C,), (N, C) or (N, C, d1, ...), got ()")
    axis = 0 if len(shape) == 1 else 1
    classes = shape[axis]
    if label_smoothing and classes:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    product = reductions.log_softmax(input, axis) * target
    if weight is not None:
        check_weight("cross_entropy_loss", input._array, weight)
        product = product * shaping.reshape(weight, (-1, *(1,) * (len(shape) - axis - 1)))
    if reduction == "none":
        return -reductions.sum(product, axis)
    total = -reductions.sum(product)
    return total / (input._array.size // classes if classes else 0) if reduction == "mean" else total
