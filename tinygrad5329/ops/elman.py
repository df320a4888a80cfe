"""The Elman layer, ``h' = tanh(W x + b + U h + c)``: all steps of one layer in one direction.

The inputs of all steps go through W in one product. The loop over the steps is left with one product and two
passes; so is the loop of the backward pass, since its slopes are known beforehand.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.ops import linalg, pointwise, rectifiers
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.unrolling import Sizes, as_given, as_rows, fit, spans, unroll, weight_gradient
from tinygrad5329.tensor import Tensor

__all__: list[str] = []


def _forward(
    xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any, c: Any, *, sizes: Sizes, batch_first: bool, reverse: bool,
    relu: bool, keep: bool,
) -> tuple[Any, Any]:  # fmt: skip
    """x as `unrolling` says, h (1, N, H) or None, w (H, I), u (H, H), b and c (H,) or None to (states, final)."""
    rows, counts = as_rows(x, sizes, batch_first)
    z = np.matmul(rows, w.T)
    if b is not None:
        z += b + c
    u = np.ascontiguousarray(u.T)
    final = np.empty((1, counts[0], len(w)), x.dtype)
    order = spans(counts, reverse)
    n = order[0][1] - order[0][0]
    state: Any = None if h is None else h[0, :n]
    product = np.empty((n, len(w)), x.dtype)
    for start, stop in order:
        row = z[start:stop]
        if state is not None:
            if len(state) != stop - start:
                state = fit(state, stop - start, h[0], final[0])
                product = np.empty_like(state)
            np.add(row, state.dot(u, product), row)
        state = np.maximum(row, 0, out=row) if relu else np.tanh(row, row)
    final[0, : len(state)] = state
    out = z.copy() if keep else z
    return (as_given(out, x.shape, sizes, batch_first), final), z


def _raw(
    xp: Any, g: Any, needs: Any, x: Any, h: Any, w: Any, u: Any, sizes: Sizes, batch_first: bool, reverse: bool,
    relu: bool, aux: Any,
) -> tuple[Any, ...]:  # fmt: skip
    g, last = g
    last = last[0]
    g, counts = as_rows(g, sizes, batch_first)
    if relu:
        dz = np.asarray(aux > 0, aux.dtype)
    else:
        dz = aux * aux
        np.subtract(1, dz, dz)
    order = spans(counts, not reverse)
    n = order[0][1] - order[0][0]
    dh = np.empty((1, *last.shape), last.dtype)
    carry, total, product = last[:n], np.empty((n, len(w)), aux.dtype), np.empty((n, len(w)), aux.dtype)
    for start, stop in order:
        if len(carry) != stop - start:
            carry = fit(carry, stop - start, last, dh[0])
            total, product = np.empty_like(carry), np.empty_like(carry)
        step = dz[start:stop]
        np.multiply(step, np.add(g[start:stop], carry, total), step)
        if needs[1] or (start, stop) != order[-1]:
            carry = step.dot(u, product)
    dh[0, : len(carry)] = carry
    rows: Any = as_rows(x, sizes, batch_first)[0] if needs[2] else None
    db = sums.over_rows(dz) if needs[4] or needs[5] else None
    return (
        as_given(np.matmul(dz, w), x.shape, sizes, batch_first) if needs[0] else None,
        dh,
        np.matmul(dz.T, rows) if needs[2] else None,
        weight_gradient(dz, aux, None if h is None else h[0], counts, reverse) if needs[3] else None,
        db,
        db,
    )


def _composite(
    x: Tensor, h: Any, w: Tensor, u: Tensor, b: Any, c: Any, *, sizes: Sizes, batch_first: bool, reverse: bool,
    relu: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    activation = rectifiers.relu if relu else pointwise.tanh  # type: ignore[attr-defined]

    def step(z: Tensor, state: Tensor) -> tuple[Tensor]:
        return (activation(z + linalg.linear(state, u, c)),)

    width = u._array.shape[1]
    return unroll(step, lambda rows: linalg.linear(rows, w, b), x, (h,), (width,), sizes, batch_first, reverse)


elman_layer = Primitive("elman_layer", _forward, raw=_raw, composite=_composite, aux=True)
