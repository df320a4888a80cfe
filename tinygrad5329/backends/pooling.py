"""Maxima and sums over sliding windows of NumPy arrays, without copies of the windows.

Every place of the window is one slice of the input that covers all windows at once, so that a pass over
the places does what a pass over the windows would. Padding is never made: a slice leaves out the windows
whose element would lie in it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.backends.scatter import add_at

__all__ = [
    "code_dtype", "covered", "flat_places", "max_windows", "pooled_counts", "spread_maxima", "spread_windows",
    "sum_windows",
]  # fmt: skip

Sizes = tuple[int, ...]


def pooled_counts(
    sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> Sizes:
    """How many windows there are; `ceil_mode` adds one that reaches beyond the padding, if it begins before it."""
    counts = []
    for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        count = (n + 2 * p - d * (k - 1) - 1 + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1
        counts.append(count)
    return tuple(counts)


def covered(i: int, n: int, s: int, p: int, d: int, count: int) -> tuple[slice, slice]:
    """Which windows have place `i` inside a dimension of size `n`, and where those places are."""
    offset = i * d - p
    low = max(0, -(offset // s))
    high = max(low, min(count, (n - 1 - offset) // s + 1))
    start = low * s + offset
    return slice(low, high), slice(start, start + max(0, (high - low - 1) * s + 1) if high > low else start, s)


def _places(
    sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, counts: Sizes
) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """For each place of the window: the index of the windows that have it, and of their elements."""
    each = [
        [covered(i, n, s, p, d, count) for i in range(k)]
        for n, k, s, p, d, count in zip(sizes, kernel, stride, padding, dilation, counts, strict=True)
    ]
    for pairs in itertools.product(*each):
        yield (..., *(windows for windows, _ in pairs)), (..., *(elements for _, elements in pairs))


def _along(axis: int, part: slice) -> tuple[Any, ...]:
    return (slice(None),) * axis + (part,)


def max_windows(
    x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, counts: Sizes, keep: bool
) -> tuple[Any, Any]:
    """The largest element of each window, where NaN wins, and with `keep` its code.

    A code is the place in the window, counted in C order, of the first largest element or of the last NaN.
    """
    out = _largest(x, kernel, stride, padding, dilation, counts)
    return out, _codes(x, out, kernel, stride, padding, dilation) if keep else None


def _largest(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, counts: Sizes) -> Any:
    """The largest element of each window, dimension by dimension."""
    lead = x.ndim - len(kernel)
    lowest = -np.inf if x.dtype.kind not in "iu" else np.iinfo(x.dtype).min
    for j, (k, s, p, d, count) in enumerate(zip(kernel, stride, padding, dilation, counts, strict=True)):
        axis = lead + j
        n = x.shape[axis]
        parts = [covered(i, n, s, p, d, count) for i in range(k)]
        shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
        everywhere = [i for i, (into, _) in enumerate(parts) if into == slice(0, count)]
        if everywhere:
            first = everywhere[0]
            out = x[_along(axis, parts[first][1])]
            out = out.copy() if k == 1 else out
            rest = [i for i in range(k) if i != first]
            if rest and rest[0] in everywhere:
                out = np.maximum(out, x[_along(axis, parts[rest.pop(0)][1])])
            elif k > 1:
                out = out.copy()
        else:
            out, rest = np.full(shape, lowest, x.dtype), list(range(k))
        for i in rest:
            into, place = parts[i]
            if into.start < into.stop:
                target = out[_along(axis, into)]
                np.maximum(target, x[_along(axis, place)], out=target)
        x = out
    return np.ascontiguousarray(x)


def code_dtype(kernel: Sizes) -> Any:
    """The dtype of the codes of windows."""
    return np.uint8 if math.prod(kernel) <= 256 else np.int32


def _codes(x: Any, out: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    codes = np.zeros(out.shape, code_dtype(kernel))
    sizes, counts = x.shape[x.ndim - len(kernel) :], out.shape[x.ndim - len(kernel) :]
    places = list(_places(sizes, kernel, stride, padding, dilation, counts))
    for code in range(len(places) - 1, -1, -1):
        windows, elements = places[code]
        _put_code(codes[windows], code, x[elements] == out[windows])
    if out.dtype.kind not in "iu" and np.isnan(out).any():
        for code, (windows, elements) in enumerate(places):
            _put_code(codes[windows], code, np.isnan(x[elements]))
    return codes


def _put_code(codes: Any, code: int, where: Any) -> None:
    """Write `code` where a mask is True, without a branch on each element."""
    change = codes ^ codes.dtype.type(code)
    change *= where if codes.itemsize > 1 else where.view(np.uint8)
    codes ^= change


def flat_places(codes: Any, sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    """Where the places `codes` lie in the flattened `sizes`: int64, of the shape of `codes`."""
    dims = len(sizes)
    steps = [math.prod(sizes[j + 1 :]) for j in range(dims)]
    within: Any = np.zeros(1, np.int64)
    start: Any = np.zeros((), np.int64)
    for j in range(dims):
        within = np.add.outer(within, np.arange(kernel[j]) * (dilation[j] * steps[j])).reshape(-1)
        count = codes.shape[codes.ndim - dims + j]
        begins = (np.arange(count) * stride[j] - padding[j]) * steps[j]
        start = start + begins.reshape(-1, *(1,) * (dims - 1 - j))
    places = within.take(codes)
    places += start
    return places


def spread_maxima(
    g: Any, codes: Any, sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes
) -> Any:
    """The adjoint of :func:`max_windows`: each window's value added to the element that its code names."""
    lead = g.shape[: g.ndim - len(kernel)]
    out = np.zeros((*lead, *sizes), g.dtype)
    if g.size == 0:
        return out
    places = flat_places(codes, sizes, kernel, stride, padding, dilation)
    planes = np.arange(math.prod(lead)) * math.prod(sizes)
    places += planes.reshape(*lead, *(1,) * len(kernel))
    if all(s > d * (k - 1) for s, k, d in zip(stride, kernel, dilation, strict=True)):
        out.reshape(-1)[places] = g
    else:
        add_at(out.reshape(-1), places.reshape(-1), g.reshape(-1))
    return out


def sum_windows(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, counts: Sizes) -> Any:
    """The sum of each window, dimension by dimension."""
    lead = x.ndim - len(kernel)
    for j, (k, s, p, count) in enumerate(zip(kernel, stride, padding, counts, strict=True)):
        axis = lead + j
        n = x.shape[axis]
        if k > 4 and s == k and p == 0 and n == k * count:
            x = sums.sum(x.reshape(*x.shape[:axis], count, k, *x.shape[axis + 1 :]), axis + 1)
            continue
        parts = [covered(i, n, s, p, 1, count) for i in range(k)]
        if k > 1 and parts[0][0] == parts[1][0] == slice(0, count):
            out = np.add(x[_along(axis, parts[0][1])], x[_along(axis, parts[1][1])])
            parts = parts[2:]
        else:
            out = np.zeros((*x.shape[:axis], count, *x.shape[axis + 1 :]), x.dtype)
        for into, place in parts:
            if into.start < into.stop:
                target = out[_along(axis, into)]
                np.add(target, x[_along(axis, place)], out=target)
        x = out
    return x


def spread_windows(g: Any, sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes) -> Any:
    """The adjoint of :func:`sum_windows`: each window's value added to all of its elements."""
    lead = g.ndim - len(kernel)
    for j in range(len(kernel) - 1, -1, -1):
        axis, k, s = lead + j, kernel[j], stride[j]
        count = g.shape[axis]
        if k > 4 and s == k and padding[j] == 0 and sizes[j] == k * count:
            g = np.repeat(g, k, axis)
            continue
        out = np.zeros((*g.shape[:axis], sizes[j], *g.shape[axis + 1 :]), g.dtype)
        for i in range(k):
            into, place = covered(i, sizes[j], s, padding[j], 1, count)
            if into.start < into.stop:
                target = out[_along(axis, place)]
                np.add(target, g[_along(axis, into)], out=target)
        g = out
    return g
