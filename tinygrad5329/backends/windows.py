"""Sliding windows over the trailing dimensions of arrays: views, copies into columns, and the way back."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

__all__ = ["add_windows", "padded", "positions", "take_windows", "window_counts", "windows"]

Sizes = tuple[int, ...]


def window_counts(sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    """How many windows fit into each padded dimension; 0 or less where none does."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True)
    )


def padded(x: Any, padding: Sizes, value: Any = 0) -> Any:
    """`x` with `padding` on both sides of its last dimensions; `x` itself where that is nothing."""
    if not any(padding):
        return x
    lead = x.ndim - len(padding)
    shape = x.shape[:lead] + tuple(n + 2 * p for n, p in zip(x.shape[lead:], padding, strict=True))
    out = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)
    out[inside(x.shape[lead:], padding)] = x
    return out


def inside(sizes: Sizes, padding: Sizes) -> tuple[Any, ...]:
    """The index of what was there before :func:`padded`."""
    return (..., *(slice(p, p + n) for n, p in zip(sizes, padding, strict=True)))


def positions(kernel: Sizes, stride: Sizes, dilation: Sizes, counts: Sizes) -> Iterator[tuple[Any, ...]]:
    """For each place in the window, the index that reads it in all windows: (..., *counts)."""
    for place in itertools.product(*map(range, kernel)):
        yield (
            ...,
            *(
                slice(i * d, i * d + (n - 1) * s + 1, s)
                for i, s, d, n in zip(place, stride, dilation, counts, strict=True)
            ),
        )


def windows(x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes, counts: Sizes) -> Any:
    """(N, C, *sizes) as a view (C, *kernel, N, *counts), in which elements of several windows repeat."""
    steps = x.strides[2:]
    return as_strided(
        x,
        (x.shape[1], *kernel, x.shape[0], *counts),
        (
            x.strides[1],
            *(step * d for step, d in zip(steps, dilation, strict=True)),
            x.strides[0],
            *(step * s for step, s in zip(steps, stride, strict=True)),
        ),
        writeable=False,
    )


def take_windows(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    """(N, C, *sizes) to (N, C * prod(kernel), prod(counts)): each window a column (im2col)."""
    counts = window_counts(x.shape[2:], kernel, stride, padding, dilation)
    n = x.shape[0]
    view = windows(padded(x, padding), kernel, stride, dilation, counts)
    batch = 1 + len(kernel)
    columns = np.moveaxis(view, batch, 0)
    return columns.reshape(n, x.shape[1] * math.prod(kernel), math.prod(counts))


def add_windows(columns: Any, sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    """The adjoint of :func:`take_windows`: columns added up where their windows overlap (col2im)."""
    counts = window_counts(sizes, kernel, stride, padding, dilation)
    n, rows = columns.shape[:2]
    volume = math.prod(kernel)
    columns = columns.reshape(n, rows // volume, volume, *counts)
    whole = np.zeros((n, rows // volume, *(m + 2 * p for m, p in zip(sizes, padding, strict=True))), columns.dtype)
    for place, index in enumerate(positions(kernel, stride, dilation, counts)):
        whole[index] += columns[:, :, place]
    return np.ascontiguousarray(whole[inside(sizes, padding)])
