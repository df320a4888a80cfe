"""``Bundle``: small parameters whose states lie one after the other, so that a pass of NumPy takes them at once.

A pass over a hundred numbers costs what its call costs. The parameters themselves stay where they are, as others may
hold their memory; the states are put together when they are made, before anybody has seen them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import numpy as np

from tinygrad5329.tensor import Tensor

__all__ = ["Bundle", "joined", "split"]

Array = np.ndarray[Any, Any]

_JOINED = {np.dtype(np.float32), np.dtype(np.float64)}

#: Elements of the largest parameter that gains, and of a bundle.
_SMALL = 1 << 14
_WHOLE = 1 << 16


class Bundle:
    """The state of several parameters in a few arrays, one for each tensor that a parameter's state has.

    Attributes
    ----------
    sizes : tuple of int
        Elements of each parameter.
    states : tuple of array
        One-dimensional; each has the parameters' parts in their order.
    columns : tuple of tuple of array
        The flat parameters, and for each of `states` its parts.
    """

    __slots__ = ("columns", "sizes", "states")

    def __init__(self, sizes: tuple[int, ...], states: tuple[Array, ...]) -> None:
        self.sizes = sizes
        self.states = states
        self.columns: tuple[tuple[Array, ...], ...] = ()


def joined(states: Iterable[tuple[Tensor, ...]]) -> list[tuple[Bundle, list[int]]]:
    """Put the memory of new states together; bundles, each with the numbers of the states that are in it.

    The tensors of one state are of one shape; those that are large, empty or not in C order are left alone.
    """
    chosen: dict[Any, list[tuple[int, tuple[Tensor, ...]]]] = {}
    for number, tensors in enumerate(states):
        arrays = [t._array for t in tensors]
        dtypes = {a.dtype for a in arrays}
        if (
            len(dtypes) == 1
            and dtypes <= _JOINED
            and 0 < arrays[0].size <= _SMALL
            and all(a.flags.carray for a in arrays)
        ):
            chosen.setdefault(arrays[0].dtype, []).append((number, tensors))
    bundles = []
    for alike in chosen.values():
        while len(alike) > 1:
            ends = accumulate(tensors[0]._array.size for _, tensors in alike)
            count = sum(end <= _WHOLE for end in ends)
            part, alike = alike[:count], alike[count:]
            if count > 1:
                bundles.append((_join([tensors for _, tensors in part]), [number for number, _ in part]))
    return bundles


def _join(states: list[tuple[Tensor, ...]]) -> Bundle:
    sizes = tuple(tensors[0]._array.size for tensors in states)
    wholes = []
    for tensors in zip(*states, strict=True):
        whole = np.concatenate([t._array.ravel() for t in tensors])
        wholes.append(whole)
        memory = whole.data
        for t, size, end in zip(tensors, sizes, accumulate(sizes), strict=True):
            # Made of a memoryview, the part counts as memory of its own wherever one asks what shares memory with it.
            part = np.frombuffer(memory[end - size : end], whole.dtype)
            t._array = part.reshape(t._array.shape)
    return Bundle(sizes, tuple(wholes))


def split(whole: Array, sizes: tuple[int, ...]) -> list[Array]:
    """Consecutive parts of a work array."""
    return [whole[end - size : end] for size, end in zip(sizes, accumulate(sizes), strict=True)]
