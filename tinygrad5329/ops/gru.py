"""The GRU layer: all steps of one layer in one direction.

With r, z = sigmoid of ``W x + b + U h + c`` and ``n = tanh(W x + b + r (U h + c))``:  ``h' = n + z (h - n)``.
In the backward pass all gradients of a step are known factors times that of h'.

Cho et al., arXiv:1406.1078; the reset gate stands after the product, as in PyTorch.
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
)  # fmt: skip
from tinygrad5329.tensor import Tensor

__all__ = ["scaled"]


def scaled(w: Any) -> Any:
    """w (3H, K) as (3, K, H), halved for the gates with a sigmoid: sigmoid(x) = (1 + tanh(x / 2)) / 2."""
    gates = w.reshape(3, len(w) // 3, w.shape[1]).swapaxes(1, 2)
    out = np.empty(gates.shape, w.dtype)
    return np.multiply(gates, np.array([0.5, 0.5, 1], w.dtype).reshape(3, 1, 1), out)


def biases(b: Any, c: Any, width: int) -> tuple[Any, Any]:
    """The biases of the products with x, (3, 1, H), with those of h' in the sigmoids; and that of h' in n, (H,)."""
    bias = b.reshape(3, 1, width).copy()
    bias[:2] += c[: 2 * width].reshape(2, 1, width)
    bias[:2] *= 0.5
    return bias, c[2 * width :]


def _forward(
    xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any, c: Any, *, sizes: Sizes, batch_first: bool, reverse: bool,
    keep: bool,
) -> tuple[Any, Any]:  # fmt: skip
    """x as `unrolling` says, h (1, N, H) or None, w (3H, I), u (3H, H), b and c (3H,) or None to (states, final)."""
    rows, counts = as_rows(x, sizes, batch_first)
    width = len(w) // 3
    z = np.matmul(rows, scaled(w))
    c_new = None
    if b is not None:
        bias, c_new = biases(b, c, width)
        z += bias
    u = scaled(u)
    states, inner = np.empty((len(rows), width), x.dtype), np.empty((len(rows), width), x.dtype)
    final = np.empty((1, counts[0], width), x.dtype)
    order = spans(counts, reverse)
    n = order[0][1] - order[0][0]
    state = None if h is None else h[0, :n]
    if state is None:
        state = np.zeros((n, width), x.dtype)
    product = np.empty((3, n, width), x.dtype)
    for start, stop in order:
        if len(state) != stop - start:
            state = fit(state, stop - start, h[0], final[0])
            product = np.empty((3, *state.shape), x.dtype)
        np.matmul(state, u, product)
        gates, new, hidden, after = z[:2, start:stop], z[2, start:stop], inner[start:stop], states[start:stop]
        np.add(gates, product[:2], gates)
        np.tanh(gates, gates)
        np.multiply(gates, 0.5, gates)
        np.add(gates, 0.5, gates)
        if c_new is None:
            hidden[...] = product[2]
        else:
            np.add(product[2], c_new, hidden)
        new += np.multiply(gates[0], hidden, after)
        np.tanh(new, new)
        np.subtract(state, new, after)
        after *= gates[1]
        after += new
        state = after
    final[0, : len(state)] = state
    out = as_given(states.copy() if keep else states, x.shape, sizes, batch_first)
    return (out, final), (z, inner, states)


def _raw(
    xp: Any, g: Any, needs: Any, x: Any, h: Any, w: Any, u: Any, sizes: Sizes, batch_first: bool, reverse: bool,
    aux: Any,
) -> tuple[Any, ...]:  # fmt: skip
    g, last = g
    last = last[0]
    g, counts = as_rows(g, sizes, batch_first)
    gates, inner, states = aux
    r, z, new = gates
    before = rows_before(states, None if h is None else h[0], counts, reverse)
    # The factors of r, z and n for the products with U; W's differ in the last.
    dz = np.empty_like(gates)
    np.multiply(gates[:2], gates[:2], dz[:2])
    np.subtract(gates[:2], dz[:2], dz[:2])
    outer, spare = new * new, 1 - z
    np.subtract(1, outer, outer)
    outer *= spare
    dz[0] *= np.multiply(outer, inner, spare)
    dz[1] *= np.subtract(before, new, spare)
    np.multiply(outer, r, dz[2])
    total = spare
    u = u.reshape(3, len(u) // 3, u.shape[1])
    dh = np.empty((1, *last.shape), last.dtype)
    order = spans(counts, not reverse)
    n = order[0][1] - order[0][0]
    carry, product = last[:n], np.empty((3, n, last.shape[1]), last.dtype)
    for start, stop in order:
        if len(carry) != stop - start:
            carry = fit(carry, stop - start, last, dh[0])
            product = np.empty((3, *carry.shape), last.dtype)
        into = np.add(g[start:stop], carry, total[start:stop])
        step = dz[:, start:stop]
        step *= into
        if needs[1] or (start, stop) != order[-1]:
            carry = into * z[start:stop]
            carry += np.add.reduce(np.matmul(step, u, product), 0)
    dh[0, : len(carry)] = carry
    du = np.matmul(dz.swapaxes(1, 2), before).reshape(3 * u.shape[1], u.shape[2]) if needs[3] else None
    dc = sum_over_rows(dz) if needs[5] else None
    np.multiply(outer, total, dz[2])
    dx = dw = None
    if needs[0]:
        dx = np.add.reduce(np.matmul(dz, w.reshape(3, len(w) // 3, w.shape[1])), 0)
        dx = as_given(dx, x.shape, sizes, batch_first)
    if needs[2]:
        dw = np.matmul(dz.swapaxes(1, 2), as_rows(x, sizes, batch_first)[0]).reshape(w.shape)
    return dx, dh, dw, du, sum_over_rows(dz) if needs[4] else None, dc


def _composite(
    x: Tensor, h: Any, w: Tensor, u: Tensor, b: Any, c: Any, *, sizes: Sizes, batch_first: bool, reverse: bool
) -> tuple[Tensor, ...]:
    def step(rows: Tensor, state: Tensor) -> tuple[Tensor]:
        x_r, x_z, x_n = rows.chunk(3, 1)
        h_r, h_z, h_n = linalg.linear(state, u, c).chunk(3, 1)
        z = activation.sigmoid(x_z + h_z)
        new = pointwise.tanh(x_n + activation.sigmoid(x_r + h_r) * h_n)  # type: ignore[attr-defined]
        return (new + z * (state - new),)

    width = u._array.shape[1]
    return unroll(step, lambda rows: linalg.linear(rows, w, b), x, (h,), (width,), sizes, batch_first, reverse)


gru_layer = Primitive("gru_layer", _forward, raw=_raw, composite=_composite, aux=True)
