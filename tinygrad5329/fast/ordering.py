"""Comparing floats by their bits: a running maximum of integers runs in vectors, one of floats does not.

A processor's vector maximum of floats treats NaN unlike the comparison in the source, so the compiler leaves such a
loop alone. As integers the bits of positive floats are in order already, and those of negative ones in reverse.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from tinygrad5329.fast.compiled import INLINED

__all__ = ["rank", "unrank"]


def rank(x: Any) -> Any:
    """An integer for each float, in the floats' order; NaN is above infinity, and with the sign set below -infinity."""
    raise NotImplementedError("ordering.rank: for use in kernels")


def unrank(number: Any) -> Any:
    """The float of a :func:`rank`."""
    raise NotImplementedError("ordering.unrank: for use in kernels")


def _rank32(x):  # type: ignore[no-untyped-def]
    bits = np.float32(x).view(np.int32)
    return np.int32(bits ^ ((bits >> np.int32(31)) & np.int32(0x7FFFFFFF)))


def _rank64(x):  # type: ignore[no-untyped-def]
    bits = np.float64(x).view(np.int64)
    return bits ^ ((bits >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF))


def _unrank32(number):  # type: ignore[no-untyped-def]
    return np.int32(number ^ ((number >> np.int32(31)) & np.int32(0x7FFFFFFF))).view(np.float32)


def _unrank64(number):  # type: ignore[no-untyped-def]
    return np.int64(number ^ ((number >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF))).view(np.float64)


overload(rank, jit_options=INLINED)(lambda x: {types.float32: _rank32, types.float64: _rank64}.get(x))
overload(unrank, jit_options=INLINED)(lambda number: {types.int32: _unrank32, types.int64: _unrank64}.get(number))
rank.__annotations__ = unrank.__annotations__ = {}
