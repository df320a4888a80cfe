"""Normalization of each row by itself: one pass over the cached row for each sum, and no array but the result.

The raw rules read the input again where NumPy's keep the normalised one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import summing
from tinygrad5329.ops.primitive import REGISTRY

__all__ = ["KERNELS"]

_NUMPY, _NUMPY_RMS = REGISTRY["native_layer_norm"], REGISTRY["rms_norm"]

#: The longest row: a sum runs in some thirty lanes, which for this is as exact as NumPy's.
_WIDEST = 8192
#: Rows that are added up in their own precision before their sum is added in float64.
_ROWS = 64

# x, g, out and dx (rows, width). `kept` (2, rows): the mean and the inverse deviation. A parameter that is not there
# is an array of no elements.


@summing
def _forward_of_rows(x, weight, bias, eps, kept, out):  # type: ignore[no-untyped-def]
    rows, width = x.shape
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(rows):
        mean = square = zero
        for j in range(width):
            mean += x[i, j]
        mean /= x.dtype.type(width)
        for j in range(width):
            square += (x[i, j] - mean) * (x[i, j] - mean)
        inverse = one / np.sqrt(square / x.dtype.type(width) + x.dtype.type(eps))
        kept[0, i], kept[1, i] = mean, inverse
        if bias.size:
            for j in range(width):
                out[i, j] = (x[i, j] - mean) * inverse * weight[j] + bias[j]
        elif weight.size:
            for j in range(width):
                out[i, j] = (x[i, j] - mean) * inverse * weight[j]
        else:
            for j in range(width):
                out[i, j] = (x[i, j] - mean) * inverse


# dx = s (h - mean(h) - n mean(h n)), with h = g w, n the normalised input, s the inverse deviation.


@summing
def _backward_of_rows(g, x, weight, kept, dx):  # type: ignore[no-untyped-def]
    rows, width = x.shape
    zero, count = x.dtype.type(0), x.dtype.type(width)
    for i in range(rows):
        mean, inverse = kept[0, i], kept[1, i]
        total = product = zero
        if weight.size:
            for j in range(width):
                h = g[i, j] * weight[j]
                total += h
                product += h * (x[i, j] - mean)
        else:
            for j in range(width):
                total += g[i, j]
                product += g[i, j] * (x[i, j] - mean)
        shift, scale = total / count * inverse, product / count * inverse * inverse * inverse
        if weight.size:
            for j in range(width):
                dx[i, j] = g[i, j] * weight[j] * inverse - shift - (x[i, j] - mean) * scale
        else:
            for j in range(width):
                dx[i, j] = g[i, j] * inverse - shift - (x[i, j] - mean) * scale


@summing
def _backward_of_parameters(g, x, kept, dw, db):  # type: ignore[no-untyped-def]
    """`dw` and `db` are float64."""
    rows, width = x.shape
    some = np.empty(width, x.dtype)
    for start in range(0, rows, _ROWS):
        end = min(rows, start + _ROWS)
        whole = end - (end - start) % 4
        some[:] = 0
        for i in range(start, whole, 4):
            a, b, c, d = kept[0, i], kept[0, i + 1], kept[0, i + 2], kept[0, i + 3]
            p, q, r, s = kept[1, i], kept[1, i + 1], kept[1, i + 2], kept[1, i + 3]
            for j in range(width):
                some[j] += (g[i, j] * ((x[i, j] - a) * p) + g[i + 1, j] * ((x[i + 1, j] - b) * q)) + (
                    g[i + 2, j] * ((x[i + 2, j] - c) * r) + g[i + 3, j] * ((x[i + 3, j] - d) * s)
                )
        for i in range(whole, end):
            mean, inverse = kept[0, i], kept[1, i]
            for j in range(width):
                some[j] += g[i, j] * ((x[i, j] - mean) * inverse)
        for j in range(width):
            dw[j] += some[j]
        if db.size:
            some[:] = 0
            for i in range(start, whole, 4):
                for j in range(width):
                    some[j] += (g[i, j] + g[i + 1, j]) + (g[i + 2, j] + g[i + 3, j])
            for i in range(whole, end):
                for j in range(width):
                    some[j] += g[i, j]
            for j in range(width):
                db[j] += some[j]


# Without the mean, for which there stands a zero in `kept`.


@summing
def _scale_rows(x, weight, eps, kept, out):  # type: ignore[no-untyped-def]
    rows, width = x.shape
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(rows):
        square = zero
        for j in range(width):
            square += x[i, j] * x[i, j]
        inverse = one / np.sqrt(square / x.dtype.type(width) + x.dtype.type(eps))
        kept[0, i], kept[1, i] = zero, inverse
        if weight.size:
            for j in range(width):
                out[i, j] = x[i, j] * inverse * weight[j]
        else:
            for j in range(width):
                out[i, j] = x[i, j] * inverse


@summing
def _scale_rows_back(g, x, weight, kept, dx):  # type: ignore[no-untyped-def]
    rows, width = x.shape
    for i in range(rows):
        inverse, product = kept[1, i], x.dtype.type(0)
        if weight.size:
            for j in range(width):
                product += g[i, j] * weight[j] * x[i, j]
        else:
            for j in range(width):
                product += g[i, j] * x[i, j]
        scale = product / x.dtype.type(width) * inverse * inverse * inverse
        if weight.size:
            for j in range(width):
                dx[i, j] = g[i, j] * weight[j] * inverse - x[i, j] * scale
        else:
            for j in range(width):
                dx[i, j] = g[i, j] * inverse - x[i, j] * scale


def _vector(parameter: Any, x: Any) -> Any:
    """What stands for a parameter in a kernel."""
    if parameter is None:
        return np.empty(0, x.dtype)
    return parameter.reshape(-1) if parameter.flags.carray else parameter.flatten()


def _forward(
    xp: Any, x: Any, weight: Any, bias: Any, *, shape: tuple[int, ...], eps: float, keep: bool
) -> tuple[Any, Any]:
    """As NumPy's, which takes what is not C-contiguous and writeable, very long rows, and a bias without a weight."""
    width = math.prod(shape)
    if not x.flags.carray or width > _WIDEST or (weight is None and bias is not None):
        return _NUMPY.forward(xp, x, weight, bias, shape=shape, eps=eps, keep=keep)
    rows = x.reshape(-1, width)
    out, kept = np.empty(rows.shape, x.dtype), np.empty((2, len(rows)), x.dtype)
    _forward_of_rows(rows, _vector(weight, x), _vector(bias, x), eps, kept, out)
    return out.reshape(x.shape), kept if keep else None


def _raw(xp: Any, g: Any, needs: Any, x: Any, weight: Any, shape: tuple[int, ...], aux: Any) -> tuple[Any, Any, Any]:
    if type(aux) is tuple:
        return _NUMPY.raw(xp, g, needs, weight, shape, aux)  # type: ignore[misc, no-any-return]
    if not g.flags.carray:
        g = g.copy()
    width = math.prod(shape)
    rows, g = x.reshape(-1, width), g.reshape(-1, width)
    dx = dw = db = None
    if needs[0]:
        dx = np.empty(x.shape, x.dtype)
        _backward_of_rows(g, rows, _vector(weight, x), aux, dx.reshape(rows.shape))
    if needs[1] or needs[2]:
        sums = np.zeros((2, width))
        _backward_of_parameters(g, rows, aux, sums[0], sums[1] if needs[2] else sums[1, :0])
        dw, db = (each.astype(x.dtype).reshape(shape) for each in sums)
    return dx, dw, db


def _rms_forward(xp: Any, x: Any, weight: Any, *, shape: tuple[int, ...], eps: float, keep: bool) -> tuple[Any, Any]:
    """As NumPy's, which takes what is not C-contiguous and writeable, and very long rows."""
    width = math.prod(shape)
    if not x.flags.carray or width > _WIDEST:
        return _NUMPY_RMS.forward(xp, x, weight, shape=shape, eps=eps, keep=keep)
    rows = x.reshape(-1, width)
    out, kept = np.empty(rows.shape, x.dtype), np.empty((2, len(rows)), x.dtype)
    _scale_rows(rows, _vector(weight, x), eps, kept, out)
    return out.reshape(x.shape), kept if keep else None


def _rms_raw(xp: Any, g: Any, needs: Any, x: Any, weight: Any, shape: tuple[int, ...], aux: Any) -> tuple[Any, Any]:
    if type(aux) is tuple:
        return _NUMPY_RMS.raw(xp, g, needs, weight, shape, aux)  # type: ignore[misc, no-any-return]
    if not g.flags.carray:
        g = g.copy()
    width = math.prod(shape)
    rows, g = x.reshape(-1, width), g.reshape(-1, width)
    dx = dw = None
    if needs[0]:
        dx = np.empty(x.shape, x.dtype)
        _scale_rows_back(g, rows, _vector(weight, x), aux, dx.reshape(rows.shape))
    if needs[1]:
        sums = np.zeros((2, width))
        _backward_of_parameters(g, rows, aux, sums[0], sums[1, :0])
        dw = sums[0].astype(x.dtype).reshape(shape)
    return dx, dw


KERNELS = {"native_layer_norm": Kernels(_forward, _raw), "rms_norm": Kernels(_rms_forward, _rms_raw)}
