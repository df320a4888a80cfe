"""Connectionist temporal classification: the likelihood of a label sequence, summed over all its alignments.

The labels with a blank before, between and after them are the positions of a lattice. `a[t, n, s]` is the logarithm of
the probability of all paths of sample n that are at position s at time t; one step moves on by 0, 1 or, between
different labels, 2 positions (Graves et al., "Connectionist temporal classification", 2006, section 4.1). All samples
and positions are computed at once; the loop is over time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.ops import arithmetic, choosing, exponential_sums, joining, picking, pointwise, shaping
from tinygrad5329.ops import reduction as reductions
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["ctc_loss"]

#: Stands for log(0): unlike minus infinity, differences of it are numbers.
_NEVER = -1e30


def _positions(labels: Any, blank: int) -> tuple[Any, Any]:
    """The class at each position, (N, L) with L = 2 S + 1, and whether it can be reached from two before."""
    n, s = labels.shape
    classes = np.full((n, 2 * s + 1), blank, np.int64)
    classes[:, 1::2] = labels
    skips = np.zeros(classes.shape, bool)
    skips[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    return classes, skips


def _ends(lengths: Any, count: int) -> Any:
    """Where paths end: at the last blank and at the last label, (N, L)."""
    place = np.arange(count)
    last = 2 * lengths[:, None]
    return (place == last) | (place == last - 1)


def _shifted(a: Any, by: int) -> Any:
    out = np.full_like(a, _NEVER)
    out[:, by:] = a[:, : max(a.shape[1] - by, 0)]
    return out


def _log_add(a: Any, b: Any, c: Any) -> Any:
    top = np.maximum(np.maximum(a, b), c)
    return np.log(np.exp(a - top) + np.exp(b - top) + np.exp(c - top)) + top


def _forward(
    xp: Any, x: Any, labels: Any, frames: Any, lengths: Any, *, blank: int, zero_infinity: bool, keep: bool
) -> tuple[Any, Any]:
    steps = len(x)
    classes, skips = _positions(labels, blank)
    logs = np.maximum(np.take_along_axis(x, classes[None], 2), x.dtype.type(_NEVER))
    a = np.empty_like(logs)
    if steps:
        a[0] = _NEVER
        a[0, :, :2] = logs[0, :, :2]
    for t in range(1, steps):
        before = a[t - 1]
        a[t] = _log_add(before, _shifted(before, 1), np.where(skips, _shifted(before, 2), _NEVER)) + logs[t]
    ends = _ends(lengths, classes.shape[1])
    final = a[frames - 1, np.arange(len(frames))] if steps else np.full(classes.shape, _NEVER, x.dtype)
    # Without frames the empty sequence alone is possible, and certain.
    final = np.where((frames > 0)[:, None], final, np.where(np.arange(classes.shape[1]) == 0, 0, _NEVER))
    final = np.where(ends, final, _NEVER)
    top = final.max(1)
    losses = -(np.log(np.exp(final - top[:, None]).sum(1)) + top).astype(x.dtype)
    impossible = losses > -_NEVER / 2
    losses[impossible] = 0 if zero_infinity else np.inf
    return losses, (classes, skips, logs, a, ends, losses, impossible) if keep else None


def _raw(
    xp: Any, g: Any, needs: Any, x: Any, frames: Any, aux: Any, zero_infinity: bool
) -> tuple[Any, None, None, None]:
    classes, skips, logs, a, ends, losses, impossible = aux
    steps, n, count = logs.shape
    here = np.arange(steps)[:, None] < frames
    # b[n, s]: the logarithm of the probability of all paths from position s at time t to an end.
    occupied = np.empty_like(logs)
    start = np.where(ends, 0, _NEVER).astype(logs.dtype)
    b = np.full((n, count), _NEVER, logs.dtype)
    from_two = np.zeros_like(skips)
    from_two[:, :-2] = skips[:, 2:]
    for t in range(steps - 1, -1, -1):
        after = np.full((n, count + 2), _NEVER, logs.dtype)
        after[:, :count] = b
        b = _log_add(b, after[:, 1:-1], np.where(from_two, after[:, 2:], _NEVER))
        b = np.where((frames - 1 == t)[:, None], start, b)
        np.exp(np.minimum(a[t] + b + losses[:, None], 0), out=occupied[t])
        b = b + logs[t]
    occupied *= here[:, :, None]
    size = x.shape[2]
    flat = (np.arange(steps)[:, None, None] * n + np.arange(n)[:, None]) * size + classes
    posterior = np.bincount(flat.ravel(), occupied.ravel(), minlength=x.size).reshape(x.shape)
    out = (np.exp(x) - posterior) * (here * g)[:, :, None]
    out[here & impossible] = 0 if zero_infinity else np.nan
    return out.astype(x.dtype), None, None, None


def _composite(x: Tensor, labels: Tensor, frames: Tensor, lengths: Tensor, *, blank: int, zero_infinity: bool) -> Any:
    places, skips = _positions(labels._array, blank)
    steps, n, _ = x.shape
    count = places.shape[1]
    ends = wrap(_ends(lengths._array, count))
    mask, never = wrap(skips), wrap(np.full((n, count), _NEVER, x._array.dtype))
    index = wrap(np.broadcast_to(places, (steps, n, count)))
    logs = choosing.clamp(picking.gather(x, 2, index), _NEVER)
    a = choosing.where(wrap(np.arange(count) < 2), logs[0], never)
    levels = [a]
    for t in range(1, steps):
        one = joining.cat([never[:, :1], a[:, :-1]], 1)
        two = choosing.where(mask, joining.cat([never[:, :2], a[:, :-2]], 1)[:, :count], never)
        a = exponential_sums.logsumexp(joining.stack([a, one, two]), 0) + logs[t]
        levels.append(a)
    present = frames._array > 0
    final = joining.stack(levels)[wrap(np.maximum(frames._array - 1, 0)), wrap(np.arange(n))]
    losses = -exponential_sums.logsumexp(choosing.where(ends, final, never), 1)
    possible = (losses._array < -_NEVER / 2) & present
    # The gradient is that on normalised probabilities, which raising all of a frame's cannot improve.
    here = wrap((np.arange(steps)[:, None] < frames._array) & possible)
    mass = pointwise.exp(x).sum(2)  # type: ignore[attr-defined]
    losses = losses + reductions.sum(choosing.where(here, arithmetic.sub(mass, mass.detach()), 0.0), 0)
    certain = ~present & (lengths._array == 0)
    rest = np.where(certain | zero_infinity, 0.0, np.inf).astype(losses._array.dtype)
    return choosing.where(wrap(possible), losses, wrap(rest))


_ctc = Primitive("ctc_loss", _forward, raw=_raw, composite=_composite, aux=True)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The negative log-probability of label sequences whose alignment is unknown.

    Parameters
    ----------
    log_probs : Tensor
        (T, N, C) or, for one sample, (T, C): log-probabilities of the classes at each time, as from `log_softmax`.
    targets : Tensor
        (N, S) padded, or one after the other in one dimension; integers other than `blank`.
    input_lengths, target_lengths : Tensor or sequence of int
        (N,): how many time steps and labels of each sample count.
    blank : int
        The class that stands for no label.
    reduction : {"mean", "sum", "none"}
        "mean" divides each sample's loss by its target's length first.
    zero_infinity : bool
        Count samples whose target does not fit into the input as 0, with gradient 0, instead of infinity.

    Raises
    ------
    RuntimeError
        Shapes, lengths or labels do not fit.

    Notes
    -----
    Matches `torch.nn.functional.ctc_loss`, also in its gradient, ``exp(log_probs)`` minus the probability of being at
    a class: it takes for granted that each frame's probabilities sum to 1, and is exact for whatever `log_softmax`
    is applied to. (PyTorch has no second derivative of it.)

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> logs = tg.full((3, 1, 2), 0.5).log()
    >>> ctc_loss(logs, tg.tensor([[1]]), [3], [1])  # 6 of 8 paths spell "1"
    tensor(0.2877)
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction; use 'mean', 'sum' or 'none'")
    if not log_probs.is_floating_point() or log_probs._array.itemsize == 2:
        raise NotImplementedError(f"\"ctc_loss_cpu\" not implemented for '{log_probs.dtype}'; use float32 or float64")
    single = log_probs.ndim == 2
    if single:
        log_probs = shaping.unsqueeze(log_probs, 1)
        targets = targets.reshape(1, -1)
    if log_probs.ndim != 3 or not log_probs.numel():
        raise RuntimeError(
            f"log_probs tensor must not be empty and of shape (T, N, C) or (T, C), got {tuple(log_probs.shape)}"
        )
    steps, n, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError(f"blank must be in label range: ctc_loss got {blank} with {classes} classes")
    frames = _lengths("input_lengths", input_lengths, n, steps)
    lengths = _lengths("target_lengths", target_lengths, n, targets.shape[-1] if targets.ndim > 1 else targets.numel())
    labels = _padded(targets, lengths, blank)
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise RuntimeError(f"ctc_loss: targets must be from 0 to {classes - 1}, got {labels.min()} to {labels.max()}")
    losses = _ctc(log_probs, wrap(labels), wrap(frames), wrap(lengths), blank=blank, zero_infinity=zero_infinity)
    if reduction == "none":
        return losses[0] if single else losses
    if reduction == "sum":
        return reductions.sum(losses)
    return reductions.mean(losses / wrap(np.maximum(lengths, 1).astype(losses._array.dtype)))


def _lengths(name: str, values: Any, n: int, limit: int) -> Any:
    array = np.asarray(values._array if isinstance(values, Tensor) else values)
    if array.dtype.kind not in "iu" and array.size:
        raise RuntimeError(f"{name} must be integral, got {array.dtype}")
    array = array.astype(np.int64).reshape(-1)
    if len(array) != n:
        raise RuntimeError(f"{name} must be of size batch_size: ctc_loss expected {n} of them, got {len(array)}")
    if n and not (array.min() >= 0 and array.max() <= limit):
        raise RuntimeError(
            f"Expected {name} to have value from 0 to {limit}, but got value {array.max()}, least {array.min()}"
        )
    return array


def _padded(targets: Tensor, lengths: Any, blank: int) -> Any:
    """The labels as (N, S), S the longest; what is beyond a sample's length is blank."""
    if targets._array.dtype.kind not in "iu":
        raise RuntimeError(f"ctc_loss: targets must be integral, got {targets.dtype}")
    n, longest = len(lengths), int(lengths.max()) if len(lengths) else 0
    counts = np.arange(longest) < lengths[:, None]
    labels = np.full((n, longest), blank, np.int64)
    if targets.ndim == 1:
        if lengths.sum() > targets.numel():
            raise RuntimeError(
                f"ctc_loss: target_lengths sum to {lengths.sum()}, but targets has {targets.numel()} labels"
            )
        labels[counts] = targets._array[: lengths.sum()]
    elif targets.ndim == 2 and len(targets._array) == n:
        labels[counts] = targets._array[:, :longest][counts]
    else:
        raise RuntimeError(f"ctc_loss: expected targets (N, S) with N = {n} or 1-D, got {tuple(targets.shape)}")
    return labels
