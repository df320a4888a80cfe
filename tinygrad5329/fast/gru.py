"""The GRU layer, compiled: all steps of a pass in one call, products included; see `lstm.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import kernel
from tinygrad5329.fast.products import as_panels, panel_width, product, through_weight, weight_gradient
from tinygrad5329.fast.transcendental import logistic, tanh
from tinygrad5329.ops.gru import gru_layer as plain
from tinygrad5329.ops.unrolling import Sizes, as_given, as_rows, rows_before, sum_over_rows

__all__ = ["KERNELS"]


@kernel
def _steps(  # type: ignore[no-untyped-def]
    x, w, bias, new_bias, h, u, gates, inner, states, count, depth, features, width, reverse
):
    """Fill gates (3, rows, features), inner and states (rows, features), all flat.

    w and u come in panels. h (count, features) holds the first states.
    """
    rows = x.size // depth
    size, whole = count * features, rows * features
    terms, across = np.arange(depth), np.arange(features)
    firsts, lines = np.arange(rows) * depth, np.arange(count) * features
    starts, columns = terms * width, across * width
    for gate in range(3):
        product(x, 0, firsts, terms, w, gate * features * depth, depth * width, starts,
                bias, gate * features, 0, gates, gate * whole, features, rows, features, width)  # fmt: skip
    number = rows // count
    jump = features * width
    for step in range(number):
        at = (number - 1 - step if reverse else step) * size
        source, begin = (h, 0) if step == 0 else (states, at + size if reverse else at - size)
        for gate in range(2):
            to = gate * whole + at
            product(source, begin, lines, across, u, gate * features * features, jump, columns,
                    gates, to, features, gates, to, features, count, features, width)  # fmt: skip
        product(source, begin, lines, across, u, 2 * features * features, jump, columns,
                new_bias, 0, 0, inner, at, features, count, features, width)  # fmt: skip
        r, z = gates[at : at + size], gates[whole + at : whole + at + size]
        new, hidden = gates[2 * whole + at : 2 * whole + at + size], inner[at : at + size]
        before, out = source[begin : begin + size], states[at : at + size]
        for j in range(size):
            r[j] = logistic(r[j])
        for j in range(size):
            z[j] = logistic(z[j])
        for j in range(size):
            new[j] = tanh(new[j] + r[j] * hidden[j])
        for j in range(size):
            out[j] = new[j] + z[j] * (before[j] - new[j])


@kernel
def _back(  # type: ignore[no-untyped-def]
    g, h, gates, inner, states, u, dz, dn, carry, count, features, width, reverse, first
):
    """Fill dz (3, rows, features), for the products with U, and dn (rows, features), the third gate's for W.

    carry holds the last gradient, and then that of h.
    """
    size, whole = count * features, states.size
    lines = np.arange(count) * features
    terms = np.empty(3 * features, np.int64)
    for j in range(terms.size):
        terms[j] = j // features * whole + j % features
    columns = np.arange(terms.size) * width
    one = dz.dtype.type(1)
    number = whole // size
    for step in range(number):
        at = (step if reverse else number - 1 - step) * size
        source, begin = (h, 0) if step == number - 1 else (states, at + size if reverse else at - size)
        r, z = gates[at : at + size], gates[whole + at : whole + at + size]
        new, hidden = gates[2 * whole + at : 2 * whole + at + size], inner[at : at + size]
        dr, du = dz[at : at + size], dz[whole + at : whole + at + size]
        dm, dw = dz[2 * whole + at : 2 * whole + at + size], dn[at : at + size]
        here, before = g[at : at + size], source[begin : begin + size]
        for j in range(size):
            carry[j] += here[j]
        for j in range(size):
            du[j] = carry[j] * (before[j] - new[j]) * (z[j] * (one - z[j]))
        for j in range(size):
            dw[j] = carry[j] * (one - z[j]) * (one - new[j] * new[j])
        for j in range(size):
            dr[j] = dw[j] * hidden[j] * (r[j] * (one - r[j]))
        for j in range(size):
            dm[j] = dw[j] * r[j]
        if first or step < number - 1:
            for j in range(size):
                carry[j] *= z[j]
            product(dz, at, lines, terms, u, 0, 3 * features * width, columns,
                    carry, 0, features, carry, 0, features, count, features, width)  # fmt: skip


def _width(x: Any, w: Any, sizes: Sizes) -> int:
    """How wide panels of the features are; 0 for what NumPy's kernels must do."""
    if sizes is not None or not x.size or w.dtype.char not in "fd":
        return 0
    return panel_width(len(w) // 3, w.dtype)


def _first(h: Any, count: int, features: int, dtype: Any) -> Any:
    """The first states as one vector that compiled code may take."""
    if h is None:
        return np.zeros(count * features, dtype)
    return h.reshape(-1) if h.flags.carray else h.flatten()


def _forward(
    xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any, c: Any, *, sizes: Sizes, batch_first: bool, reverse: bool,
    keep: bool,
) -> tuple[Any, Any]:  # fmt: skip
    width = _width(x, w, sizes)
    if not width:
        return plain.forward(xp, x, h, w, u, b, c, sizes=sizes, batch_first=batch_first, reverse=reverse, keep=keep)
    rows, counts = as_rows(x, sizes, batch_first)
    if not rows.flags.carray:
        rows = rows.copy()
    count, features = counts[0], len(w) // 3
    bias, new_bias = np.zeros(len(w), x.dtype), np.zeros(features, x.dtype)
    if b is not None:
        np.add(b[: 2 * features], c[: 2 * features], bias[: 2 * features])
        bias[2 * features :] = b[2 * features :]
        new_bias[:] = c[2 * features :]
    gates = np.empty((3, len(rows), features), x.dtype)
    inner, states = np.empty((len(rows), features), x.dtype), np.empty((len(rows), features), x.dtype)
    _steps(
        rows.reshape(-1), as_panels(w.T, width), bias, new_bias, _first(h, count, features, x.dtype),
        as_panels(u.T, width), gates.reshape(-1), inner.reshape(-1), states.reshape(-1), count, rows.shape[1],
        features, width, reverse,
    )  # fmt: skip
    final = (states[:count] if reverse else states[-count:]).copy()
    out = as_given(states.copy() if keep else states, x.shape, sizes, batch_first)
    return (out, final[None]), (gates, inner, states)


def _raw(
    xp: Any, g: Any, needs: Any, x: Any, h: Any, w: Any, u: Any, sizes: Sizes, batch_first: bool, reverse: bool,
    aux: Any,
) -> tuple[Any, ...]:  # fmt: skip
    width = _width(x, w, sizes)
    if not width:
        return plain.raw(xp, g, needs, x, h, w, u, sizes, batch_first, reverse, aux)  # type: ignore[misc]
    g, last = g
    g, counts = as_rows(g, sizes, batch_first)
    if not g.flags.carray:
        g = g.copy()
    gates, inner, states = aux
    count, features = counts[0], len(w) // 3
    dz, dn, dh = np.empty_like(gates), np.empty_like(states), last.copy()
    _back(
        g.reshape(-1), _first(h, count, features, g.dtype), gates.reshape(-1), inner.reshape(-1), states.reshape(-1),
        as_panels(u, width), dz.reshape(-1), dn.reshape(-1), dh.reshape(-1), count, features, width, reverse, needs[1],
    )  # fmt: skip
    du = dx = dw = None
    if needs[3]:
        if h is not None:
            du = weight_gradient(dz, rows_before(states, h[0], counts, reverse))
        else:
            du = weight_gradient(dz, states, 0, count) if reverse else weight_gradient(dz, states, count, 0)
    dc = sum_over_rows(dz) if needs[5] else None
    dz[2] = dn
    if needs[0]:
        dx = as_given(through_weight(dz, w), x.shape, sizes, batch_first)
    if needs[2]:
        dw = weight_gradient(dz, as_rows(x, sizes, batch_first)[0])
    db = None
    if needs[4]:
        db = sum_over_rows(dz) if dc is None else np.concatenate((dc[: 2 * features], sums.over_rows(dn)))
    return dx, dh, dw, du, db, dc


KERNELS = {"gru_layer": Kernels(_forward, _raw)}
