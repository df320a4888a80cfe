"""The LSTM layer, compiled: all steps of a pass in one call, products included.

The kernels take sequences of one length without a projection, in float32 or float64, whose features divide into
vectors; everything else goes to NumPy's kernels in ``ops/lstm.py``. Both save the same values. A step is several
short loops over few arrays each: of many arrays the compiler cannot tell that they lie apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import kernel
from tinygrad5329.fast.products import as_panels, panel_width, product, through_weight, weight_gradient
from tinygrad5329.fast.transcendental import logistic, tanh
from tinygrad5329.ops.lstm import lstm_layer as plain
from tinygrad5329.ops.unrolling import Sizes, as_given, as_rows, rows_before, sum_over_rows

__all__ = ["KERNELS"]


@kernel
def _steps(  # type: ignore[no-untyped-def]
    x, w, bias, h, c, u, gates, cells, squashed, states, count, depth, features, width, reverse
):
    """Fill gates (4, rows, features), cells, squashed and states (rows, features), all flat.

    w and u come in panels; h and c are empty for zeros.
    """
    rows = x.size // depth
    size, whole = count * features, rows * features
    terms, inner = np.arange(depth), np.arange(features)
    firsts, lines = np.arange(rows) * depth, np.arange(count) * features
    starts, columns = terms * width, inner * width
    for gate in range(4):
        product(x, 0, firsts, terms, w, gate * features * depth, depth * width, starts,
                bias, gate * features, 0, gates, gate * whole, features, rows, features, width)  # fmt: skip
    number = rows // count
    for step in range(number):
        at = (number - 1 - step if reverse else step) * size
        source, begin = (h, 0) if step == 0 else (states, at + size if reverse else at - size)
        memory = c if step == 0 else cells[begin : begin + size]
        if source.size:
            for gate in range(4):
                to = gate * whole + at
                product(source, begin, lines, inner, u, gate * features * features, features * width, columns,
                        gates, to, features, gates, to, features, count, features, width)  # fmt: skip
        i, f = gates[at : at + size], gates[whole + at : whole + at + size]
        k, o = gates[2 * whole + at : 2 * whole + at + size], gates[3 * whole + at : 3 * whole + at + size]
        new, tanhs, out = cells[at : at + size], squashed[at : at + size], states[at : at + size]
        for j in range(size):
            i[j] = logistic(i[j])
        for j in range(size):
            f[j] = logistic(f[j])
        for j in range(size):
            k[j] = tanh(k[j])
        for j in range(size):
            o[j] = logistic(o[j])
        if memory.size:
            for j in range(size):
                new[j] = f[j] * memory[j] + i[j] * k[j]
        else:
            for j in range(size):
                new[j] = i[j] * k[j]
        for j in range(size):
            tanhs[j] = tanh(new[j])
        for j in range(size):
            out[j] = o[j] * tanhs[j]


@kernel
def _back(  # type: ignore[no-untyped-def]
    g, c, gates, cells, squashed, u, dz, carry, carry_c, count, features, width, reverse, first
):
    """Fill dz (4, rows, features); carry and carry_c hold the last gradients, and then those of h and c."""
    size, whole = count * features, cells.size
    lines = np.arange(count) * features
    terms = np.empty(4 * features, np.int64)
    for j in range(terms.size):
        terms[j] = j // features * whole + j % features
    columns = np.arange(terms.size) * width
    nothing = np.zeros(features, dz.dtype)
    one = dz.dtype.type(1)
    number = whole // size
    for step in range(number):
        at = (step if reverse else number - 1 - step) * size
        before = at + size if reverse else at - size
        i, f = gates[at : at + size], gates[whole + at : whole + at + size]
        k, o = gates[2 * whole + at : 2 * whole + at + size], gates[3 * whole + at : 3 * whole + at + size]
        di, df = dz[at : at + size], dz[whole + at : whole + at + size]
        dk, do = dz[2 * whole + at : 2 * whole + at + size], dz[3 * whole + at : 3 * whole + at + size]
        here, tanhs = g[at : at + size], squashed[at : at + size]
        memory = cells[before : before + size] if step < number - 1 else c
        for j in range(size):
            carry[j] += here[j]
        for j in range(size):
            do[j] = carry[j] * tanhs[j] * (o[j] * (one - o[j]))
        for j in range(size):
            carry_c[j] += carry[j] * o[j] * (one - tanhs[j] * tanhs[j])
        for j in range(size):
            di[j] = carry_c[j] * k[j] * (i[j] * (one - i[j]))
        for j in range(size):
            dk[j] = carry_c[j] * i[j] * (one - k[j] * k[j])
        if memory.size:
            for j in range(size):
                df[j] = carry_c[j] * memory[j] * (f[j] * (one - f[j]))
        else:
            for j in range(size):
                df[j] = carry_c[j] * nothing[0]
        if first or step < number - 1:
            for j in range(size):
                carry_c[j] *= f[j]
            product(dz, at, lines, terms, u, 0, 4 * features * width, columns,
                    nothing, 0, 0, carry, 0, features, count, features, width)  # fmt: skip


def _width(x: Any, w: Any, r: Any, sizes: Sizes) -> int:
    """How wide panels of the features are; 0 for what NumPy's kernels must do."""
    if sizes is not None or r is not None or not x.size or w.dtype.char not in "fd":
        return 0
    return panel_width(len(w) // 4, w.dtype)


def _flat(x: Any, empty: Any) -> Any:
    """A state as one vector that compiled code may take, `empty` without one."""
    return empty if x is None else x.reshape(-1) if x.flags.carray else x.flatten()


def _forward(
    xp: Any, x: Any, h: Any, c: Any, w: Any, u: Any, b: Any, d: Any, r: Any, *, sizes: Sizes, batch_first: bool,
    reverse: bool, keep: bool,
) -> tuple[Any, Any]:  # fmt: skip
    width = _width(x, w, r, sizes)
    if not width:
        return plain.forward(
            xp, x, h, c, w, u, b, d, r, sizes=sizes, batch_first=batch_first, reverse=reverse, keep=keep
        )
    rows, counts = as_rows(x, sizes, batch_first)
    if not rows.flags.carray:
        rows = rows.copy()
    count, features = counts[0], len(w) // 4
    bias = np.zeros(len(w), x.dtype) if b is None else b + d
    gates = np.empty((4, len(rows), features), x.dtype)
    cells = np.empty((3, len(rows), features), x.dtype)
    cells, squashed, states = cells
    _steps(
        rows.reshape(-1), as_panels(w.T, width), bias, _flat(h, bias[:0]), _flat(c, bias[:0]), as_panels(u.T, width),
        gates.reshape(-1), cells.reshape(-1), squashed.reshape(-1), states.reshape(-1), count, rows.shape[1],
        features, width, reverse,
    )  # fmt: skip
    end = slice(None, count) if reverse else slice(-count, None)
    out = as_given(states.copy() if keep else states, x.shape, sizes, batch_first)
    return (out, states[end].copy()[None], cells[end].copy()[None]), (gates, cells, squashed, states)


def _raw(
    xp: Any, g: Any, needs: Any, x: Any, h: Any, c: Any, w: Any, u: Any, r: Any, sizes: Sizes, batch_first: bool,
    reverse: bool, aux: Any,
) -> tuple[Any, ...]:  # fmt: skip
    width = _width(x, w, r, sizes)
    if not width:
        return plain.raw(xp, g, needs, x, h, c, w, u, r, sizes, batch_first, reverse, aux)  # type: ignore[misc]
    g, last_h, last_c = g
    g, counts = as_rows(g, sizes, batch_first)
    if not g.flags.carray:
        g = g.copy()
    gates, cells, squashed, states = aux
    count, features = counts[0], len(w) // 4
    dz, dh, dc = np.empty_like(gates), last_h.copy(), last_c.copy()
    flat = dz.reshape(-1)
    _back(
        g.reshape(-1), _flat(c, flat[:0]), gates.reshape(-1), cells.reshape(-1), squashed.reshape(-1),
        as_panels(u, width), flat, dh.reshape(-1), dc.reshape(-1), count, features, width, reverse,
        needs[1] or needs[2],
    )  # fmt: skip
    dw = du = None
    if needs[3]:
        dw = weight_gradient(dz, as_rows(x, sizes, batch_first)[0])
    if needs[4]:
        if h is not None:
            du = weight_gradient(dz, rows_before(states, h[0], counts, reverse))
        else:
            du = weight_gradient(dz, states, 0, count) if reverse else weight_gradient(dz, states, count, 0)
    db = sum_over_rows(dz) if needs[5] or needs[6] else None
    dx = as_given(through_weight(dz, w), x.shape, sizes, batch_first) if needs[0] else None
    return dx, dh, dc, dw, du, db, db, None


KERNELS = {"lstm_layer": Kernels(_forward, _raw)}
