"""The error function and its relatives on arrays, which NumPy has not.

Every function takes an array of any shape and layout (or a 0-d one) and returns a new one of its dtype;
float16 is computed in float32 and cast back, as PyTorch does on a CPU. Infinities and NaNs are values:
no function warns.

Two algorithms. float64 uses Cody's rational approximations, to a few units in the last place. The
float32 ``erf`` runs in every training step, so it is made of whole-array operations that NumPy has SIMD
loops for, in place, with one small buffer beside the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

__all__ = ["blocks", "erf", "erf_over_sqrt2", "erfc", "erfc_scaled", "erfinv", "ndtr"]

#: How many elements are worked on at a time: the buffers of a block stay in the second-level cache.
BLOCK = 32768

# erf(x) is nearly tanh(x R(x^2)): atanh(erf(x)) / x is smooth, even and grows slowly. This R, of degree 6,
# highest power first, has the smallest largest error in units in the last place of a float32 erf over
# 0 < x < 4.2, found by reweighted least squares (Lawson's algorithm) against a float64 erf and then
# refined in float32 arithmetic. Beyond, R only has to keep tanh at 1, and does: its first coefficient is
# positive.
_R = (
    1.501143316318121e-07,
    -5.773930752184242e-06,
    8.799492934485897e-05,
    -6.199722411110997e-04,
    -1.9236290245316923e-04,
    1.0276955366134644e-01,
    1.128379225730896,
)
# 0-d arrays: NumPy takes them into a loop 0.3 us faster than Python floats.
_ERF = tuple(np.array(c, np.float32) for c in _R)
_ERF_OVER_SQRT2 = tuple(np.array(c / 2 ** (len(_R) - k - 0.5), np.float32) for k, c in enumerate(_R))

# W. J. Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969), 631-637:
# highest power first, numerator and denominator, for |x| < 0.5, up to 4, and beyond.
_NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)  # fmt: skip
_MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
     3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)  # fmt: skip
_FAR = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
     1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242e0, 1.87295284992346047e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
     2.33520497626869185e-3),
)  # fmt: skip
_NEAR_LIMIT, _MIDDLE_LIMIT = 0.5, 4.0
#: erfc(x) is 0 in float64 from 27.3 on.
_ZERO_FROM = 30.0


@np.errstate(all="ignore")
def erf(x: Any, out: Any = None) -> Any:
    """The error function: 2/sqrt(pi) times the integral of exp(-t^2) from 0 to `x`.

    Parameters
    ----------
    x : ndarray
        float16, float32 or float64, of any shape.
    out : ndarray, optional
        Where to put the result, of the shape and dtype of `x`; it may be `x` itself.

    Returns
    -------
    ndarray
        `out`, or a new array. Odd, exactly 0 at 0 and exactly 1 from about 4 (float32) or 6 (float64) on;
        NaN stays NaN. In float32 the error is below 4 units in the last place where NumPy has AVX2 loops
        (5 on older machines), in float64 below 3.

    Raises
    ------
    TypeError
        `x` is not a real floating point array, or `out` is unlike it.

    Examples
    --------
    >>> erf(np.array([-1.0, 0.0, 0.5])).round(6)
    array([-0.842701,  0.      ,  0.5205  ])
    """
    x = _floating("erf", x)
    target = out
    if out is None:
        target = np.empty_like(x)
    elif out.shape != x.shape or out.dtype != x.dtype:
        raise TypeError(f"erf: out is {out.dtype} {out.shape}, expected {x.dtype} {x.shape} as x")
    elif not out.flags.forc or np.may_share_memory(x, out):
        target = np.empty_like(x)
    if x.dtype == np.float32:
        for part, result, square in blocks(x, target):
            np.multiply(part, part, square)
            _tanh_of_odd(_ERF, part, square, result)
    elif x.dtype == np.float64:
        target[...] = _erf64(x.reshape(-1)).reshape(x.shape)
    else:
        target[...] = erf(x.astype(np.float32))
    if out is None or target is out:
        return target
    out[...] = target
    return out


def erf_over_sqrt2(x: Any, square: Any, out: Any) -> Any:
    """erf(x / sqrt(2)) in float32, put into `out`; the caller has `square`, which is x * x.

    The normal distribution function is half of this and a half. Divided here into the coefficients, the
    square root costs nothing. All three arrays have one shape, and `out` shares memory with neither of
    the others.
    """
    return _tanh_of_odd(_ERF_OVER_SQRT2, x, square, out)


def erfc(x: Any) -> Any:
    """1 - erf(x) without cancellation: accurate down to the smallest numbers.

    The error is below 6 units in the last place in float64, and half a unit in float32, which goes through
    float64. See :func:`erf` for shapes, dtypes and what it raises.
    """
    return _through_float64("erfc", _erfc64, x)


def ndtr(x: Any) -> Any:
    """The normal distribution function, erfc(-x / sqrt(2)) / 2, without cancellation in the lower tail.

    The relative error is about 1e-16 (2 + x^2): the division rounds. float32 goes through float64. See
    :func:`erf` for shapes, dtypes and what it raises.
    """
    return _through_float64("ndtr", lambda y: 0.5 * _erfc64(y * -math.sqrt(0.5)), x)


def erfinv(x: Any) -> Any:
    """The inverse of :func:`erf`: infinite at 1 and -1, NaN beyond.

    Winitzki's closed form (A handy approximation for the error function and its inverse, 2008), right to
    0.2 %, then three steps of Halley's method. float32 goes through float64. The error is below 3 units
    in the last place in float64. See :func:`erf` for shapes, dtypes and what it raises.
    """
    return _through_float64("erfinv", _erfinv64, x)


def blocks(x: Any, *outs: Any) -> Iterator[tuple[Any, ...]]:
    """Pieces of `x` and of `outs` at the same places, each with a buffer as large.

    `outs` have the shape of `x` and one layout without gaps, that of ``np.empty_like(x)`` or another.
    """
    if x.size <= BLOCK:
        yield (x, *outs, np.empty_like(x))
        return
    # One axis, in the order of memory, so that pieces are contiguous.
    order = sorted(range(x.ndim), key=lambda axis: -outs[0].strides[axis])
    flat = [each.transpose(order).reshape(-1) for each in (x, *outs)]
    buffer = np.empty(BLOCK, x.dtype)
    for start in range(0, x.size, BLOCK):
        parts = [each[start : start + BLOCK] for each in flat]
        yield (*parts, buffer[: parts[0].size])


def _floating(name: str, x: Any) -> Any:
    x = np.asarray(x)
    if x.dtype.kind != "f" or x.dtype.itemsize > 8:
        raise TypeError(f"{name}: expected float16, float32 or float64, got {x.dtype}; convert the input first")
    return x


def _through_float64(name: str, function: Callable[[Any], Any], x: Any) -> Any:
    x = _floating(name, x)
    with np.errstate(all="ignore"):
        y = function(x.astype(np.float64, copy=False).reshape(-1))
    return y.reshape(x.shape).astype(x.dtype, copy=False)


def _tanh_of_odd(coefficients: tuple[Any, ...], x: Any, square: Any, out: Any) -> Any:
    """tanh(x R(square)), in `out`: Horner's rule in place."""
    np.multiply(square, coefficients[0], out)
    for c in coefficients[1:-1]:
        out += c
        out *= square
    out += coefficients[-1]
    out *= x
    return np.tanh(out, out)


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Any) -> Any:
    top, bottom = (_horner(each, x) for each in coefficients)
    return top / bottom


def _horner(coefficients: tuple[float, ...], x: Any) -> Any:
    out = x * coefficients[0] + coefficients[1]
    for c in coefficients[2:]:
        out *= x
        out += c
    return out


# From here on vectors of float64.


def _erf64(x: Any) -> Any:
    size = np.abs(x)
    near = size < _NEAR_LIMIT
    out = np.empty_like(x)
    out[near] = _erf_near(x[near])
    far = ~near
    out[far] = np.copysign(1 - _erfc_positive(size[far]), x[far])
    return out


def _erfc64(x: Any) -> Any:
    size = np.abs(x)
    near = size < _NEAR_LIMIT
    out = np.empty_like(x)
    out[near] = 1 - _erf_near(x[near])
    far = ~near
    tail = _erfc_positive(size[far])
    out[far] = np.where(x[far] < 0, 2 - tail, tail)
    return out


def _erf_near(x: Any) -> Any:
    return x * _ratio(_NEAR, x * x)


def _erfc_positive(x: Any) -> Any:
    """erfc of a vector that is not below a half (or NaN)."""
    x = np.minimum(x, _ZERO_FROM)
    # A rounding error in x^2 would be an error as large in proportion to the result, x^2 times that of
    # other steps. The square of x cut to 16 binary places is exact, and what it leaves of x^2 is small.
    short = np.trunc(x * 65536) / 65536
    return np.exp(-short * short) * np.exp((short - x) * (short + x)) * _scaled_tail(x)


def _scaled_tail(x: Any) -> Any:
    """exp(x^2) erfc(x) of a vector that is not below a half (or NaN)."""
    scaled = np.empty_like(x)
    middle = x <= _MIDDLE_LIMIT
    scaled[middle] = _ratio(_MIDDLE, x[middle])
    far = ~middle
    y = x[far]
    inverse = 1 / (y * y)
    scaled[far] = (1 / math.sqrt(math.pi) - inverse * _ratio(_FAR, inverse)) / y
    return scaled


def erfc_scaled(x: Any) -> Any:
    """exp(x^2) erfc(x) of a vector of float64 that is not below 0 (or NaN)."""
    near = x < _NEAR_LIMIT
    out = np.empty_like(x)
    y = x[near]
    out[near] = np.exp(y * y) * (1 - _erf_near(y))
    out[~near] = _scaled_tail(x[~near])
    return out


def _erfinv64(x: Any) -> Any:
    y = np.abs(x)
    a = 0.147
    log = np.log1p(-y * y)
    half = 2 / (math.pi * a) + log / 2
    # The root of t^4 + 2 half t^2 + log / a in a form that does not cancel for small y.
    t = np.sqrt(-log / a / (np.sqrt(half * half - log / a) + half))
    for _ in range(3):
        # 1 - y is exact from a half on, and keeps the digits that erf(t) loses near 1.
        excess = np.where(y < 0.5, _erf64(t) - y, (1 - y) - _erfc64(t))
        step = excess * np.exp(t * t) * (math.sqrt(math.pi) / 2)
        t = t - step / (1 + t * step)
    return np.copysign(np.where(y == 1, np.inf, t), x)
