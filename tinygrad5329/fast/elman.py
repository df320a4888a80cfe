"""The Elman layer, compiled: all steps of a pass in one call, products included.

The kernels take sequences of one length in float32 or float64 whose features divide into vectors; everything else
goes to NumPy's kernels in ``ops/elman.py``. Both save the same values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import kernel
from tinygrad5329.fast.products import as_panels, panel_width, product, through_weight, weight_gradient
from tinygrad5329.fast.transcendental import tanh
from tinygrad5329.ops.elman import elman_layer as plain
from tinygrad5329.ops.unrolling import Sizes, as_given, as_rows, rows_before

__all__ = ["KERNELS"]


@kernel
def _steps(x, w, bias, h, u, z, count, depth, features, width, reverse, relu):  # type: ignore[no-untyped-def]
    """Fill z (rows, features) with the states; w and u in panels, h empty for zeros."""
    rows = x.size // depth
    size = count * features
    terms, inner = np.arange(depth), np.arange(features)
    product(x, 0, np.arange(rows) * depth, terms, w, 0, depth * width, terms * width,
            bias, 0, 0, z, 0, features, rows, features, width)  # fmt: skip
    lines = np.arange(count) * features
    columns = inner * width
    zero = z.dtype.type(0)
    number = rows // count
    for step in range(number):
        at = (number - 1 - step if reverse else step) * size
        source, begin = (h, 0) if step == 0 else (z, at + size if reverse else at - size)
        if source.size:
            product(source, begin, lines, inner, u, 0, features * width, columns,
                    z, at, features, z, at, features, count, features, width)  # fmt: skip
        state = z[at : at + size]
        if relu:
            for i in range(size):
                state[i] = zero if state[i] < zero else state[i]
        else:
            for i in range(size):
                state[i] = tanh(state[i])


@kernel
def _back(g, z, u, dz, carry, count, features, width, reverse, relu, whole):  # type: ignore[no-untyped-def]
    """Fill dz (rows, features), and carry (count, features), which holds the last gradients, with dh."""
    size = count * features
    lines, inner = np.arange(count) * features, np.arange(features)
    columns = inner * width
    nothing = np.zeros(features, z.dtype)
    zero, one = z.dtype.type(0), z.dtype.type(1)
    number = z.size // size
    for step in range(number):
        at = (step if reverse else number - 1 - step) * size
        state, here, new = z[at : at + size], g[at : at + size], dz[at : at + size]
        if relu:
            for i in range(size):
                total = here[i] + carry[i]
                new[i] = total if state[i] > zero else total * zero
        else:
            for i in range(size):
                new[i] = (here[i] + carry[i]) * (one - state[i] * state[i])
        if whole or step < number - 1:
            product(dz, at, lines, inner, u, 0, features * width, columns,
                    nothing, 0, 0, carry, 0, features, count, features, width)  # fmt: skip


def _forward(
    xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any, c: Any, *, sizes: Sizes, batch_first: bool, reverse: bool,
    relu: bool, keep: bool,
) -> tuple[Any, Any]:  # fmt: skip
    features = len(w)
    width = panel_width(features, w.dtype)
    if sizes is not None or not width or not x.size or w.dtype.char not in "fd":
        return plain.forward(
            xp, x, h, w, u, b, c, sizes=sizes, batch_first=batch_first, reverse=reverse, relu=relu, keep=keep
        )
    rows, counts = as_rows(x, sizes, batch_first)
    if not rows.flags.carray:
        rows = rows.copy()
    count = counts[0]
    z = np.empty((len(rows), features), x.dtype)
    bias = np.zeros(features, x.dtype) if b is None else b + c
    first = bias[:0] if h is None else h.reshape(-1) if h.flags.carray else h.flatten()
    _steps(
        rows.reshape(-1), as_panels(w.T, width), bias, first, as_panels(u.T, width), z.reshape(-1), count,
        rows.shape[1], features, width, reverse, relu,
    )  # fmt: skip
    final = (z[:count] if reverse else z[-count:]).copy()
    return (as_given(z.copy() if keep else z, x.shape, sizes, batch_first), final[None]), z


def _raw(
    xp: Any, g: Any, needs: Any, x: Any, h: Any, w: Any, u: Any, sizes: Sizes, batch_first: bool, reverse: bool,
    relu: bool, aux: Any,
) -> tuple[Any, ...]:  # fmt: skip
    features = len(w)
    width = panel_width(features, w.dtype)
    if sizes is not None or not width or not x.size or w.dtype.char not in "fd":
        return plain.raw(xp, g, needs, x, h, w, u, sizes, batch_first, reverse, relu, aux)  # type: ignore[misc]
    g, last = g
    g, counts = as_rows(g, sizes, batch_first)
    if not g.flags.carray:
        g = g.copy()
    count = counts[0]
    dz, carry = np.empty((1, *aux.shape), aux.dtype), last.copy()
    _back(
        g.reshape(-1), aux.reshape(-1), as_panels(u, width), dz.reshape(-1), carry.reshape(-1), count, features, width,
        reverse, relu, needs[1],
    )  # fmt: skip
    dw = du = None
    if needs[2]:
        dw = weight_gradient(dz, as_rows(x, sizes, batch_first)[0])
    if needs[3]:
        if h is not None:
            du = weight_gradient(dz, rows_before(aux, h[0], counts, reverse))
        else:
            du = weight_gradient(dz, aux, 0, count) if reverse else weight_gradient(dz, aux, count, 0)
    db = sums.over_rows(dz[0]) if needs[4] or needs[5] else None
    dx = as_given(through_weight(dz, w), x.shape, sizes, batch_first) if needs[0] else None
    return dx, carry, dw, du, db, db


KERNELS = {"elman_layer": Kernels(_forward, _raw)}
