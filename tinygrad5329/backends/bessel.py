"""Bessel functions of orders 0 and 1 and the Airy function, on arrays.

Two methods. Power series (NIST DLMF 10.25.2, 10.31.2, 10.8.2) where the argument is small; beyond, Gauss
quadrature of

    K_n(z) = sqrt(pi / 2z) exp(-z) / Gamma(n + 1/2)  int_0^oo exp(-t) t^(n - 1/2) (1 + t / 2z)^(n - 1/2) dt

(DLMF 10.32.8), which with z = -ix is the Hankel function whose parts are J and Y (DLMF 10.27.8). The Airy
function has the like integral of Gil, Segura and Temme (Numer. Algorithms 30, 2002). Errors are a few 1e-16
of the value, of the envelope for the oscillating functions.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from tinygrad5329.backends.double import horner, pieces, through_float64

__all__ = [
    "airy_ai", "airy_ai_slope", "i0", "i0e", "i1", "i1e", "j0", "j1", "k0", "k0e", "k1", "k1e", "y0", "y1",
]  # fmt: skip

_EULER = 0.57721566490153286
#: Up to where the power series are taken: of J and Y (they alternate, and cancel), of K, of I (all positive).
_SMALL_JY, _SMALL_K, _SMALL_I = 4.0, 2.0, 30.0
_NODES = 48


@cache
def _gauss_laguerre(alpha: float, count: int) -> tuple[Any, Any]:
    """Nodes and weights for the weight exp(-t) t^alpha, divided by Gamma(alpha + 1) (Golub and Welsch, 1969)."""
    k = np.arange(1, count)
    matrix = np.diag(2 * np.arange(count) + alpha + 1) + np.diag(np.sqrt(k * (k + alpha)), 1)
    nodes, vectors = np.linalg.eigh(matrix, "U")
    weights = vectors[0] ** 2
    # The last weights are below rounding: their nodes contribute nothing.
    kept = weights > 1e-22
    return nodes[kept], weights[kept]


def _integral(alpha: float, power: float, scale: Any) -> Any:
    """The mean of ``(1 + t scale)^power`` under the weight exp(-t) t^alpha."""
    total = np.zeros_like(scale)
    for t, weight in zip(*_gauss_laguerre(alpha, _NODES), strict=True):
        y = 1 + t * scale
        total += weight * (np.sqrt(y) if power == 0.5 else 1 / np.sqrt(y) if power == -0.5 else y**power)
    return total


@cache
def _series(order: int, sign: int, logarithmic: bool, count: int) -> tuple[float, ...]:
    """Coefficients in q = x^2 / 4, highest power first: sign^k / (k! (k + n)!), times the psi terms of Y and K."""
    coefficients, harmonic = [], 0.0
    for k in range(count):
        if k:
            harmonic += 1 / k
        factor = 1.0
        if logarithmic:
            factor = harmonic if order == 0 else 2 * harmonic + 1 / (k + 1) - 2 * _EULER
        coefficients.append(sign**k * factor / (math.factorial(k) * math.factorial(k + order)))
    return tuple(coefficients[::-1])


def _small(x: Any, order: int, sign: int, count: int = 24) -> Any:
    """J (sign -1) or I (sign 1) by power series."""
    value = horner(_series(order, sign, False, count), x * x / 4)
    return value * (x / 2) if order else value


def _small_second(x: Any, order: int, sign: int) -> Any:
    """K (sign 1), or -pi/2 Y (sign -1), by power series."""
    first, rest = _small(x, order, sign), horner(_series(order, sign, True, 24), x * x / 4)
    if order == 0:
        return rest - (np.log(x / 2) + _EULER) * first
    return 1 / x + sign * (np.log(x / 2) * first - x / 4 * rest)


def _hankel(x: Any, order: int) -> Any:
    """J + iY for large x: sqrt(2 / pi x) exp(i (x - pi/4 - n pi/2)) times the integral."""
    mean = _integral(order - 0.5, order - 0.5, 0.5j / x)
    cos, sin = np.cos(x), np.sin(x)
    return (cos + sin + 1j * (sin - cos)) * (-1j) ** order * mean / np.sqrt(math.pi * x)


def _first_kind(x: Any, order: int) -> Any:
    size = np.abs(x)
    value = pieces(
        size,
        (size <= _SMALL_JY, lambda y: _small(y, order, -1)),
        (size < np.inf, lambda y: _hankel(y, order).real),
        (np.isinf(size), np.zeros_like),
    )
    return np.copysign(1, x) * value if order else value


def _second_kind(x: Any, order: int) -> Any:
    return pieces(
        x,
        ((x > 0) & (x <= _SMALL_JY), lambda y: -2 / math.pi * _small_second(y, order, -1)),
        ((x > 0) & (x < np.inf), lambda y: _hankel(y, order).imag),
        (np.isinf(x) & (x > 0), np.zeros_like),
        (x == 0, lambda y: np.full_like(y, -np.inf)),
    )


def _modified_second(x: Any, order: int, scaled: bool) -> Any:
    def small(y: Any) -> Any:
        value = _small_second(y, order, 1)
        return value * np.exp(y) if scaled else value

    def large(y: Any) -> Any:
        value = np.sqrt(math.pi / 2 / y) * _integral(order - 0.5, order - 0.5, 0.5 / y)
        return value if scaled else value * np.exp(-y)

    return pieces(
        x,
        ((x > 0) & (x <= _SMALL_K), small),
        (x > 0, large),
        (x == 0, lambda y: np.full_like(y, np.inf)),
    )


@cache
def _asymptotic(order: int) -> tuple[float, ...]:
    """Coefficients in 1/x of I_n(x) sqrt(2 pi x) exp(-x), highest power first (DLMF 10.40.1)."""
    coefficients = [1.0]
    for k in range(1, 25):
        coefficients.append(-coefficients[-1] * (4 * order * order - (2 * k - 1) ** 2) / (8 * k))
    return tuple(coefficients[::-1])


def _modified_first(x: Any, order: int, scaled: bool) -> Any:
    size = np.abs(x)

    def small(y: Any) -> Any:
        value = _small(y, order, 1, 72)
        return value * np.exp(-y) if scaled else value

    def large(y: Any) -> Any:
        value = horner(_asymptotic(order), 1 / y) / np.sqrt(2 * math.pi * y)
        # In two halves: exp(y) alone overflows a little before the product does.
        return value if scaled else np.exp(y / 2) * value * np.exp(y / 2)

    infinite = 0.0 if scaled else np.inf
    value = pieces(
        size,
        (size <= _SMALL_I, small),
        (size < np.inf, large),
        (np.isinf(size), lambda y: np.full_like(y, infinite)),
    )
    return np.copysign(1, x) * value if order else value


@cache
def _airy_series(slope: bool) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The two series of Ai about 0 in x^3 (DLMF 9.4.1, 9.4.2), or of its derivative, highest power first."""
    one, other = [1 / (3 ** (2 / 3) * math.gamma(2 / 3))], [-1 / (3 ** (1 / 3) * math.gamma(1 / 3))]
    for k in range(1, 16):
        one.append(one[-1] / ((3 * k - 1) * 3 * k))
        other.append(other[-1] / (3 * k * (3 * k + 1)))
    if slope:
        one, other = [3 * k * c for k, c in enumerate(one)], [(3 * k + 1) * c for k, c in enumerate(other)]
    return tuple(one[::-1]), tuple(other[::-1])


def _airy_small(x: Any, slope: bool) -> Any:
    one, other = (horner(each, x * x * x) for each in _airy_series(slope))
    # The derivative's first series begins with x^2.
    return np.where(x == 0, 0, one / np.where(x == 0, 1, x)) + other if slope else one + x * other


def _airy_large(z: Any, zeta: Any, slope: bool) -> Any:
    """Ai(z) or Ai'(z) exp(zeta), with zeta = 2/3 z^(3/2)."""
    if slope:
        # Ai'(z) = -z / (pi sqrt 3) K_(2/3)(zeta)
        return -(z**0.25) / (2 * math.sqrt(math.pi)) * _integral(1 / 6, 1 / 6, 0.5 / zeta)
    return z**-0.25 / (2 * math.sqrt(math.pi)) * _integral(-1 / 6, -1 / 6, 0.5 / zeta)


def _airy(x: Any, slope: bool) -> Any:
    def negative(y: Any) -> Any:
        size = -y
        turn = np.exp(1j * math.pi / 3)
        phase = size**1.5 * (2 / 3)
        value = _airy_large(size * turn, 1j * phase, slope) * (np.cos(phase) - 1j * np.sin(phase))
        return 2 * (value * (-turn * turn if slope else turn)).real

    def positive(y: Any) -> Any:
        zeta = y**1.5 * (2 / 3)
        return _airy_large(y, zeta, slope) * np.exp(-zeta)

    return pieces(
        x,
        (np.abs(x) <= 1.5, lambda y: _airy_small(y, slope)),
        ((x < 0) & (x > -np.inf), negative),
        ((x > 0) & (x < np.inf), positive),
        (x == np.inf, np.zeros_like),
    )


def _define(name: str, about: str, function: Any, *options: Any) -> Any:
    def on_arrays(x: Any) -> Any:
        return through_float64(name, lambda y: function(y, *options), x)

    on_arrays.__name__ = on_arrays.__qualname__ = name
    on_arrays.__doc__ = about
    return on_arrays


j0 = _define("j0", "The Bessel function of the first kind of order 0.", _first_kind, 0)
j1 = _define("j1", "The Bessel function of the first kind of order 1.", _first_kind, 1)
y0 = _define("y0", "The Bessel function of the second kind of order 0; NaN below 0.", _second_kind, 0)
y1 = _define("y1", "The Bessel function of the second kind of order 1; NaN below 0.", _second_kind, 1)
i0 = _define("i0", "The modified Bessel function of the first kind of order 0.", _modified_first, 0, False)
i1 = _define("i1", "The modified Bessel function of the first kind of order 1.", _modified_first, 1, False)
i0e = _define("i0e", "i0(x) exp(-|x|).", _modified_first, 0, True)
i1e = _define("i1e", "i1(x) exp(-|x|).", _modified_first, 1, True)
k0 = _define("k0", "The modified Bessel function of the second kind of order 0; NaN below 0.",
             _modified_second, 0, False)  # fmt: skip
k1 = _define("k1", "The modified Bessel function of the second kind of order 1; NaN below 0.",
             _modified_second, 1, False)  # fmt: skip
k0e = _define("k0e", "k0(x) exp(x).", _modified_second, 0, True)
k1e = _define("k1e", "k1(x) exp(x).", _modified_second, 1, True)
airy_ai = _define("airy_ai", "The Airy function Ai.", _airy, False)
airy_ai_slope = _define("airy_ai_slope", "The derivative of the Airy function Ai.", _airy, True)
