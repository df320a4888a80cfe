"""Exponentials, logarithms and their relatives for compiled kernels, without calls of the C library.

A loop with such a call runs one element at a time. These are polynomials and bits, which the compiler turns into
vector instructions. Each takes a float32 or float64 inside a kernel and gives one; what becomes of infinities and
NaNs is what NumPy makes of them, and results below the normal numbers are rounded, not flushed to 0.

The polynomials have the smallest largest error, by Remez's algorithm with 50 digits. The error of the functions
is stated in units in the last place; the tests look for larger ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from tinygrad5329.fast.compiled import INLINED, inlined

__all__ = ["erf", "exp", "exp_of_score", "expm1", "log", "log1p", "logistic", "tanh", "upper_tail"]


def exp(x: Any) -> Any:
    """e to the power of `x`, to 1.1 units in the last place."""
    raise NotImplementedError("transcendental.exp: for use in kernels")


def exp_of_score(x: Any) -> Any:
    """exp in half the time, to 1.1 units in the last place, for `x` up to 88, or 709 in float64.

    It is 0 where the result is below the normal numbers, and NaN for +inf: made for scores from which the largest was
    subtracted.
    """
    raise NotImplementedError("transcendental.exp_of_score: for use in kernels")


def expm1(x: Any) -> Any:
    """exp(x) - 1, to 1.8 units in the last place also near 0."""
    raise NotImplementedError("transcendental.expm1: for use in kernels")


def log(x: Any) -> Any:
    """The natural logarithm, to 1 unit in the last place."""
    raise NotImplementedError("transcendental.log: for use in kernels")


def log1p(x: Any) -> Any:
    """log(1 + x), to 1.5 units in the last place also near 0."""
    raise NotImplementedError("transcendental.log1p: for use in kernels")


def tanh(x: Any) -> Any:
    """The hyperbolic tangent, to 1.5 units in the last place."""
    raise NotImplementedError("transcendental.tanh: for use in kernels")


def logistic(x: Any) -> Any:
    """1 / (1 + exp(-x)), to 2.5 units in the last place; 0 where exp(-x) overflows."""
    raise NotImplementedError("transcendental.logistic: for use in kernels")


def erf(x: Any) -> Any:
    """The error function, to 1.5 units in the last place."""
    raise NotImplementedError("transcendental.erf: for use in kernels")


def upper_tail(u: Any, bell: Any) -> Any:
    """The probability that a normal variable exceeds `u`, which is not negative; `bell` is exp(-u * u / 2).

    The relative error is that of `bell` and 5 units in the last place.
    """
    raise NotImplementedError("transcendental.upper_tail: for use in kernels")


#: So many steps of a loop with known ends the compiler surely writes out.
_UNROLLED = 8


def _polynomial(coefficients: Sequence[Any]) -> Callable[..., Any]:
    """Horner's rule; the coefficients come lowest power first."""
    lower = tuple(coefficients[:_UNROLLED][::-1])
    if len(coefficients) > _UNROLLED:
        higher = _polynomial(coefficients[_UNROLLED:])
    else:
        leading, lower = lower[0], lower[1:]
        higher = inlined(lambda x: leading)

    @inlined
    def value(x):  # type: ignore[no-untyped-def]
        out = higher(x)
        for c in lower:
            out = out * x + c
        return out

    return value


def _family(
    real: Any,
    word: Any,
    low: float,
    high: float,
    ln2: tuple[float, float],
    beyond_line: Sequence[float],
    atanh: Sequence[float],
    odd_tanh: Sequence[float],
    odd_erf: Sequence[float],
    tail_scale: float,
    tail_middle: float,
    tail: Sequence[float],
) -> SimpleNamespace:
    """The functions for the floats `real`, whose bits are the unsigned `word`.

    exp(x) is 0 or infinite from `low` and `high` on. `ln2` is log(2) in two parts, of which the first times any
    exponent is exact. The polynomials: exp(x) is 1 + x + x^2 beyond_line(x) for abs(x) <= log(2) / 2;
    log((1 + s) / (1 - s)) is 2 s + s^3 atanh(s^2) for a ratio between sqrt(1/2) and sqrt(2); tanh(x) is
    x + x^3 odd_tanh(x^2) for abs(x) < 0.625; erf(x) is x + x odd_erf(x^2) for abs(x) < 1; the probability beyond u is
    exp(-u^2 / 2) t tail(t - tail_middle) with t = tail_scale / (tail_scale + u).
    """
    mantissa = np.finfo(real).nmant
    digits, bias = word(mantissa), word(np.finfo(real).maxexp - 1)
    twice_bias = word(2 * bias)
    zero, half, one, two, infinity, nan = (real(c) for c in (0, 0.5, 1, 2, math.inf, math.nan))
    bottom, top, log2e, ln2_high, ln2_low = (real(c) for c in (low, high, 1 / math.log(2), *ln2))
    # Numbers of this size have no binary places: adding and subtracting it rounds to an integer, which stands in
    # the low bits of the sum.
    rounding = real(1.5 * 2**mantissa)
    rounding_bits = word(int(rounding.view(word)) - 2 * int(bias))
    score_bits = word(int(rounding.view(word)) - int(bias))
    # Likewise for making a float of a small integer.
    whole = real(2**mantissa)
    whole_bits, integer_bias = whole.view(word), real(2**mantissa + int(bias))
    smallest, lift, lifted = np.finfo(real).tiny, real(2**mantissa), real(mantissa)
    root_bits = np.sqrt(half).view(word)
    to_root, fraction = word(one.view(word) - root_bits), word(2**mantissa - 1)
    smallest_exponent = np.log(smallest)
    near_tanh, scale, middle = real(0.625), real(tail_scale), real(tail_middle)
    exp_series, log_series, tanh_series, erf_series, tail_series = (
        _polynomial([real(c) for c in series]) for series in (beyond_line, atanh, odd_tanh, odd_erf, tail)
    )
    root_two = real(math.sqrt(2))

    @inlined
    def split(x):  # type: ignore[no-untyped-def]
        """exp(x) = (1 + rest) 2^n, and n shared out to two powers, of which neither overflows."""
        x = bottom if x < bottom else x
        x = top if x > top else x
        shifted = x * log2e + rounding
        n = shifted - rounding
        r = (x - n * ln2_high) - n * ln2_low
        biased = real(shifted).view(word) - rounding_bits
        first = biased >> word(1)
        return r + r * r * exp_series(r), first, biased - first

    @inlined
    def exp(x):  # type: ignore[no-untyped-def]
        rest, first, second = split(x)
        return ((one + rest) * word(first << digits).view(real)) * word(second << digits).view(real)

    @inlined
    def exp_of_score(x):  # type: ignore[no-untyped-def]
        shifted = x * log2e + rounding
        n = shifted - rounding
        r = (x - n * ln2_high) - n * ln2_low
        power = word((real(shifted).view(word) - score_bits) << digits).view(real)
        out = (one + (r + r * r * exp_series(r))) * power
        return zero if x < smallest_exponent else out

    @inlined
    def expm1(x):  # type: ignore[no-untyped-def]
        rest, first, second = split(x)
        a, b = word(first << digits).view(real), word(second << digits).view(real)
        out = (rest * a + (a - word((twice_bias - second) << digits).view(real))) * b
        return x if x == zero else out

    @inlined
    def log(x):  # type: ignore[no-untyped-def]
        tiny = x < smallest
        bits = real(x * lift if tiny else x).view(word) + to_root
        n = word((bits >> digits) + whole_bits).view(real) - integer_bias
        n = n - lifted if tiny else n
        f = word((bits & fraction) + root_bits).view(real) - one
        s = f / (two + f)
        z = s * s
        square = half * f * f
        # log(1 + f) = f - f^2 / 2 + s (f^2 / 2 + s^2 series): the small terms first
        out = n * ln2_high + (f - (square - (s * (square + z * log_series(z)) + n * ln2_low)))
        out = x if x == infinity else out
        out = -infinity if x == zero else out
        return out if x >= zero else nan

    @inlined
    def log1p(x):  # type: ignore[no-untyped-def]
        u = one + x
        # What rounding took from u, times the slope of the logarithm.
        out = log(u) + (x - (u - one)) / u
        out = x if u == one or x == infinity else out
        return -infinity if u == zero else out

    @inlined
    def tanh(x):  # type: ignore[no-untyped-def]
        size, z = abs(x), x * x
        near = x + x * (z * tanh_series(z))
        far = one - two / (exp(size + size) + one)
        far = -far if x < zero else far
        out = near if size < near_tanh else far
        return x if x == zero else out

    @inlined
    def logistic(x):  # type: ignore[no-untyped-def]
        return one / (one + exp(-x))

    @inlined
    def upper_tail(u, bell):  # type: ignore[no-untyped-def]
        t = scale / (scale + u)
        return bell * (t * tail_series(t - middle))

    @inlined
    def erf(x):  # type: ignore[no-untyped-def]
        size, z = abs(x), x * x
        far = one - two * upper_tail(root_two * size, exp(-z))
        far = -far if x < zero else far
        return x + x * erf_series(z) if size < one else far

    return SimpleNamespace(
        exp=exp,
        exp_of_score=exp_of_score,
        expm1=expm1,
        log=log,
        log1p=log1p,
        tanh=tanh,
        logistic=logistic,
        erf=erf,
        upper_tail=upper_tail,
    )


_OF_FLOAT32 = _family(
    np.float32,
    np.uint32,
    low=-104.0,
    high=89.0,
    ln2=(0.693145751953125, 1.4286068203094173e-06),
    beyond_line=(0.49999994367, 0.166665277486, 0.0416682636378, 0.00836805241524, 0.00138178924453),
    atanh=(0.666666661546, 0.400002411954, 0.285424410837, 0.234958088716),
    odd_tanh=(-0.333332873453, 0.133315626585, -0.0537484325699, 0.0206644952652, -0.00573083512826),
    odd_erf=(0.12837916591, -0.376126271364, 0.112836001796, -0.0268544446784, 0.00518953542459,
             -0.000802084151825, 7.88911907209e-5),
    tail_scale=4.0,
    tail_middle=0.0,
    tail=(0.0997463296343, 0.0995214570303, 0.0952878678347, 0.0730127684967, 0.083851310244, 0.0177346031382,
          0.0226109782373, 0.0558794587828, -0.0645371799684, 0.0168924108794),
)  # fmt: skip
_OF_FLOAT64 = _family(
    np.float64,
    np.uint64,
    low=-746.0,
    high=710.0,
    ln2=(0.6931471805598903, 5.497923018708371e-14),
    beyond_line=(0.50000000000000049779, 0.16666666666666460517, 0.041666666666572617897, 0.0083333333334804341405,
                 0.0013888888933478685247, 0.00019841269511510232607, 0.000024801502795046108227,
                 2.7557598786502078034e-6, 2.7627027936313390671e-7, 2.4992045480918836506e-8),
    atanh=(0.66666666666666665712, 0.40000000000002420042, 0.28571428570145321287, 0.2222222250627698854,
           0.18181785712807278637, 0.15386693570277211781, 0.13258293473739510131, 0.13182924671716284614),
    odd_tanh=(-0.33333333333333025696, 0.13333333333279587504, -0.053968253937893784963, 0.021869487704800786032,
              -0.0088632224709853518267, 0.0035919996885885130777, -0.001455007513553437317,
              0.0005864617363373823867, -0.00022883440382655456269, 0.000077429398697999442155,
              -0.000016202751516430223584),
    odd_erf=(0.1283791670955125668, -0.37612638903183546597, 0.11283791670945252109, -0.026866170643276065865,
             0.0052239776074224442493, -0.00085483259896579632443, 0.00012055295319610948004,
             -0.000014924744651046068678, 1.6447517576386865471e-6, -1.6209175465694306966e-7,
             1.3722975567005644647e-8, -7.8011895389899150671e-10),
    tail_scale=5.0,
    tail_middle=0.5,
    tail=(0.15383860995001259124, 0.26615300115602264006, 0.39624449277598159811, 0.50165305067410517119,
          0.52806517174515702397, 0.44235928771809260558, 0.26617685504309937502, 0.076630445457820499987,
          -0.040850913355707251367, -0.055797668441033944291, -0.01216014567137118174, 0.020382928994716687778,
          0.013665193854147922139, -0.0065232752511507423784, -0.0090736400980953098019, 0.00221343339016660633,
          0.0056713073651392628322, -0.0011432713062345521355, -0.0034246391495804896906, 0.0010706892549088197408,
          0.0015061661598352996331, -0.00084469576742529076064),
)  # fmt: skip


def _of_its_kind(name: str) -> Callable[..., Any]:
    of = {types.float32: getattr(_OF_FLOAT32, name).py_func, types.float64: getattr(_OF_FLOAT64, name).py_func}
    # Numba compares the parameters' annotations too.
    return (lambda u, bell: of.get(u)) if name == "upper_tail" else (lambda x: of.get(x))


for _function in (exp, exp_of_score, expm1, log, log1p, tanh, logistic, erf, upper_tail):
    _function.__annotations__ = {}
    overload(_function, jit_options=INLINED)(_of_its_kind(_function.__name__))
