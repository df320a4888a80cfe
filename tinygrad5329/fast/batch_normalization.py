"""Normalization of each channel over the batch: three passes forward, two backward, no array in between.

The raw rule reads the input again where NumPy's keeps a centred copy of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast.compiled import kernel, summing
from tinygrad5329.ops.batch_normalization import running_statistics
from tinygrad5329.ops.primitive import REGISTRY

__all__ = ["KERNELS"]

_NUMPY, _NUMPY_EVAL = REGISTRY["native_batch_norm"], REGISTRY["native_batch_norm_eval"]

# (N, C) and (N, C, L). `kept` is (4, C): the mean, the inverse deviation, that times the weight, and the variance.
# Sums are taken in float64 of four rows, or one line, at a time: as exact as pairwise summation. A parameter that is
# not there is an array of no elements.


@summing
def _forward_of_rows(x, weight, bias, eps, kept, out):  # type: ignore[no-untyped-def]
    n, c = x.shape
    whole = n - n % 4
    total = np.zeros(c, np.float64)
    for i in range(0, whole, 4):
        for j in range(c):
            total[j] += (x[i, j] + x[i + 1, j]) + (x[i + 2, j] + x[i + 3, j])
    for i in range(whole, n):
        for j in range(c):
            total[j] += x[i, j]
    for j in range(c):
        kept[0, j] = total[j] / n
        total[j] = 0
    for i in range(0, whole, 4):
        for j in range(c):
            mean = kept[0, j]
            p, q, r, s = x[i, j] - mean, x[i + 1, j] - mean, x[i + 2, j] - mean, x[i + 3, j] - mean
            total[j] += (p * p + q * q) + (r * r + s * s)
    for i in range(whole, n):
        for j in range(c):
            p = x[i, j] - kept[0, j]
            total[j] += p * p
    _scales(total, n, weight, eps, kept)
    if bias.size:
        for i in range(n):
            for j in range(c):
                out[i, j] = (x[i, j] - kept[0, j]) * kept[2, j] + bias[j]
    else:
        for i in range(n):
            for j in range(c):
                out[i, j] = (x[i, j] - kept[0, j]) * kept[2, j]


@summing
def _forward_of_lines(x, weight, bias, eps, kept, out):  # type: ignore[no-untyped-def]
    n, c, length = x.shape
    zero = x.dtype.type(0)
    total = np.zeros(c, np.float64)
    for i in range(n):
        for j in range(c):
            line = zero
            for k in range(length):
                line += x[i, j, k]
            total[j] += line
    for j in range(c):
        kept[0, j] = total[j] / (n * length)
        total[j] = 0
    for i in range(n):
        for j in range(c):
            mean, line = kept[0, j], zero
            for k in range(length):
                p = x[i, j, k] - mean
                line += p * p
            total[j] += line
    _scales(total, n * length, weight, eps, kept)
    for i in range(n):
        for j in range(c):
            mean, scale, shift = kept[0, j], kept[2, j], bias[j] if bias.size else zero
            for k in range(length):
                out[i, j, k] = (x[i, j, k] - mean) * scale + shift


@summing
def _scales(total, count, weight, eps, kept):  # type: ignore[no-untyped-def]
    for j in range(total.size):
        kept[3, j] = total[j] / count
        kept[1, j] = 1 / np.sqrt(total[j] / count + eps)
        kept[2, j] = kept[1, j] * weight[j] if weight.size else kept[1, j]


# dx = w s (g - mean(g) - c s^2 mean(g c)), with c the centred input and s the inverse deviation. `sums` is (4, C):
# the gradients of weight and bias, mean(g) and s^2 mean(g c).


@summing
def _backward_of_rows(g, x, kept, sums, dx):  # type: ignore[no-untyped-def]
    n, c = x.shape
    whole = n - n % 4
    plain, product = np.zeros(c, np.float64), np.zeros(c, np.float64)
    for i in range(0, whole, 4):
        for j in range(c):
            mean = kept[0, j]
            p, q, r, s = g[i, j], g[i + 1, j], g[i + 2, j], g[i + 3, j]
            plain[j] += (p + q) + (r + s)
            product[j] += (p * (x[i, j] - mean) + q * (x[i + 1, j] - mean)) + (
                r * (x[i + 2, j] - mean) + s * (x[i + 3, j] - mean)
            )
    for i in range(whole, n):
        for j in range(c):
            plain[j] += g[i, j]
            product[j] += g[i, j] * (x[i, j] - kept[0, j])
    _slopes(plain, product, n, kept, sums)
    if dx.size:
        for i in range(n):
            for j in range(c):
                dx[i, j] = kept[2, j] * (g[i, j] - sums[2, j] - (x[i, j] - kept[0, j]) * sums[3, j])


@summing
def _backward_of_lines(g, x, kept, sums, dx):  # type: ignore[no-untyped-def]
    n, c, length = x.shape
    zero = x.dtype.type(0)
    plain, product = np.zeros(c, np.float64), np.zeros(c, np.float64)
    for i in range(n):
        for j in range(c):
            mean, first, second = kept[0, j], zero, zero
            for k in range(length):
                first += g[i, j, k]
                second += g[i, j, k] * (x[i, j, k] - mean)
            plain[j] += first
            product[j] += second
    _slopes(plain, product, n * length, kept, sums)
    if dx.size:
        for i in range(n):
            for j in range(c):
                mean, scale, shift, slope = kept[0, j], kept[2, j], sums[2, j], sums[3, j]
                for k in range(length):
                    dx[i, j, k] = scale * (g[i, j, k] - shift - (x[i, j, k] - mean) * slope)


@summing
def _slopes(plain, product, count, kept, sums):  # type: ignore[no-untyped-def]
    for j in range(plain.size):
        sums[0, j] = product[j] * kept[1, j]
        sums[1, j] = plain[j]
        sums[2, j] = plain[j] / count
        sums[3, j] = product[j] * kept[1, j] * kept[1, j] / count


@kernel
def _scale_and_shift_rows(x, mean, variance, weight, bias, eps, out):  # type: ignore[no-untyped-def]
    n, c = x.shape
    scale, shift = np.empty(c, x.dtype), np.empty(c, x.dtype)
    _known_scales(mean, variance, weight, bias, eps, scale, shift)
    for i in range(n):
        for j in range(c):
            out[i, j] = x[i, j] * scale[j] + shift[j]


@kernel
def _scale_and_shift_lines(x, mean, variance, weight, bias, eps, out):  # type: ignore[no-untyped-def]
    n, c, length = x.shape
    scale, shift = np.empty(c, x.dtype), np.empty(c, x.dtype)
    _known_scales(mean, variance, weight, bias, eps, scale, shift)
    for i in range(n):
        for j in range(c):
            factor, summand = scale[j], shift[j]
            for k in range(length):
                out[i, j, k] = x[i, j, k] * factor + summand


@kernel
def _known_scales(mean, variance, weight, bias, eps, scale, shift):  # type: ignore[no-untyped-def]
    for j in range(scale.size):
        inverse = 1 / np.sqrt(variance[j] + eps)
        scale[j] = inverse * weight[j] if weight.size else inverse
        shift[j] = (bias[j] if bias.size else 0) - mean[j] * scale[j]


@kernel
def _move(running_mean, running_var, mean, variance, momentum, correction):  # type: ignore[no-untyped-def]
    for j in range(mean.size):
        running_mean[j] = running_mean[j] * (1 - momentum) + mean[j] * momentum
        running_var[j] = running_var[j] * (1 - momentum) + variance[j] * (momentum * correction)


_NOTHING = {np.dtype(dtype): np.empty(0, dtype) for dtype in (np.float32, np.float64)}


def _given(parameter: Any, x: Any) -> Any:
    """What stands for a parameter in a kernel."""
    if parameter is None:
        return _NOTHING[x.dtype]
    return parameter if parameter.flags.carray else parameter.copy()


def _forward(xp: Any, x: Any, weight: Any, bias: Any, *, eps: float, moments: list[Any], keep: bool) -> tuple[Any, Any]:
    """As NumPy's, which takes what is not C-contiguous and writeable; keeps one array, where that keeps a tuple."""
    if not x.flags.carray:
        return _NUMPY.forward(xp, x, weight, bias, eps=eps, moments=moments, keep=keep)
    shape, dtype = x.shape, x.dtype
    out, kept = np.empty(shape, dtype), np.empty((4, shape[1]), dtype)
    weight, bias = _given(weight, x), _given(bias, x)
    if x.ndim == 2:
        _forward_of_rows(x, weight, bias, eps, kept, out)
    else:
        lines = (shape[0], shape[1], -1)
        _forward_of_lines(x.reshape(lines), weight, bias, eps, kept, out.reshape(lines))
    moments[:] = kept[0], kept[3]
    return out, kept if keep else None


def _raw(xp: Any, g: Any, needs: Any, x: Any, weight: Any, aux: Any) -> tuple[Any, Any, Any]:
    if type(aux) is tuple:
        return _NUMPY.raw(xp, g, needs, weight, aux)  # type: ignore[no-any-return, misc]
    if not g.flags.carray:
        g = g.copy()
    shape, dtype = x.shape, x.dtype
    dx, sums = np.empty(shape if needs[0] else (0,) * x.ndim, dtype), np.empty((4, shape[1]), dtype)
    if x.ndim == 2:
        _backward_of_rows(g, x, aux, sums, dx)
    else:
        lines = (shape[0], shape[1], -1)
        flat = dx.reshape(lines) if needs[0] else np.empty((0, 0, 0), dtype)
        _backward_of_lines(g.reshape(lines), x.reshape(lines), aux, sums, flat)
    return dx, sums[0], sums[1]


def _eval_forward(xp: Any, x: Any, mean: Any, var: Any, weight: Any, bias: Any, *, eps: float) -> Any:
    """As NumPy's, which takes what is not C-contiguous and writeable."""
    if not x.flags.carray or x.itemsize < 4:
        return _NUMPY_EVAL.forward(xp, x, mean, var, weight, bias, eps=eps)
    out = np.empty(x.shape, x.dtype)
    vectors = [_given(vector, x) for vector in (mean, var, weight, bias)]
    if x.ndim == 2:
        _scale_and_shift_rows(x, *vectors, eps, out)
    else:
        lines = (x.shape[0], x.shape[1], -1)
        _scale_and_shift_lines(x.reshape(lines), *vectors, eps, out.reshape(lines))
    return out


def _running_statistics(running: tuple[Any, Any], batch: tuple[Any, Any], momentum: float, correction: float) -> None:
    if running[0].flags.carray and running[1].flags.carray and running[0].dtype == batch[0].dtype:
        _move(*running, *batch, momentum, correction)
    else:
        running_statistics.numpy(running, batch, momentum, correction)


KERNELS = {
    "native_batch_norm": Kernels(_forward, _raw),
    "native_batch_norm_eval": Kernels(_eval_forward, None),
    "running_statistics": _running_statistics,
}
