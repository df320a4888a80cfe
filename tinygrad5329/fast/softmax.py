"""softmax and log_softmax over the last dimension: the rows are read once for each sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import kernel, summing
from tinygrad5329.fast.row_maximum import largest
from tinygrad5329.fast.transcendental import exp_of_score
from tinygrad5329.ops.primitive import REGISTRY

__all__ = ["KERNELS"]

_SOFTMAX, _LOG_SOFTMAX = REGISTRY["softmax"], REGISTRY["log_softmax"]

#: The longest row: a sum runs in some thirty lanes, which for this is as exact as NumPy's.
_WIDEST = 8192


@summing
def _softmax(x, out):  # type: ignore[no-untyped-def]
    rows, width = x.shape
    for i in range(rows):
        top, total = largest(x, i, width), x.dtype.type(0)
        for j in range(width):
            weight = exp_of_score(x[i, j] - top)
            out[i, j] = weight
            total += weight
        for j in range(width):
            out[i, j] /= total


@summing
def _softmax_back(g, out, dx):  # type: ignore[no-untyped-def]
    rows, width = out.shape
    for i in range(rows):
        total = out.dtype.type(0)
        for j in range(width):
            total += g[i, j] * out[i, j]
        for j in range(width):
            dx[i, j] = (g[i, j] - total) * out[i, j]


@summing
def _tops_and_logarithms(x, found):  # type: ignore[no-untyped-def]
    """Each row's largest element, and the logarithm of the sum of exponentials after that is subtracted."""
    rows, width = x.shape
    for i in range(rows):
        top, total = largest(x, i, width), x.dtype.type(0)
        for j in range(width):
            total += exp_of_score(x[i, j] - top)
        found[i, 0], found[i, 1] = top, np.log(total)


@kernel
def _subtract_both(x, found, out):  # type: ignore[no-untyped-def]
    """In this order, which a kernel that may add up in any order would not keep: their sum has lost digits."""
    rows, width = x.shape
    for i in range(rows):
        top, logarithm = found[i, 0], found[i, 1]
        for j in range(width):
            out[i, j] = (x[i, j] - top) - logarithm


def _log_softmax(x: Any, out: Any) -> None:
    found = np.empty((len(x), 2), x.dtype)
    _tops_and_logarithms(x, found)
    _subtract_both(x, found, out)


@summing
def _log_softmax_back(g, out, dx):  # type: ignore[no-untyped-def]
    rows, width = out.shape
    for i in range(rows):
        total = out.dtype.type(0)
        for j in range(width):
            total += g[i, j]
        for j in range(width):
            dx[i, j] = g[i, j] - exp_of_score(out[i, j]) * total


def _taken(x: Any, axis: int | None) -> bool:
    """Whether the rows of `x` along `axis` are for the kernels."""
    return (
        axis is not None
        and axis in (-1, x.ndim - 1)
        and x.itemsize >= 4
        and x.flags.carray
        and 0 < x.shape[-1] <= _WIDEST
    )


def _along_rows(function: Any, *arrays: Any) -> Any:
    out = np.empty(arrays[0].shape, arrays[0].dtype)
    width = out.shape[-1]
    function(*[each.reshape(-1, width) for each in (*arrays, out)])
    return out


def _twin(op: Any, forward: Any, backward: Any) -> Kernels:
    """As NumPy's kernels, which take half precision, other dimensions, other layouts and very long rows."""

    def run(xp: Any, x: Any, *, axis: int | None) -> Any:
        return _along_rows(forward, x) if _taken(x, axis) else op.forward(xp, x, axis=axis)

    def raw(xp: Any, g: Any, needs: Any, out: Any, axis: int | None) -> tuple[Any]:
        if not _taken(out, axis):
            return op.raw(xp, g, needs, out, axis)  # type: ignore[no-any-return]
        return (_along_rows(backward, g if g.flags.carray else g.copy(), out),)

    return Kernels(run, raw)


KERNELS = {
    "softmax": _twin(_SOFTMAX, _softmax, _softmax_back),
    "log_softmax": _twin(_LOG_SOFTMAX, _log_softmax, _log_softmax_back),
}
