"""Sequences of several lengths, step by step: what the recurrent layers share.

Rows of all sequences lie step after step, (rows, features): first the first step of every sequence, the
longest sequence first, then the second step of those that have one, and so on. `sizes` says how many
sequences run at each step; it never grows. Sequences of one length are the case of equal sizes.

Going forward in time, sequences end one after the other; going backward, they begin one after the other. The
backward pass of either direction is the walk of the other one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from tinygrad5329.ops import joining
from tinygrad5329.tensor import Tensor

__all__ = ["fit", "spans", "states_before", "unroll"]


def spans(sizes: Sequence[int], reverse: bool) -> list[tuple[int, int]]:
    """Where each step's rows begin and end, in the order in which the steps are taken."""
    found = list(pairwise(accumulate(sizes, initial=0)))
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


def states_before(states: Any, initial: Any, sizes: Sequence[int], reverse: bool) -> Any:
    """For each row of `states` the state that its step began with."""
    n = len(initial)
    if sizes[0] == sizes[-1]:
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


def unroll(
    step: Callable[..., tuple[Tensor, ...]],
    rows: Tensor,
    initial: tuple[Tensor, ...],
    sizes: Sequence[int],
    reverse: bool,
) -> tuple[Tensor, ...]:
    """The walk in tensor operations: ``step(rows_of_the_step, *states)`` gives the new states.

    Returns the first state of all steps as rows, then the final states.
    """
    order = spans(sizes, reverse)
    states = tuple([s[: order[0][1] - order[0][0]] for s in initial])
    results = []
    ended: list[tuple[Tensor, ...]] = []
    for start, stop in order:
        n, before = stop - start, states[0].shape[0]
        if n < before:
            ended.append(tuple([s[n:] for s in states]))
            states = tuple([s[:n] for s in states])
        elif n > before:
            states = tuple([joining.cat((s, first[before:n])) for s, first in zip(states, initial, strict=True)])
        states = step(rows[start:stop], *states)
        results.append(states[0])
    ended.append(states)
    final = [joining.cat(parts[::-1]) for parts in zip(*ended, strict=True)]
    return joining.cat(results[::-1] if reverse else results), *final
