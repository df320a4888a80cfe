"""Compiled twins of ``backends/convolution.py``: no matrix of windows, and no copies but of one sample at a time.

They take float32 and float64. Other dtypes, empty arrays, windows too few to fill a vector and gradients of depthwise
weights that are not finite are left to NumPy's kernels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.backends import convolution as plain
from tinygrad5329.fast.correlation import correlate, correlate_across, weigh, weigh_few
from tinygrad5329.fast.layout import backward_lines, forward_lines, places_of, vectors_taken
from tinygrad5329.fast.tiles import VECTOR_BYTES

__all__ = ["KERNELS"]

Sizes = tuple[int, ...]

#: How well vectors must be used, or NumPy's kernels are as fast.
_LEAST = 0.35


def _volume(x: Any, sizes: Sizes) -> Any:
    """(N, C, *sizes), in C order."""
    return _flat(x).reshape(*x.shape[:2], *sizes)


def _flat(x: Any) -> Any:
    return x if x.flags.carray else x.copy("C")


def _three(sizes: Sizes, fill: int) -> Sizes:
    return (fill,) * (3 - len(sizes)) + tuple(sizes)


def _suits(*arrays: Any) -> bool:
    return arrays[0].dtype.char in "fd" and all(each.size for each in arrays)


def _use_across(lines: Any, rows: int, x: Any) -> float:
    """How well vectors of output channels would be used, 0 where they cannot be."""
    lanes = VECTOR_BYTES // x.itemsize
    return rows / (vectors_taken(-(-rows // lanes)) * lanes) if len(lines.bounds) == 2 else 0.0


def _spatial(sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, counts: Sizes) -> Any:
    """The same in three dimensions; in one where each window is one element and every element is a window."""
    if math.prod(kernel) == 1 and sizes == counts and not any(padding):
        sizes = counts = (math.prod(counts),)
        kernel = stride = dilation = (1,)
        padding = (0,)
    return (
        _three(sizes, 1), _three(kernel, 1), _three(stride, 1), _three(padding, 0), _three(dilation, 1),
        _three(counts, 1),
    )  # fmt: skip


def _convolve(
    x: Any, weight: Any, bias: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int, counts: Any = None
) -> Any:
    kernel = weight.shape[2:]
    counts = counts or plain.window_counts(x.shape[2:], kernel, stride, padding, dilation)
    if not _suits(x, weight) or 0 in counts:
        return plain.convolve(x, weight, bias, stride, padding, dilation, groups, counts)
    spatial = _spatial(x.shape[2:], kernel, stride, padding, dilation, counts)
    rows = weight.shape[0] // groups
    lines = forward_lines(*spatial, rows, x.shape[1] // groups, VECTOR_BYTES // x.itemsize)
    if max(lines.use, _use_across(lines, rows, x)) < _LEAST:
        return plain.convolve(x, weight, bias, stride, padding, dilation, groups, counts)
    out = np.empty((x.shape[0], weight.shape[0], *counts), x.dtype)
    taps = len(lines.factors)
    _correlate(x, spatial[0], lines, weight, rows * taps, taps, groups, bias, out, spatial[-1])
    return out


def _convolve_input(
    g: Any, weight: Any, bias: Any, sizes: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Any:
    kernel = weight.shape[2:]
    if not _suits(g, weight) or 0 in sizes:
        return plain.convolve_input(g, weight, bias, sizes, stride, padding, dilation, groups)
    spatial = _spatial(tuple(sizes), kernel, stride, padding, dilation, g.shape[2:])
    outs, channels, volume = weight.shape[0] // groups, weight.shape[1], math.prod(kernel)
    lines = backward_lines(*spatial, outs, channels, VECTOR_BYTES // g.itemsize)
    if max(lines.use, _use_across(lines, channels, g)) < _LEAST:
        return plain.convolve_input(g, weight, bias, sizes, stride, padding, dilation, groups)
    out = np.empty((g.shape[0], channels * groups, *sizes), g.dtype)
    _correlate(g, spatial[-1], lines, weight, outs * channels * volume, volume, groups, bias, out, spatial[0])
    return out


def _correlate(
    x: Any, sizes: Sizes, lines: Any, weight: Any, group_step: int, row_step: int, groups: int, bias: Any, out: Any,
    counts: Sizes,
) -> None:  # fmt: skip
    places = lines.places
    laid = (_volume(x, sizes), places.shift, places.stride, places.size, places.plane, places.offsets)
    factors = (_flat(weight).reshape(-1), group_step, row_step, groups)
    bias, result = np.empty(0, x.dtype) if bias is None else _flat(bias), _volume(out, counts)
    if _use_across(lines, out.shape[1] // groups, x) > lines.use:
        correlate_across(*laid, lines.factors, *factors, bias, result)
    else:
        correlate(
            *laid, lines.bounds, lines.factors, lines.targets, lines.ends, lines.jump, lines.pieces, lines.block,
            *factors, bias, result,
        )  # fmt: skip


def _convolve_weight(x: Any, g: Any, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Any:
    if not _suits(x, g) or 0 in shape:
        return plain.convolve_weight(x, g, shape, stride, padding, dilation, groups)
    spatial = _spatial(x.shape[2:], shape[2:], stride, padding, dilation, g.shape[2:])
    places = places_of(*spatial[:-1], shape[1])
    out = np.empty((shape[0], math.prod(shape[1:])), x.dtype)
    few = 4 * (shape[0] // groups) * x.itemsize <= VECTOR_BYTES
    run = weigh_few if few else weigh
    run(
        _volume(x, spatial[0]), places.shift, places.stride, places.size, places.plane, places.offsets, out.shape[1],
        groups, _volume(g, spatial[-1]), out,
    )  # fmt: skip
    if few and not np.isfinite(out).all():
        return plain.convolve_weight(x, g, shape, stride, padding, dilation, groups)
    return out.reshape(shape)


def _gradients(
    g: Any, x: Any, weight: Any, needs: Sequence[bool], stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> tuple[Any, Any]:
    how = (stride, padding, dilation, groups)
    return (
        _convolve_input(g, weight, None, x.shape[2:], *how) if needs[0] else None,
        _convolve_weight(x, g, weight.shape, *how) if needs[1] else None,
    )


KERNELS = {
    "convolve": _convolve,
    "convolve_input": _convolve_input,
    "convolve_weight": _convolve_weight,
    "convolution_gradients": _gradients,
}
