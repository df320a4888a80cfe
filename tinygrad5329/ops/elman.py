"""The Elman layer, ``h' = tanh(W x + b + U h + c)``: all steps of one layer in one direction.

The inputs of all steps go through W in one product. The loop over the steps is left with one product and two
passes; so is the loop of the backward pass, since its slopes are known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.ops import linalg, pointwise, rectifiers
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.unrolling import fit, spans, states_before, unroll
from tinygrad5329.tensor import Tensor

__all__: list[str] = []


def _forward(
    xp: Any, x: Any, h: Any, w: Any, u: Any, b: Any, c: Any, *, sizes: Sequence[int], reverse: bool, relu: bool,
    keep: bool,
) -> tuple[Any, Any]:  # fmt: skip
    """x (rows, I), h (N, H), w (H, I), u (H, H), b and c (H,) or None to (states (rows, H), final (N, H))."""
    z = np.matmul(x, w.T)
    if b is not None:
        z += b + c
    u = np.ascontiguousarray(u.T)
    final = np.empty_like(h)
    order = spans(sizes, reverse)
    state = h[: order[0][1] - order[0][0]]
    product = np.empty_like(h)
    for start, stop in order:
        n = stop - start
        state = fit(state, n, h, final)
        row = z[start:stop]
        np.matmul(state, u, product[:n])
        row += product[:n]
        state = np.maximum(row, 0, out=row) if relu else np.tanh(row, row)
    final[: len(state)] = state
    return (z.copy() if keep else z, final), z


def _raw(
    xp: Any, g: Any, needs: Any, x: Any, h: Any, w: Any, u: Any, sizes: Sequence[int], reverse: bool, relu: bool,
    aux: Any,
) -> tuple[Any, ...]:  # fmt: skip
    g, last = g
    if relu:
        slope = np.asarray(aux > 0, aux.dtype)
    else:
        slope = aux * aux
        np.subtract(1, slope, slope)
    dh = np.empty_like(h)
    order = spans(sizes, not reverse)
    carry = last[: order[0][1] - order[0][0]]
    dz = slope
    total = np.empty_like(h)
    for start, stop in order:
        n = stop - start
        carry = fit(carry, n, last, dh)
        np.add(g[start:stop], carry, total[:n])
        step = dz[start:stop]
        step *= total[:n]
        carry = np.matmul(step, u)
    dh[: len(carry)] = carry
    return (
        np.matmul(dz, w) if needs[0] else None,
        dh,
        np.matmul(dz.T, x) if needs[2] else None,
        np.matmul(dz.T, states_before(aux, h, sizes, reverse)) if needs[3] else None,
        *(sums.sum(dz, 0),) * 2,
    )


def _composite(
    x: Tensor, h: Tensor, w: Tensor, u: Tensor, b: Any, c: Any, *, sizes: Sequence[int], reverse: bool, relu: bool
) -> tuple[Tensor, ...]:
    activation = rectifiers.relu if relu else pointwise.tanh  # type: ignore[attr-defined]

    def step(z: Tensor, state: Tensor) -> tuple[Tensor]:
        return (activation(z + linalg.linear(state, u, c)),)

    return unroll(step, linalg.linear(x, w, b), (h,), sizes, reverse)


elman_layer = Primitive("elman_layer", _forward, raw=_raw, composite=_composite, aux=True)
