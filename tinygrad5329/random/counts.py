"""Counts: the draws of Poisson and binomial numbers.

How many words an element takes depends on the number drawn, and where the next element's begin on that: these
two run through their elements one by one, as PyTorch's loop does, on Python's floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from tinygrad5329.random.seeded import Seeded
from tinygrad5329.random.transforms import unit_float64

_CHUNK = 1024
#: ln k! less Stirling's approximation of it, for k = 0 to 9.
_STIRLING_TAIL = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
    0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
)  # fmt: skip


class Counts(Seeded):
    """Draws of Poisson and binomial numbers."""

    __slots__ = ()

    def poisson(self, rate: np.ndarray) -> np.ndarray:
        """Poisson numbers of the rates in `rate`, in its shape and dtype; `torch.poisson`.

        Raises
        ------
        RuntimeError
            A rate is negative or NaN.
        """
        if not (rate >= 0).all():
            raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
        return self._one_by_one(lambda u, x: _poisson(u, x), rate)

    def binomial(self, count: np.ndarray, prob: np.ndarray) -> np.ndarray:
        """Successes in `count` trials of probability `prob`, two floating arrays of one dtype; `torch.binomial`."""
        return self._one_by_one(_binomial, *np.broadcast_arrays(count, prob))

    def _one_by_one(self, draw: Callable[..., float], *parameters: np.ndarray) -> np.ndarray:
        columns = [each.astype(np.float64).reshape(-1).tolist() for each in parameters]
        with self._lock:
            before = self._words.state(None)
            taken = [0]
            unit = self._numbers(taken)
            values = [draw(unit, *row) for row in zip(*columns, strict=True)]
            # The chunks reached beyond what was needed: go back, and take just that.
            self._words.restore(before)
            self._words.words64(taken[0])
        return np.array(values, np.float64).astype(parameters[0].dtype).reshape(parameters[0].shape)

    def _numbers(self, taken: list[int]) -> Iterator[float]:
        while True:
            for number in unit_float64(self._words.words64(_CHUNK)).tolist():
                taken[0] += 1
                yield number


def _poisson(unit: Iterator[float], rate: float) -> float:
    """Knuth's product of uniforms for small rates, Hoermann's transformed rejection (PTRS, 1993) for others."""
    if rate == 0:
        return 0
    if rate < 10:
        limit, product, k = math.exp(-rate), next(unit), 0
        while product > limit:
            k += 1
            product *= next(unit)
        return k
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    tight = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = next(unit) - 0.5, next(unit)
        us = 0.5 - abs(u)
        if us == 0:
            continue
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= tight:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        if v == 0 or math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b) <= (
            -rate + k * log_rate - math.lgamma(k + 1)
        ):
            return k


def _binomial(unit: Iterator[float], count: float, prob: float) -> float:
    if count <= 0 or prob <= 0:
        return 0
    if prob >= 1:
        return count
    if prob <= 0.5:
        return _successes(unit, count, prob)
    return count - _successes(unit, count, 1 - prob) if prob > 0.5 else math.nan


def _successes(unit: Iterator[float], count: float, prob: float) -> float:
    """For probabilities up to a half: waiting times, or Hoermann's transformed rejection (BTRS, 1993)."""
    if count * prob < 10:
        scale, total, successes = math.log1p(-prob), 0.0, 0
        while True:
            u = next(unit)
            total += math.ceil(math.log(u) / scale) if u else math.inf
            if total > count:
                return successes
            successes += 1
    deviation = math.sqrt(count * prob * (1 - prob))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * prob
    centre = count * prob + 0.5
    tight = 0.92 - 4.2 / b
    odds = prob / (1 - prob)
    alpha = (2.83 + 5.1 / b) * deviation
    mode = math.floor((count + 1) * prob)
    while True:
        u, v = next(unit) - 0.5, next(unit)
        us = 0.5 - abs(u)
        if us == 0:
            continue
        k = math.floor((2 * a / us + b) * u + centre)
        if k < 0 or k > count:
            continue
        if us >= 0.07 and v <= tight:
            return k
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (count - mode + 1)))
            + (count + 1) * math.log((count - mode + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + _tail(mode)
            + _tail(count - mode)
            - _tail(k)
            - _tail(count - k)
        )
        if v == 0 or math.log(v * alpha / (a / (us * us) + b)) <= bound:
            return k


def _tail(k: float) -> float:
    if k <= 9:
        return _STIRLING_TAIL[int(k)]
    square = (k + 1) ** 2
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
