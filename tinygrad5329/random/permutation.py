"""The Fisher-Yates shuffle, all swaps at once."""

from __future__ import annotations

import numpy as np


def shuffled(words: np.ndarray) -> np.ndarray:
    """The permutation of 0, ..., n - 1 that swapping `i` with `i + words[i] % (n - i)` gives, i = 0, 1, ...

    The swaps run one after the other by nature; what they leave behind can be told from their targets alone.
    Write `t[i]` for the target of swap `i` and `V[i]` for the value at position `i` just before it, which
    swap `i` moves to `t[i]`. Nothing reaches position `i` but earlier swaps that aim at it, so `V[i] = V[k]`
    for the last `k < i` with `t[k] = i`, and `V[i] = i` where there is none: a forest, whose roots pointer
    jumping finds in a few rounds. What stays at position `i` is what lay at `t[i]`: `V[k]` for the last `k <
    i` with the same target, else `t[i]` itself.

    Parameters
    ----------
    words : uint32 array (n - 1,)

    Returns
    -------
    int64 array (n,)
    """
    n = len(words) + 1
    swap = np.arange(n)
    target = swap.copy()  # the last position has only itself to swap with
    target[:-1] += words % np.arange(n, 1, -1, dtype=np.uint32)

    # Rounds: the last swap at each target, the last but one, ... Of repeated indices the last one assigned
    # stays.
    latest = np.full(n, -1)
    latest[target] = swap
    mover = latest.copy()
    previous = np.full(n, -1)
    rest = np.flatnonzero(latest[target] != swap)
    while rest.size:
        aim = target[rest]
        follower = latest[aim]
        latest[aim] = rest
        is_latest = latest[aim] == rest
        found = np.flatnonzero(is_latest)
        previous[follower[found]] = rest[found]
        rest = rest[np.flatnonzero(~is_latest)]

    # A swap in place moves nothing: the one before it with that target did.
    in_place = np.flatnonzero(mover == swap)
    mover[in_place] = previous[in_place]
    unmoved = np.flatnonzero(mover < 0)
    mover[unmoved] = unmoved
    value = mover
    while True:
        further = value[value]
        if np.array_equal(further, value):
            break
        value = further
    return np.where(previous >= 0, value[previous], target)
