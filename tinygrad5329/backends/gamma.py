"""The gamma function's logarithm and its derivatives, and the Hurwitz zeta function, on arrays."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from tinygrad5329.backends.double import horner, pieces, through_float64

__all__ = ["digamma", "lgamma", "lgamma64", "polygamma", "zeta"]

#: B_2, B_4, ... B_24: Bernoulli's numbers.
BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
    854513 / 138, -236364091 / 2730,
)  # fmt: skip
#: From where on the asymptotic series in 1/x are taken.
_LARGE = 10.0
_EULER = 0.57721566490153286
#: Where digamma is 0, in two parts: near it, digamma is the slope there times the distance.
_ROOT = (1.4616321449683622, 9.549995429965697e-17)


def lgamma(x: Any) -> Any:
    """The logarithm of the absolute value of the gamma function: infinite at 0, -1, -2, ..."""
    return through_float64("lgamma", lgamma64, x)


def digamma(x: Any) -> Any:
    """The derivative of :func:`lgamma`: NaN at -1, -2, ..., infinite at 0 with the other sign."""
    return through_float64("digamma", _digamma, x)


def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of :func:`digamma`."""
    if n == 0:
        return digamma(x)
    scale = (-1.0) ** (n + 1) * math.gamma(n + 1) if n < 170 else math.nan
    return through_float64("polygamma", lambda y: scale * _polygamma_zeta(float(n + 1), y), x)


def zeta(x: Any, q: Any) -> Any:
    """The Hurwitz zeta function, the sum of ``(q + k)^-x`` over k = 0, 1, ...: NaN for x < 1."""
    return through_float64("zeta", _zeta, x, q)


def sinpi(x: Any) -> Any:
    """sin(pi x), exactly 0 at integers."""
    rest = x - 2 * np.round(x / 2)
    return np.sin(math.pi * np.where(np.abs(rest) > 0.5, np.copysign(1, rest) - rest, rest))


def lgamma64(x: Any) -> Any:
    """:func:`lgamma` of a vector of float64."""
    return pieces(
        x,
        (x >= _LARGE, _stirling),
        (x >= 0.5, _lgamma_near),
        ((x == np.floor(x)) | np.isinf(x), lambda y: np.full_like(y, np.inf)),
        (x > -0.5, lambda y: _lgamma_near(y + 1) - np.log(np.abs(y))),
        # Euler's reflection.
        (x < 0, lambda y: math.log(math.pi) - np.log(np.abs(sinpi(y))) - lgamma64(1 - y)),
    )


def stirling_rest(x: Any) -> Any:
    """lgamma(x) less Stirling's ``(x - 1/2) log x - x + log(2 pi) / 2``, for x from 10 on (DLMF 5.11.1)."""
    return horner(_stirling_coefficients(), 1 / (x * x)) / x


@cache
def _stirling_coefficients() -> tuple[float, ...]:
    return tuple([b / (2 * k * (2 * k - 1)) for k, b in enumerate(BERNOULLI, 1)][8::-1])


def _stirling(x: Any) -> Any:
    value = (x - 0.5) * (np.log(x) - 1) + (0.5 * math.log(2 * math.pi) - 0.5) + stirling_rest(x)
    return np.where(np.isinf(x), x, value)


def _lgamma_near(x: Any) -> Any:
    """From a half to 10: by the recurrence to [1.5, 2.5), where a series about 2 keeps the zeros exact."""
    factor, y = np.ones_like(x), x
    for _ in range(8):
        above = y >= 2.5
        y = np.where(above, y - 1, y)
        factor = np.where(above, factor * y, factor)
    low = y < 1.5
    d = np.where(low, y - 1, y - 2)
    # About 1 and 2 alike: log gamma(2 + d) = (1 - euler) d + sum (-1)^k (zeta(k) - 1) d^k / k, less log(1 + d).
    series = horner(_taylor(), d) * d
    return series - np.where(low, np.log1p(d), 0) + np.log(factor)


@cache
def _taylor() -> tuple[float, ...]:
    orders = np.arange(2.0, 40.0)
    # zeta(k) - 1 is zeta(k, 2).
    terms = _zeta(orders, np.full_like(orders, 2.0)) * (-1) ** orders / orders
    return (*terms[::-1].tolist(), 1 - _EULER)


def _digamma(x: Any) -> Any:
    return pieces(
        x,
        (np.abs(x - _ROOT[0]) < 0.25, _digamma_about_its_zero),
        (x > 0, _digamma_positive),
        (x == 0, lambda y: np.copysign(np.inf, -y)),
        ((x > -np.inf) & (x != np.floor(x)), lambda y: _digamma_positive(1 - y) - math.pi / _tanpi(y)),
    )


def _tanpi(x: Any) -> Any:
    rest = x - np.round(x)
    return np.tan(math.pi * rest)


def _digamma_positive(x: Any) -> Any:
    shift, y = np.zeros_like(x), x
    for _ in range(int(_LARGE)):
        below = y < _LARGE
        shift = np.where(below, shift + 1 / y, shift)
        y = np.where(below, y + 1, y)
    square = 1 / (y * y)
    series = horner(tuple([b / (2 * k) for k, b in enumerate(BERNOULLI, 1)][8::-1]), square) * square
    return np.where(np.isinf(y), y, np.log(y) - 0.5 / y - series) - shift


def _digamma_about_its_zero(x: Any) -> Any:
    """Taylor's series, so that no two large numbers cancel."""
    d = (x - _ROOT[0]) - _ROOT[1]
    return horner(_root_taylor(), d) * d


@cache
def _root_taylor() -> tuple[float, ...]:
    orders = np.arange(1.0, 30.0)
    slopes = _zeta(orders + 1, np.full_like(orders, _ROOT[0])) * (-1) ** (orders + 1)
    return tuple(slopes[::-1].tolist())


def _polygamma_zeta(s: float, x: Any) -> Any:
    """zeta(s, x) for a whole `s` above 1, also for negative x: infinite at 0, -1, ..."""

    def below(y: Any) -> Any:
        # The terms below 0 are, turned round, the first of another zeta function.
        rest = y - np.floor(y)
        first = _zeta_from(s, 1 - rest) - _zeta_from(s, 1 - y)
        return (-1) ** s * first + _zeta_from(s, np.where(rest == 0, 1, rest))

    return pieces(
        x,
        (x > 0, lambda y: _zeta_from(s, y)),
        (x == np.floor(x), lambda y: np.full_like(y, np.inf)),
        (x < 0, below),
    )


def _zeta(x: Any, q: Any) -> Any:
    whole = x == np.floor(x)
    return pieces(
        x,
        (x == 1, lambda s, a: np.full_like(s, np.inf)),
        ((x > 1) & (q > 0), _zeta_from),
        ((x > 1) & (q == np.floor(q)), lambda s, a: np.full_like(s, np.inf)),
        ((x > 1) & (q < 0) & whole, _zeta_below),
        more=(q,),
    )


def _zeta_below(s: Any, q: Any) -> Any:
    rest = q - np.floor(q)
    return (1 - 2 * (s % 2)) * (_zeta_from(s, 1 - rest) - _zeta_from(s, 1 - q)) + _zeta_from(s, rest)


def _zeta_from(s: Any, q: Any) -> Any:
    """For q > 0: ten terms, and the rest by Euler and Maclaurin's formula (DLMF 25.11.28)."""
    total = q ** (-s)
    for k in range(1, 10):
        total = total + (q + k) ** (-s)
    end = q + 10
    power = end ** (-s)
    tail = power * (end / (s - 1) + 0.5)
    factor = s * power / end
    for k, b in enumerate(BERNOULLI, 1):
        tail = tail + b / math.factorial(2 * k) * factor
        factor = factor * (s + 2 * k - 1) * (s + 2 * k) / (end * end)
    # Of a large s the first term is all there is, and `factor` has overflowed.
    return np.where(np.isinf(s) | np.isnan(tail), np.where(np.isinf(q), 0, total), total + tail)
