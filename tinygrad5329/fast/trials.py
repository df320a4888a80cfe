"""Bernoulli trials from the words of the Mersenne Twister, drawn and compared in one pass.

The generator's own state is advanced, so that compiled draws and NumPy's continue each other's stream.
"""

from __future__ import annotations

import math

import numpy as np

from tinygrad5329.fast.compiled import inlined, kernel
from tinygrad5329.random.words import MersenneWords

__all__ = ["KERNELS"]

# MT19937: M. Matsumoto and T. Nishimura, ACM TOMACS 8 (1998), 3-30.
_N, _M = 624, 397
_UPPER, _LOWER = np.uint32(0x80000000), np.uint32(0x7FFFFFFF)
_MATRIX = np.uint32(0x9908B0DF)
_B, _C = np.uint32(0x9D2C5680), np.uint32(0xEFC60000)
_ZERO, _ONE = np.uint32(0), np.uint32(1)
#: The bits of the first word that count in a float64.
_HIGH, _WORD = np.uint64(2**21 - 1), np.uint64(32)


@inlined
def _mixed(far, here, following):  # type: ignore[no-untyped-def]
    y = (here & _UPPER) | (following & _LOWER)
    return far ^ (y >> _ONE) ^ (_MATRIX if following & _ONE else _ZERO)


@kernel
def _twist(key, words):  # type: ignore[no-untyped-def]
    """Advance the state by 624 words, which go into `words`."""
    for i in range(_N - _M):
        key[i] = _mixed(key[i + _M], key[i], key[i + 1])
    for i in range(_N - _M, _N - 1):
        key[i] = _mixed(key[i + _M - _N], key[i], key[i + 1])
    key[_N - 1] = _mixed(key[_M - 1], key[_N - 1], key[0])
    _temper(key, words)


@kernel
def _temper(key, words):  # type: ignore[no-untyped-def]
    for i in range(_N):
        y = np.uint32(key[i])
        y = np.uint32(y ^ (y >> np.uint32(11)))
        y = np.uint32(y ^ ((y << np.uint32(7)) & _B))
        y = np.uint32(y ^ ((y << np.uint32(15)) & _C))
        words[i] = y ^ (y >> np.uint32(18))


@kernel
def _compare(pairs, threshold, value, out):  # type: ignore[no-untyped-def]
    """Put `value` where the low 53 bits of a pair of words, its first one the high half, are below `threshold`."""
    something, nothing = out.dtype.type(value), out.dtype.type(0)
    for i in range(out.size):
        # A pair read as one number has its halves the wrong way round.
        number = ((pairs[i] & _HIGH) << _WORD) | (pairs[i] >> _WORD)
        out[i] = something if np.int64(number) < threshold else nothing


@kernel
def _trials(state, threshold, value, out):  # type: ignore[no-untyped-def]
    """Put `value` where a uniform number is below `threshold` / 2^53, else 0.

    `state` is the generator's: 624 words, and how many of them are used up.
    """
    key, position, count, done = state[:_N], int(state[_N]), out.size, 0
    # The words stand so that pairs begin at even places; if their number is odd, one is carried over at the front.
    odd = position % 2
    buffer = np.empty(_N + 2, np.uint32)
    words = buffer[odd : odd + _N]
    _temper(key, words)
    start = position + odd
    while True:
        taken = min((_N + odd - start) // 2, count - done)
        _compare(buffer[start : start + 2 * taken].view(np.uint64), threshold, value, out[done : done + taken])
        start += 2 * taken
        done += taken
        if done == count:
            break
        buffer[0] = buffer[_N]
        _twist(key, words)
        start = 0
    state[_N] = start - odd


def _twister_trials(words: MersenneWords, out: np.ndarray, p: float, value: float) -> None:
    memory = words.memory
    value = float(value)  # one type for the kernel
    _trials(words.in_memory() if memory is None else memory, math.ceil(p * 2.0**53), value, out)


KERNELS = {"twister_trials": _twister_trials}
