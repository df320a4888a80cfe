"""The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x), on arrays.

The smaller of the two is computed, the other is what it leaves of 1: P by its power series, Q by Legendre's
continued fraction, and where `a` is large and both would need many terms, by Gauss quadrature of the density.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from tinygrad5329.backends.double import horner, pieces, through_float64
from tinygrad5329.backends.gamma import lgamma64, stirling_rest

__all__ = ["gammainc", "gammaincc"]

#: From which `a` on the density is integrated near its peak.
_LARGE = 150.0


def gammainc(a: Any, x: Any) -> Any:
    """P(a, x): the integral of ``exp(-t) t^(a - 1)`` from 0 to x, over gamma(a)."""
    return through_float64("gammainc", lambda b, y: _incomplete(b, y, upper=False), a, x)


def gammaincc(a: Any, x: Any) -> Any:
    """Q(a, x): the same integral from x to infinity."""
    return through_float64("gammaincc", lambda b, y: _incomplete(b, y, upper=True), a, x)


def _incomplete(a: Any, x: Any, upper: bool) -> Any:
    zero, one = (np.ones_like, np.zeros_like) if upper else (np.zeros_like, np.ones_like)

    def either(lower_value: bool, function: Any) -> Any:
        return lambda y, b: function(b, y) if lower_value != upper else 1 - function(b, y)

    valid = (a >= 0) & (x >= 0)
    # Near the peak of a narrow density; farther off the series converge fast.
    peak = (a > _LARGE) & (np.abs(x - a) < 0.4 * a)
    return pieces(
        x,
        (~valid | ((a == 0) & (x == 0)) | (np.isinf(a) & np.isinf(x)), lambda y, b: np.full_like(y, np.nan)),
        ((a == 0) | np.isinf(x), lambda y, b: one(y)),
        ((x == 0) | np.isinf(a), lambda y, b: zero(y)),
        (peak & (x < a), either(True, lambda b, y: _density_integral(b, y, upper=False))),
        (peak, either(False, lambda b, y: _density_integral(b, y, upper=True))),
        ((x > 1.1) & (x > a), either(False, _fraction)),
        ((x <= 1.1) & (a < 0.75) & (a < -0.4 / np.log(np.minimum(x, 0.5))), either(False, _upper_series)),
        (np.ones_like(valid), either(True, _series)),
        more=(a,),
    )


def _prefactor(a: Any, x: Any) -> Any:
    """``x^a exp(-x) / gamma(a)`` without the cancellation of its logarithm's large terms."""

    def large(y: Any, b: Any) -> Any:
        return np.exp(-b * _excess((y - b) / b) - stirling_rest(b)) * np.sqrt(b / (2 * math.pi))

    return pieces(
        x,
        (a < 10, lambda y, b: np.exp(b * np.log(y) - y - lgamma64(b + 1)) * b),
        (a >= 10, large),
        more=(a,),
    )


@cache
def _excess_coefficients() -> tuple[float, ...]:
    return tuple([(-1) ** k / k for k in range(2, 24)][::-1])


def _excess(u: Any) -> Any:
    """u - log(1 + u), also near 0."""
    return np.where(np.abs(u) < 0.15, horner(_excess_coefficients(), u) * u * u, u - np.log1p(u))


def _series(a: Any, x: Any) -> Any:
    """P: ``x^n / (a (a + 1) ... (a + n))``, summed (DLMF 8.7.1)."""
    term = np.ones_like(x)
    total = np.ones_like(x)
    for n in range(1, 2000):
        term = term * (x / (a + n))
        total = total + term
        if not (term > 1e-17 * total).any():
            break
    return _prefactor(a, x) * total / a


def _fraction(a: Any, x: Any) -> Any:
    """Q: Legendre's continued fraction (DLMF 8.9.2) by Lentz's method."""
    b = x + 1 - a
    d = 1 / b
    c = np.full_like(x, 1e300)
    h = d
    going = np.ones(x.shape, bool)
    for n in range(1, 2000):
        step = -n * (n - a)
        b = b + 2
        d = 1 / (step * d + b)
        c = b + step / c
        change = c * d
        going = going & (np.abs(change - 1) > 3e-16)
        if not going.any():
            break
        h = np.where(going, h * change, h)
    return _prefactor(a, x) * h


def _upper_series(a: Any, x: Any) -> Any:
    """Q for small a and x: ``1 - x^a / gamma(1 + a) (1 + a sum)`` with the ones cancelled (DLMF 8.7.3)."""
    total, term = np.zeros_like(x), np.ones_like(x)
    for n in range(1, 40):
        term = term * (-x / n)
        total = total + term / (a + n)
    logarithm = a * np.log(x) - lgamma64(a + 1)
    return -np.expm1(logarithm) - np.exp(logarithm) * a * total


@cache
def _legendre() -> tuple[Any, Any]:
    return np.polynomial.legendre.leggauss(64)


def _density_integral(a: Any, x: Any, upper: bool) -> Any:
    """The density between x and where it has died out, in units of its width."""
    width = 1 / np.sqrt(a)
    start = (x - a) / a
    # The density falls like exp(-s^2 / 2 - s slope): 39 below, it is less than 1e-17 of its value here.
    slope = np.abs(start) / width
    reach = np.minimum(np.sqrt(slope * slope + 78) - slope, 9.0) * 1.15 * width
    if upper:
        # Skewed: the density dies out more slowly on this side.
        reach = reach * (1 + 4 * width)
    else:
        reach = -np.minimum(reach, (1 + start) * 0.999999)
    nodes, weights = _legendre()
    at_start = _excess(start)
    total = np.zeros_like(x)
    for node, weight in zip(nodes, weights, strict=True):
        u = start + reach * ((1 + node) / 2)
        total += weight * np.exp(a * (at_start - _excess(u))) / (1 + u)
    return _prefactor(a, x) * np.abs(reach) / 2 * total
