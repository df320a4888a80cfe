"""The LSTM layer: all steps of one layer in one direction.

With i, f, o = sigmoid and g = tanh of ``W x + b + U h + c``:  ``c' = f c + i g``,  ``h' = o tanh(c')``, or
``R (o tanh(c'))`` with a projection R.

A sigmoid is ``(1 + tanh(z / 2)) / 2``, so with the halves put into the weights one tanh serves all four gates.
In the backward pass every gate's gradient is a known factor times that of c' or h'; the loop is left with
two sums and a product.

Hochreiter and Schmidhuber, Long short-term memory, 1997; Sak et al., arXiv:1402.1128 (projection).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.ops import activation, linalg, pointwise
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.unrolling import fit, spans, states_before, unroll
from tinygrad5329.tensor import Tensor

__all__: list[str] = []


def _forward(
    xp: Any, x: Any, h: Any, c: Any, w: Any, u: Any, b: Any, d: Any, r: Any, *, sizes: Sequence[int], reverse: bool,
    keep: bool,
) -> tuple[Any, Any]:  # fmt: skip
    """x (rows, I), h (N, R), c (N, H), w (4H, I), u (4H, R), b and d (4H,) or None, r (R, H) or None.

    Returns h' of all rows (rows, R) and the final h and c.
    """
    width = c.shape[1]
    scale = np.full(4 * width, 0.5, x.dtype)
    scale[2 * width : 3 * width] = 1
    shift = 1 - scale
    z = np.matmul(x, w.T)
    if b is not None:
        z += b + d
    z *= scale
    u = u.T * scale
    r = None if r is None else np.ascontiguousarray(r.T)
    rows = len(x)
    cells = np.empty((rows, width), x.dtype)
    squashed = np.empty_like(cells)
    states = np.empty((rows, h.shape[1]), x.dtype)
    final_h, final_c = np.empty_like(h), np.empty_like(c)
    product, part = np.empty((len(h), 4 * width), x.dtype), np.empty_like(c)
    order = spans(sizes, reverse)
    first = order[0][1] - order[0][0]
    state, cell = h[:first], c[:first]
    for start, stop in order:
        n = stop - start
        state, cell = fit(state, n, h, final_h), fit(cell, n, c, final_c)
        gates = z[start:stop]
        np.matmul(state, u, product[:n])
        gates += product[:n]
        np.tanh(gates, gates)
        gates *= scale
        gates += shift
        new, some = cells[start:stop], part[:n]
        np.multiply(gates[:, width : 2 * width], cell, new)
        np.multiply(gates[:, :width], gates[:, 2 * width : 3 * width], some)
        new += some
        tanh = np.tanh(new, squashed[start:stop])
        state = states[start:stop]
        if r is None:
            np.multiply(gates[:, 3 * width :], tanh, state)
        else:
            np.multiply(gates[:, 3 * width :], tanh, some)
            np.matmul(some, r, state)
        cell = new
    final_h[: len(state)] = state
    final_c[: len(cell)] = cell
    return (states.copy() if keep else states, final_h, final_c), (z, cells, squashed, states)


def _raw(
    xp: Any, g: Any, needs: Any, x: Any, h: Any, c: Any, w: Any, u: Any, r: Any, sizes: Sequence[int], reverse: bool,
    aux: Any,
) -> tuple[Any, ...]:  # fmt: skip
    g, last_h, last_c = g
    gates, cells, squashed, states = aux
    rows, width = cells.shape
    gates = gates.reshape(rows, 4, width)
    i, f, k, o = (gates[:, j] for j in range(4))
    # What each gate's gradient is times that of c' (of h' for o), the slope of its own function included.
    dz = gates * gates
    np.subtract(gates, dz, dz)
    np.subtract(1, k * k, dz[:, 2])
    dz[:, 0] *= k
    dz[:, 1] *= states_before(cells, c, sizes, reverse)
    dz[:, 2] *= i
    dz[:, 3] *= squashed
    to_cell = squashed * squashed
    np.subtract(1, to_cell, to_cell)
    to_cell *= o
    flat = dz.reshape(rows, 4 * width)
    d_out: Any = None if r is None else np.empty((rows, h.shape[1]), x.dtype)
    dh, dc = np.empty_like(h), np.empty_like(c)
    total, part = np.empty_like(h), np.empty_like(c)
    order = spans(sizes, not reverse)
    first = order[0][1] - order[0][0]
    carry_h, carry_c = last_h[:first], last_c[:first]
    for start, stop in order:
        n = stop - start
        carry_h, carry_c = fit(carry_h, n, last_h, dh), fit(carry_c, n, last_c, dc)
        if d_out is None:
            into = np.add(g[start:stop], carry_h, total[:n])
        else:
            into = np.matmul(np.add(g[start:stop], carry_h, d_out[start:stop]), r)
        cell = np.multiply(into, to_cell[start:stop], part[:n])
        cell += carry_c
        step = dz[start:stop]
        step[:, :3] *= cell[:, None]
        step[:, 3] *= into
        carry_c = cell * f[start:stop]
        carry_h = np.matmul(flat[start:stop], u)
    dh[: len(carry_h)] = carry_h
    dc[: len(carry_c)] = carry_c
    return (
        np.matmul(flat, w) if needs[0] else None,
        dh,
        dc,
        np.matmul(flat.T, x) if needs[3] else None,
        np.matmul(flat.T, states_before(states, h, sizes, reverse)) if needs[4] else None,
        *(sums.sum(flat, 0),) * 2,
        np.matmul(d_out.T, o * squashed) if needs[7] else None,
    )


def _composite(
    x: Tensor, h: Tensor, c: Tensor, w: Tensor, u: Tensor, b: Any, d: Any, r: Any, *, sizes: Sequence[int],
    reverse: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    def step(z: Tensor, state: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        i, f, k, o = (z + linalg.linear(state, u, d)).chunk(4, 1)
        cell = activation.sigmoid(f) * cell + activation.sigmoid(i) * pointwise.tanh(k)  # type: ignore[attr-defined]
        state = activation.sigmoid(o) * pointwise.tanh(cell)  # type: ignore[attr-defined]
        return state if r is None else linalg.linear(state, r), cell

    return unroll(step, linalg.linear(x, w, b), (h, c), sizes, reverse)


lstm_layer = Primitive("lstm_layer", _forward, raw=_raw, composite=_composite, aux=True)
