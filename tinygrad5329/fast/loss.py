"""Cross entropy and negative log-likelihood of class indices: one pass over the rows in each direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import kernel, summing
from tinygrad5329.fast.ordering import rank, unrank
from tinygrad5329.fast.transcendental import exp, log
from tinygrad5329.ops.primitive import REGISTRY

__all__ = ["KERNELS"]

_NUMPY, _NUMPY_NLL = REGISTRY["cross_entropy_loss"], REGISTRY["nll_loss"]

# x (N, C), target (N,). A weight that is not there is an array of no elements. `kept` holds `z` (N, C), `inverse`
# (N,) and `losses` (N,): the exponentials, one over their sums, and the rows' losses. The passes are apart because
# rows are short: over all elements at once the exponential fills its vectors. What returns is the loss, what the
# losses' sum was divided by, and whether all targets are in range.


@summing
def _forward_of_rows(x, target, weight, ignore_index, smoothing, average, kept):  # type: ignore[no-untyped-def]
    n, classes = x.shape
    z, inverse, losses = _parts(kept, n, classes)
    for i in range(n):
        t = target[i]
        if t != ignore_index and not 0 <= t < classes:
            return x.dtype.type(0), 0.0, False
        highest = rank(x[i, 0])
        for j in range(1, classes):
            highest = max(highest, rank(x[i, j]))
        top = unrank(highest)
        for j in range(classes):
            z[i, j] = x[i, j] - top
        losses[i] = z[i, t] if t != ignore_index else 0
    everywhere = _sums_of_rows(z, weight) if smoothing else inverse
    flat = z.ravel()
    for k in range(flat.size):
        flat[k] = exp(flat[k])
    for i in range(n):
        mass = x.dtype.type(0)
        for j in range(classes):
            mass += z[i, j]
        inverse[i] = mass
    if smoothing:
        # (1 - e) times that, and e / C times the same with every class as the target.
        for i in range(n):
            share = weight[target[i]] if weight.size and target[i] != ignore_index else 1
            own = (log(inverse[i]) - losses[i]) * share * (1 - smoothing)
            losses[i] = own + (log(inverse[i]) * _total(weight, classes) - everywhere[i]) * (smoothing / classes)
            inverse[i] = 1 / inverse[i]
    else:
        for i in range(n):
            losses[i] = log(inverse[i]) - losses[i]
            inverse[i] = 1 / inverse[i]
    loss, shares = 0.0, 0.0
    for i in range(n):
        t = target[i]
        if t == ignore_index:
            # Not left to a factor: what is ignored counts 0, also if it is infinite.
            losses[i] = 0
            continue
        share = float(weight[t]) if weight.size else 1.0
        if not smoothing:
            losses[i] *= share
        loss += losses[i]
        shares += share
    total = shares if average else 1.0
    return x.dtype.type(loss / total), total, True


@kernel
def _parts(kept, n, classes):  # type: ignore[no-untyped-def]
    first, second = n * classes, n * classes + n
    return kept[:first].reshape(n, classes), kept[first:second], kept[second:]


@summing
def _sums_of_rows(z, weight):  # type: ignore[no-untyped-def]
    """The sums over the classes, each times its weight."""
    sums = np.empty(z.shape[0], z.dtype)
    for i in range(z.shape[0]):
        total = z.dtype.type(0)
        if weight.size:
            for j in range(z.shape[1]):
                total += z[i, j] * weight[j]
        else:
            for j in range(z.shape[1]):
                total += z[i, j]
        sums[i] = total
    return sums


@summing
def _total(weight, classes):  # type: ignore[no-untyped-def]
    """The sum of the classes' weights."""
    if weight.size == 0:
        return float(classes)
    total = 0.0
    for j in range(weight.size):
        total += weight[j]
    return total


@kernel
def _backward_of_rows(g, total, kept, target, weight, ignore_index, smoothing, out):  # type: ignore[no-untyped-def]
    n, classes = out.shape
    z, inverse, _ = _parts(kept, n, classes)
    everything = _total(weight, classes)
    for i in range(n):
        t = target[i]
        counted = t != ignore_index
        hit, rest = 0.0, 0.0
        if counted:
            scale = g[i if g.size > 1 else 0] / total
            hit = scale * (weight[t] if weight.size else 1) * (1 - smoothing)
            rest = scale * (smoothing / classes)
        factor, spread = out.dtype.type((hit + rest * everything) * inverse[i]), out.dtype.type(rest)
        if smoothing and weight.size:
            for j in range(classes):
                out[i, j] = z[i, j] * factor - spread * weight[j]
        else:
            for j in range(classes):
                out[i, j] = z[i, j] * factor - spread
        if counted:
            out[i, t] -= hit


@kernel
def _nll_of_rows(x, target, weight, ignore_index, average, losses):  # type: ignore[no-untyped-def]
    n, classes = x.shape
    loss, shares = 0.0, 0.0
    for i in range(n):
        t = target[i]
        own = 0.0
        if t != ignore_index:
            if not 0 <= t < classes:
                return x.dtype.type(0), 0.0, False
            share = float(weight[t]) if weight.size else 1.0
            own = -x[i, t] * share
            shares += share
            loss += own
        losses[i] = own
    total = shares if average else 1.0
    return x.dtype.type(loss / total), total, True


@kernel
def _nll_backward_of_rows(g, total, target, weight, ignore_index, out):  # type: ignore[no-untyped-def]
    out[:] = 0
    for i in range(out.shape[0]):
        t = target[i]
        if t != ignore_index:
            out[i, t] = -(g[i if g.size > 1 else 0] / total) * (weight[t] if weight.size else 1)


_NOTHING = {np.dtype(dtype): np.empty(0, dtype) for dtype in (np.float32, np.float64)}


def _plain(x: Any) -> Any:
    return x if x.flags.carray else x.copy()


def _forward(
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
    """As NumPy's, which takes what is not C-contiguous and writeable, or empty, and names targets out of range."""
    if x.flags.carray and x.size:
        dtype = x.dtype
        target, classwise = _plain(target), _NOTHING[dtype] if weight is None else _plain(weight)
        rows = len(x)
        kept = np.empty(x.size + 2 * rows, dtype)
        loss, total, right = _forward_of_rows(
            x, target, classwise, ignore_index, label_smoothing, reduction == "mean", kept
        )
        if right:
            out = kept[-rows:].copy() if reduction == "none" else dtype.type(loss)
            return out, (kept, total, target, classwise, x.shape) if keep else None
    return _NUMPY.forward(  # type: ignore[no-any-return]
        xp,
        x,
        target,
        weight,
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
        keep=keep,
    )


def _raw(
    xp: Any, g: Any, needs: Any, weight: Any, aux: Any, reduction: str, label_smoothing: float, ignore_index: int
) -> tuple[Any, Any, Any]:
    if len(aux) != 5:  # NumPy's kernel keeps six things
        return _NUMPY.raw(xp, g, needs, weight, aux, reduction, label_smoothing)  # type: ignore[no-any-return, misc]
    kept, total, target, classwise, shape = aux
    out = np.empty(shape, kept.dtype)
    _backward_of_rows(_plain(g).ravel(), total, kept, target, classwise, ignore_index, label_smoothing, out)
    return out, None, None


def _nll_forward(
    xp: Any, x: Any, target: Any, weight: Any, *, ignore_index: int, reduction: str, keep: bool
) -> tuple[Any, Any]:
    """As NumPy's, under the same conditions as cross entropy."""
    if x.flags.carray and x.size:
        dtype = x.dtype
        target, classwise = _plain(target), _NOTHING[dtype] if weight is None else _plain(weight)
        losses = np.empty(len(x), dtype)
        loss, total, right = _nll_of_rows(x, target, classwise, ignore_index, reduction == "mean", losses)
        if right:
            kept = (total, target, classwise) if keep else None
            return losses if reduction == "none" else dtype.type(loss), kept
    return _NUMPY_NLL.forward(  # type: ignore[no-any-return]
        xp, x, target, weight, ignore_index=ignore_index, reduction=reduction, keep=keep
    )


def _nll_raw(
    xp: Any, g: Any, needs: Any, x_shape: Any, x_dtype: Any, aux: Any, reduction: str, ignore_index: int
) -> tuple[Any, Any, Any]:
    if len(aux) != 3:  # NumPy's kernel keeps four things
        return _NUMPY_NLL.raw(xp, g, needs, x_shape, x_dtype, aux, reduction)  # type: ignore[no-any-return, misc]
    total, target, classwise = aux
    out = np.empty(x_shape, x_dtype)
    _nll_backward_of_rows(_plain(g).ravel(), total, target, classwise, ignore_index, out)
    return out, None, None


KERNELS = {"cross_entropy_loss": Kernels(_forward, _raw), "nll_loss": Kernels(_nll_forward, _nll_raw)}
