"""Sequences of several lengths, step by step: what the recurrent layers share.

Rows of all sequences lie step after step, (rows, features): first the first step of every sequence, the
longest sequence first, then the second step of those that have one, and so on. `sizes` says how many
sequences run at each step; it never grows. Sequences of one length are one array (T, N, features), or
(N, T, features) with the batch first; their `sizes` are None. The states of a layer are (1, N, features).

Going forward in time, sequences end one after the other; going backward, they begin one after the other. The
backward pass of either direction is the walk of the other one.

Layers with several gates keep each gate's values of all steps in a matrix of its own, (gates, rows, features).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.ops import joining
from tinygrad5329.tensor import Tensor, wrap

__all__ = [
    "Sizes", "as_given", "as_rows", "fit", "rows_before", "spans", "sum_over_rows", "unroll", "weight_gradient",
]  # fmt: skip

Sizes = tuple[int, ...] | None


def as_rows(x: Any, sizes: Sizes, batch_first: bool) -> tuple[Any, tuple[int, ...]]:
    """Rows step after step, and how many there are at each step, of an array or tensor in any layout."""
    if sizes is not None:
        return x, sizes
    if batch_first:
        x = x.swapaxes(0, 1)
    steps, count, width = x.shape
    return x.reshape((steps * count, width)), (count,) * steps


def as_given(rows: Any, x_shape: tuple[int, ...], sizes: Sizes, batch_first: bool) -> Any:
    """`rows` in the layout of an input of the shape `x_shape`."""
    if sizes is not None:
        return rows
    width = rows.shape[1]
    if batch_first:
        return rows.reshape((x_shape[1], x_shape[0], width)).swapaxes(0, 1)
    return rows.reshape((x_shape[0], x_shape[1], width))


@lru_cache(256)
def spans(sizes: tuple[int, ...], reverse: bool) -> tuple[tuple[int, int], ...]:
    """Where each step's rows begin and end, in the order in which the steps are taken."""
    found = tuple(pairwise(accumulate(sizes, initial=0)))
    return found[::-1] if reverse else found


def fit(rows: Any, n: int, beginning: Any, ended: Any) -> Any:
    """The state of the `n` sequences that run at the next step.

    Those that begin take their rows from `beginning`; those that have ended leave theirs in `ended`.
    """
    before = len(rows)
    if n == before:
        return rows
    if n > before:
        return np.concatenate((rows, beginning[before:n]))
    ended[n:before] = rows[n:]
    return rows[:n]


def rows_before(states: Any, initial: Any, sizes: tuple[int, ...], reverse: bool) -> Any:
    """For each row of `states` the state that its step began with; zeros at the beginning without `initial`."""
    n = sizes[0]
    if initial is None:
        initial = np.zeros((n, states.shape[1]), states.dtype)
    if n == sizes[-1]:
        if reverse:
            return np.concatenate((states[n:], initial))
        return np.concatenate((initial, states[: len(states) - n]))
    out = np.empty_like(states)
    last = initial[:0] if reverse else initial
    for start, stop in spans(sizes, reverse):
        last = fit(last, stop - start, initial, np.empty_like(initial))
        out[start:stop] = last
        last = states[start:stop]
    return out


def weight_gradient(dz: Any, states: Any, initial: Any, sizes: tuple[int, ...], reverse: bool) -> Any:
    """The gradient of the states' weight (..., H, H), from those of the products (..., rows, H)."""
    if initial is not None or sizes[0] != sizes[-1]:
        before = rows_before(states, initial, sizes, reverse)
    else:
        # The first step began with zeros and adds nothing.
        n, rows = sizes[0], len(states)
        dz = dz[..., : rows - n, :] if reverse else dz[..., n:, :]
        before = states[n:] if reverse else states[: rows - n]
    return np.matmul(dz.swapaxes(-1, -2), before)


def sum_over_rows(dz: Any) -> Any:
    """(gates, rows, H) to (gates * H,)."""
    total = np.empty((len(dz), dz.shape[2]), dz.dtype)
    for each, out in zip(dz, total, strict=True):
        out[:] = sums.over_rows(each)
    return total.reshape(-1)


def unroll(
    step: Callable[..., tuple[Tensor, ...]],
    project: Callable[[Tensor], Tensor],
    x: Tensor,
    initial: tuple[Tensor | None, ...],
    widths: tuple[int, ...],
    sizes: Sizes,
    batch_first: bool,
    reverse: bool,
) -> tuple[Tensor, ...]:
    """The walk in tensor operations: ``step(rows_of_the_step, *states)`` gives the new states.

    `project` is applied to the rows of all steps at once; `widths` are those of the states. Returns the first
    state of all steps in the layout of `x`, then the final states.
    """
    rows, counts = as_rows(x, sizes, batch_first)
    rows = project(rows)
    first = tuple(
        [
            wrap(np.zeros((counts[0], width), x._array.dtype)) if s is None else s[0]
            for s, width in zip(initial, widths, strict=True)
        ]
    )
    order = spans(counts, reverse)
    states = tuple([s[: order[0][1] - order[0][0]] for s in first])
    results = []
    ended: list[tuple[Tensor, ...]] = []
    for start, stop in order:
        n, before = stop - start, states[0].shape[0]
        if n < before:
            ended.append(tuple([s[n:] for s in states]))
            states = tuple([s[:n] for s in states])
        elif n > before:
            states = tuple([joining.cat((s, new[before:n])) for s, new in zip(states, first, strict=True)])
        states = step(rows[start:stop], *states)
        results.append(states[0])
    ended.append(states)
    final = [joining.cat(parts[::-1]).unsqueeze(0) for parts in zip(*ended, strict=True)]
    out = joining.cat(results[::-1] if reverse else results)
    return as_given(out, x._array.shape, sizes, batch_first), *final
