"""Special functions computed in float64: the pieces that all of them are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["horner", "pieces", "through_float64"]


def through_float64(name: str, function: Callable[..., Any], *xs: Any) -> Any:
    """``function`` of vectors of float64, for arrays of any one real floating dtype, which the result has.

    Several arrays are broadcast against each other. Infinities and NaNs are values: nothing warns.

    Raises
    ------
    TypeError
        An array is not of floating point numbers.
    """
    xs = tuple([np.asarray(x) for x in xs])
    dtype = xs[0].dtype
    if dtype.kind in "biuc" or dtype.itemsize > 8:
        raise TypeError(f"{name}: expected float16, float32 or float64, got {dtype}; convert the input first")
    if len(xs) > 1:
        xs = np.broadcast_arrays(*xs)
    with np.errstate(all="ignore"):
        y = function(*[x.astype(np.float64, copy=False).reshape(-1) for x in xs])
        return y.reshape(xs[0].shape).astype(dtype, copy=False)


def pieces(x: Any, *parts: tuple[Any, Callable[..., Any]], more: tuple[Any, ...] = ()) -> Any:
    """A function given in pieces: the first whose condition holds counts; NaN where none does.

    `more` are further arguments of the functions, as long as `x`.
    """
    out = np.full(x.shape, np.nan)
    left = np.ones(x.shape, bool)
    for condition, function in parts:
        here = np.flatnonzero(condition & left)
        if here.size == x.size:
            return function(x, *more)
        if here.size:
            out[here] = function(x[here], *[each[here] for each in more])
            left[here] = False
    return out


def horner(coefficients: Sequence[float], x: Any) -> Any:
    """The polynomial with these coefficients, highest power first."""
    out = x * coefficients[0] + coefficients[1]
    for c in coefficients[2:]:
        out *= x
        out += c
    return out
