"""The normal distribution in its tails: scaled error function, logarithm and inverse, on arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends.double import pieces, through_float64
from tinygrad5329.backends.special import erf, erfc_scaled

__all__ = ["erfcx", "log_ndtr", "ndtri"]


def erfcx(x: Any) -> Any:
    """exp(x^2) erfc(x), which does not underflow."""
    return through_float64("erfcx", _erfcx, x)


def log_ndtr(x: Any) -> Any:
    """The logarithm of the normal distribution function, also far below 0."""
    return through_float64("log_ndtr", _log_ndtr, x)


def ndtri(p: Any) -> Any:
    """The inverse of the normal distribution function: infinite at 0 and 1, NaN beyond."""
    return through_float64("ndtri", _ndtri, p)


def _erfcx(x: Any) -> Any:
    def negative(y: Any) -> Any:
        # The square in two parts, since its rounding error counts in full in the exponent.
        short = np.trunc(y * 65536) / 65536
        return 2 * np.exp(short * short) * np.exp((y - short) * (y + short)) - erfc_scaled(-y)

    return pieces(x, (x >= 0, erfc_scaled), (x >= -27, negative), (x < -27, lambda y: np.full_like(y, np.inf)))


def _log_ndtr(x: Any) -> Any:
    def upper(y: Any) -> Any:
        t = y * math.sqrt(0.5)
        return np.log1p(-0.5 * np.exp(-t * t) * _erfcx(t))

    def lower(y: Any) -> Any:
        return np.log(0.5 * _erfcx(-y * math.sqrt(0.5))) - 0.5 * y * y

    return pieces(x, (x > -1, upper), (x > -np.inf, lower), (x == -np.inf, lambda y: np.full_like(y, -np.inf)))


def _ndtri(p: Any) -> Any:
    def lower(q: Any) -> Any:
        """Newton's method on the logarithm, from Hastings' rational approximation."""
        log = np.log(q)
        t = np.sqrt(-2 * log)
        x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
        for _ in range(3):
            value = _log_ndtr(x)
            slope = np.exp(-0.5 * x * x - value) / math.sqrt(2 * math.pi)
            error = (value - log) / slope
            # Halley's correction: the second derivative is -slope (x + slope).
            x = x - error / (1 + 0.5 * error * (x + slope))
        return x

    def middle(q: Any) -> Any:
        """Halley's method on the distribution function less a half, from two terms of the series."""
        d = (q - 0.5) * math.sqrt(2 * math.pi)
        x = d * (1 + d * d * (1 / 6 + d * d * (7 / 120 + d * d * 127 / 5040)))
        for _ in range(3):
            error = (_half_erf(x) - (q - 0.5)) * np.exp(0.5 * x * x) * math.sqrt(2 * math.pi)
            x = x - error / (1 + 0.5 * error * x)
        return x

    return pieces(
        p,
        (p == 0, lambda q: np.full_like(q, -np.inf)),
        (p == 1, lambda q: np.full_like(q, np.inf)),
        ((p > 0) & (p < 0.2), lower),
        ((p > 0.8) & (p < 1), lambda q: -lower(1 - q)),
        ((p > 0) & (p < 1), middle),
    )


def _half_erf(x: Any) -> Any:
    """The distribution function less a half, exact near 0."""
    return 0.5 * erf(x * math.sqrt(0.5))
