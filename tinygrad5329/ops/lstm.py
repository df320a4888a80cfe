"""The LSTM layer: all steps of one layer in one direction.

With i, f, o = sigmoid and g = tanh of ``W x + b + U h + c``:  ``c' = f c + i g``,  ``h' = o tanh(c')``, or
``R (o tanh(c'))`` with a projection R.

A sigmoid is ``(1 + tanh(z / 2)) / 2``, so with the halves put into the weights one tanh serves all four gates.
In the backward pass every gate's gradient is a known factor times that of c' or h'; the loop is left with
two sums and a product.

Hochreiter and Schmidhuber, Long short-term memory, 1997; Sak et al., arXiv:1402.1128 (projection).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops import activation, linalg, pointwise
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.unrolling import (
    Sizes,
    as_given,
    as_rows,
    fit,
    rows_before,
    spans,
    sum_over_rows,
    unroll,
    weight_gradient,
)  # fmt: skip
from tinygrad5329.tensor import Tensor

__all__ = ["scaled"]


def scaled(w: Any, b: Any, c: Any) -> tuple[Any, Any]:
    """w (4H, K) as (4, K, H) and b + c as (4, 1, H), halved for the gates with a sigmoid."""
    gates = w.reshape(4, len(w) // 4, w.shape[1]).swapaxes(1, 2)
    out = np.empty(gates.shape, w.dtype)
    scale = np.array([0.5, 0.5, 1, 0.5], w.dtype).reshape(4, 1, 1)
    np.multiply(gates, scale, out)
    return out, None if b is None else (b + c).reshape(4, 1, -1) * scale


def _forward(
    xp: Any, x: Any, h: Any, c: Any, w: Any, u: Any, b: Any, d: Any, r: Any, *, sizes: Sizes, batch_first: bool,
    reverse: bool, keep: bool,
) -> tuple[Any, Any]:  # fmt: skip
    """x as `unrolling` says, h (1, N, R), c (1, N, H), w (4H, I), u (4H, R), b and d (4H,), r (R, H) or None.

    h and c, b and d, and r may be None. Returns h' of all rows, and the final h and c.
    """
    rows, counts = as_rows(x, sizes, batch_first)
    width = len(w) // 4
    w, bias = scaled(w, b, d)
    z = np.matmul(rows, w)
    if bias is not None:
        z += bias
    u, _ = scaled(u, None, None)
    r = None if r is None else np.ascontiguousarray(r.T)
    cells = np.empty((len(rows), width), x.dtype)
    squashed = np.empty_like(cells)
    states = np.empty((len(rows), u.shape[1]), x.dtype)
    final_h, final_c = np.empty((1, counts[0], u.shape[1]), x.dtype), np.empty((1, counts[0], width), x.dtype)
    order = spans(counts, reverse)
    n = order[0][1] - order[0][0]
    state: Any = None if h is None else h[0, :n]
    cell: Any = None if h is None else c[0, :n]
    product, part = np.empty((4, n, width), x.dtype), np.empty((n, width), x.dtype)
    for start, stop in order:
        gates = z[:, start:stop]
        if state is not None:
            if len(state) != stop - start:
                state, cell = fit(state, stop - start, h[0], final_h[0]), fit(cell, stop - start, c[0], final_c[0])
                product, part = np.empty((4, *cell.shape), x.dtype), np.empty_like(cell)
            np.add(gates, np.matmul(state, u, product), gates)
        np.tanh(gates, gates)
        # The sigmoids' share, the gates 0, 1 and 3.
        for some in (gates[:2], gates[3]):
            np.multiply(some, 0.5, some)
            np.add(some, 0.5, some)
        i, f, k, o = gates
        new = np.multiply(i, k, cells[start:stop])
        if cell is not None:
            new += np.multiply(f, cell, part)
        tanh = np.tanh(new, squashed[start:stop])
        if r is None:
            state = np.multiply(o, tanh, states[start:stop])
        else:
            state = np.matmul(np.multiply(o, tanh, part), r, states[start:stop])
        cell = new
    final_h[0, : len(state)] = state
    final_c[0, : len(cell)] = cell
    out = as_given(states.copy() if keep else states, x.shape, sizes, batch_first)
    return (out, final_h, final_c), (z, cells, squashed, states)


def _raw(
    xp: Any, g: Any, needs: Any, x: Any, h: Any, c: Any, w: Any, u: Any, r: Any, sizes: Sizes, batch_first: bool,
    reverse: bool, aux: Any,
) -> tuple[Any, ...]:  # fmt: skip
    g, last_h, last_c = g
    last_h, last_c = last_h[0], last_c[0]
    g, counts = as_rows(g, sizes, batch_first)
    gates, cells, squashed, states = aux
    i, f, k, o = gates
    # What each gate's gradient is times that of c' (of h' for o), the slope of its own function included.
    dz = gates * gates
    np.subtract(gates, dz, dz)
    np.subtract(1, np.multiply(k, k, dz[2]), dz[2])
    dz[0] *= k
    before = None if c is None else c[0]
    dz[1] *= rows_before(cells, before, counts, reverse)
    dz[2] *= i
    dz[3] *= squashed
    to_cell = squashed * squashed
    np.subtract(1, to_cell, to_cell)
    to_cell *= o
    u = u.reshape(4, len(u) // 4, u.shape[1])
    d_out: Any = None if r is None else np.empty((len(cells), last_h.shape[1]), x.dtype)
    dh, dc = np.empty((1, *last_h.shape), x.dtype), np.empty((1, *last_c.shape), x.dtype)
    order = spans(counts, not reverse)
    n = order[0][1] - order[0][0]
    carry_h, carry_c = last_h[:n], last_c[:n]
    total, product = np.empty_like(carry_h), np.empty((4, *carry_h.shape), x.dtype)
    part = np.empty_like(carry_c)
    for start, stop in order:
        if len(carry_h) != stop - start:
            carry_h = fit(carry_h, stop - start, last_h, dh[0])
            carry_c = fit(carry_c, stop - start, last_c, dc[0])
            total, product = np.empty_like(carry_h), np.empty((4, *carry_h.shape), x.dtype)
            part = np.empty_like(carry_c)
        if d_out is None:
            into = np.add(g[start:stop], carry_h, total)
        else:
            into = np.matmul(np.add(g[start:stop], carry_h, d_out[start:stop]), r)
        cell = np.multiply(into, to_cell[start:stop], part)
        cell += carry_c
        step = dz[:, start:stop]
        step[:3] *= cell
        step[3] *= into
        if needs[1] or needs[2] or (start, stop) != order[-1]:
            carry_c = cell * f[start:stop]
            carry_h = np.add.reduce(np.matmul(step, u, product), 0)
    dh[0, : len(carry_h)] = carry_h
    dc[0, : len(carry_c)] = carry_c
    dx = dw = None
    if needs[0]:
        dx = np.add.reduce(np.matmul(dz, w.reshape(4, len(w) // 4, w.shape[1])), 0)
        dx = as_given(dx, x.shape, sizes, batch_first)
    if needs[3]:
        dw = np.matmul(dz.swapaxes(1, 2), as_rows(x, sizes, batch_first)[0]).reshape(w.shape)
    du = weight_gradient(dz, states, None if h is None else h[0], counts, reverse) if needs[4] else None
    db = sum_over_rows(dz) if needs[5] or needs[6] else None
    dr = np.matmul(d_out.T, o * squashed) if needs[7] else None
    return dx, dh, dc, dw, None if du is None else du.reshape(4 * u.shape[1], u.shape[2]), db, db, dr


def _composite(
    x: Tensor, h: Any, c: Any, w: Tensor, u: Tensor, b: Any, d: Any, r: Any, *, sizes: Sizes, batch_first: bool,
    reverse: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    def step(z: Tensor, state: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        i, f, k, o = (z + linalg.linear(state, u, d)).chunk(4, 1)
        cell = activation.sigmoid(f) * cell + activation.sigmoid(i) * pointwise.tanh(k)  # type: ignore[attr-defined]
        state = activation.sigmoid(o) * pointwise.tanh(cell)  # type: ignore[attr-defined]
        return state if r is None else linalg.linear(state, r), cell

    widths = (u._array.shape[1], len(u._array) // 4)
    return unroll(step, lambda rows: linalg.linear(rows, w, b), x, (h, c), widths, sizes, batch_first, reverse)


lstm_layer = Primitive("lstm_layer", _forward, raw=_raw, composite=_composite, aux=True)
