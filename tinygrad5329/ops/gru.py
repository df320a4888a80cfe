"""The GRU layer: all steps of one layer in one direction.

With r, z = sigmoid of ``W x + b + U h + c`` and ``n = tanh(W x + b + r (U h + c))``:  ``h' = n + z (h - n)``.
In the backward pass all gradients of a step are known factors times that of h'.

Cho et al., arXiv:1406.1078; the reset gate stands after the product, as in PyTorch.
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
    xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any, c: Any, *, sizes: Sequence[int], reverse: bool, keep: bool
) -> tuple[Any, Any]:
    """x (rows, I), h (N, H), w (3H, I), u (3H, H), b and c (3H,) or None to (states (rows, H), final (N, H))."""
    width = h.shape[1]
    both = 2 * width
    z = np.matmul(x, w.T)
    c_new = None
    if b is not None:
        z += b
        z[:, :both] += c[:both]
        c_new = c[both:]
    # sigmoid(x) = (1 + tanh(x / 2)) / 2
    z[:, :both] *= 0.5
    u = u.T.copy()
    u[:, :both] *= 0.5
    rows = len(x)
    states, inner = np.empty((rows, width), x.dtype), np.empty((rows, width), x.dtype)
    final, product = np.empty_like(h), np.empty((len(h), 3 * width), x.dtype)
    order = spans(sizes, reverse)
    state = h[: order[0][1] - order[0][0]]
    for start, stop in order:
        n = stop - start
        state = fit(state, n, h, final)
        part = np.matmul(state, u, product[:n])
        gates, new = z[start:stop, :both], z[start:stop, both:]
        gates += part[:, :both]
        np.tanh(gates, gates)
        gates *= 0.5
        gates += 0.5
        hidden = inner[start:stop]
        if c_new is None:
            hidden[...] = part[:, both:]
        else:
            np.add(part[:, both:], c_new, hidden)
        after = states[start:stop]
        new += np.multiply(gates[:, :width], hidden, after)
        np.tanh(new, new)
        np.subtract(state, new, after)
        after *= gates[:, width:]
        after += new
        state = after
    final[: len(state)] = state
    return (states.copy() if keep else states, final), (z, inner, states)


def _raw(
    xp: Any, g: Any, needs: Any, x: Any, h: Any, w: Any, u: Any, sizes: Sequence[int], reverse: bool, aux: Any
) -> tuple[Any, ...]:
    g, last = g
    gates, inner, states = aux
    rows, width = states.shape
    gates = gates.reshape(rows, 3, width)
    r, z, new = (gates[:, j] for j in range(3))
    before = states_before(states, h, sizes, reverse)
    # The factors of r, z and n for the products with U; W's differ in the last.
    dz = gates * gates
    np.subtract(gates, dz, dz)
    outer = (1 - z) * (1 - new * new)
    dz[:, 0] *= outer * inner
    dz[:, 1] *= before - new
    np.multiply(outer, r, dz[:, 2])
    flat = dz.reshape(rows, 3 * width)
    dh, total = np.empty_like(h), np.empty_like(states)
    order = spans(sizes, not reverse)
    carry = last[: order[0][1] - order[0][0]]
    for start, stop in order:
        carry = fit(carry, stop - start, last, dh)
        into = np.add(g[start:stop], carry, total[start:stop])
        dz[start:stop] *= into[:, None]
        carry = np.matmul(flat[start:stop], u)
        carry += into * z[start:stop]
    dh[: len(carry)] = carry
    du = np.matmul(flat.T, before) if needs[3] else None
    dc = sums.sum(flat, 0) if needs[5] else None
    np.multiply(outer, total, dz[:, 2])
    return (
        np.matmul(flat, w) if needs[0] else None,
        dh,
        np.matmul(flat.T, x) if needs[2] else None,
        du,
        sums.sum(flat, 0) if needs[4] else None,
        dc,
    )


def _composite(
    x: Tensor, h: Tensor, w: Tensor, u: Tensor, b: Any, c: Any, *, sizes: Sequence[int], reverse: bool
) -> tuple[Tensor, ...]:
    def step(rows: Tensor, state: Tensor) -> tuple[Tensor]:
        x_r, x_z, x_n = rows.chunk(3, 1)
        h_r, h_z, h_n = linalg.linear(state, u, c).chunk(3, 1)
        z = activation.sigmoid(x_z + h_z)
        new = pointwise.tanh(x_n + activation.sigmoid(x_r + h_r) * h_n)  # type: ignore[attr-defined]
        return (new + z * (state - new),)

    return unroll(step, linalg.linear(x, w, b), (h,), sizes, reverse)


gru_layer = Primitive("gru_layer", _forward, raw=_raw, composite=_composite, aux=True)
