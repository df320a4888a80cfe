"""Bernoulli masks with one probability, as dropout draws them, in a choice of streams."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from tinygrad5329.backends.choice import Slot
from tinygrad5329.random.transforms import below
from tinygrad5329.random.words import MersenneWords

_BLOCK = 8192  # 64 kB of 64-bit words: they stay in the second-level cache

_M31 = 2**31 - 1
_MULTIPLIER = 1132489760


def _twister(words: MersenneWords, mask: np.ndarray, p: float) -> None:
    """One float64 uniform (two words) an element: PyTorch since 2.7, and before that without MKL."""
    for start in range(0, mask.size, _BLOCK):
        part = mask[start : start + _BLOCK]
        below(words.words64(part.size), p, part)


def _mcg31(words: MersenneWords, mask: np.ndarray, p: float) -> None:
    """One word seeds x' = 1132489760 x mod (2**31 - 1), and x / (2**31 - 1) < p decides.

    PyTorch up to 2.6 drew so where it used MKL, on Intel's processors: MKL's MCG31m1 (Intel, "Vector
    Statistics Notes"). Its threads skip ahead to their own parts of one sequence, so their number changes
    nothing. The seeds have 31 bits and so repeat themselves soon: this is for old results, not for new ones.
    """
    x = int(words.words32(1)[0]) % _M31 or 1
    threshold = math.ceil(p * _M31)
    powers, skip = _powers()
    buffer = np.empty((2, min(mask.size, _BLOCK)), np.uint64)
    for start in range(0, mask.size, _BLOCK):
        part = mask[start : start + _BLOCK]
        product, folded = buffer[:, : part.size]
        np.multiply(powers[: part.size], np.uint64(x), out=product)
        # 2**31 = 1 modulo 2**31 - 1: adding the high bits to the low ones twice leaves the remainder.
        for _ in range(2):
            np.right_shift(product, np.uint64(31), out=folded)
            product &= np.uint64(_M31)
            product += folded
        np.less(product, np.uint64(threshold), out=part)
        x = x * skip % _M31


def _twister_trials(words: MersenneWords, out: np.ndarray, p: float, value: float) -> None:
    """`value` with probability `p`, else 0, into a vector of floats: the stream of `_twister`."""
    for start in range(0, out.size, _BLOCK):
        part = out[start : start + _BLOCK]
        mask = np.empty(part.size, np.bool_)
        below(words.words64(part.size), p, mask)
        part[...] = mask
        if value != 1:
            part *= part.dtype.type(value)


twister_trials = Slot("twister_trials", _twister_trials)


@cache
def _powers() -> tuple[np.ndarray, int]:
    """The multiplier's powers 0 to _BLOCK - 1 modulo 2**31 - 1, and the power _BLOCK."""
    powers, factor = np.ones(1, np.uint64), _MULTIPLIER
    while len(powers) < _BLOCK:
        powers = np.concatenate([powers, powers * np.uint64(factor) % np.uint64(_M31)])
        factor = factor * factor % _M31
    return powers, factor


def _fast(words: MersenneWords, mask: np.ndarray, p: float) -> None:
    """Half a word an element: 16 bits against p rounded to a multiple of 2**-16; no PyTorch draws so."""
    threshold = round(p * 2.0**16)
    for start in range(0, mask.size, 4 * _BLOCK):
        part = mask[start : start + 4 * _BLOCK]
        halves = words.words32((part.size + 1) // 2).view(np.uint16)[: part.size]
        if threshold == 2**16:
            part.fill(True)
        else:
            np.less(halves, np.uint16(threshold), out=part)


STREAMS: dict[str, Callable[[MersenneWords, np.ndarray, float], None]] = {
    "torch": _twister,
    "mcg31": _mcg31,
    "fast": _fast,
}
