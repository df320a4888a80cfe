"""Convolution of NumPy arrays in any number of dimensions, and its two adjoints.

The windows of a few samples at a time are copied into a matrix, which one BLAS product multiplies by the
weight. The matrix stays small enough for the cache and is thrown away: a backward pass copies the windows
again, which costs a tenth of its products, while keeping them would take the kernel's volume times the
input's memory.

Depthwise convolutions take the same way: a pass over the places of the kernel took half as long again, even in blocks.

Layouts: x (N, C, *sizes), weight (O, C / groups, *kernel), g (N, O, *counts).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tinygrad5329.backends.windows import inside, padded, positions, window_counts, windows

__all__ = ["convolution_gradients", "convolve", "convolve_input", "convolve_weight"]

Sizes = tuple[int, ...]

#: Elements of the matrix of windows: more lose the cache, fewer give BLAS too little to do.
_BLOCK = 1 << 19


def _blocks(n: int, counts: Sizes, rows: int) -> Iterator[tuple[slice, slice]]:
    """Which samples, and which part of the first spatial dimension, to take at a time."""
    each = rows * math.prod(counts)
    if each <= _BLOCK or counts[0] == 1:
        step = max(1, _BLOCK // max(each, 1))
        for i in range(0, n, step):
            yield slice(i, min(n, i + step)), slice(0, counts[0])
        return
    lines = max(1, _BLOCK // (each // counts[0]))
    for i in range(n):
        for j in range(0, counts[0], lines):
            yield slice(i, i + 1), slice(j, min(counts[0], j + lines))


def _wide(*arrays: Any) -> list[Any]:
    return [None if each is None else each.astype(np.float32) for each in arrays]


class _Columns:
    """The windows of `x` as matrices, block after block in one buffer: (groups, C / groups * volume, columns)."""

    def __init__(self, x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes, counts: Sizes, groups: int) -> None:
        self.view = windows(x, kernel, stride, dilation, counts)
        self.groups = groups
        self.lead = 1 + len(kernel)
        self.buffer = np.empty(0, x.dtype)

    def __call__(self, samples: slice, lines: slice) -> Any:
        part = self.view[(slice(None),) * self.lead + (samples, lines)]
        if self.buffer.size < part.size:
            self.buffer = np.empty(part.size, part.dtype)
        copy = self.buffer[: part.size].reshape(part.shape)
        np.copyto(copy, part)
        rows = math.prod(part.shape[: self.lead]) // self.groups
        return copy.reshape(self.groups, rows, math.prod(part.shape[self.lead :]))


def _grouped(weight: Any, groups: int) -> Any:
    """(O, C / groups, *kernel) as a stack of matrices (groups, O / groups, C / groups * volume)."""
    return weight.reshape(groups, weight.shape[0] // groups, math.prod(weight.shape[1:]))


def _side_by_side(g: Any, samples: slice, lines: slice, groups: int) -> Any:
    """A block of (N, O, *counts) as (groups, O / groups, columns); a copy of more than one sample."""
    part = g[samples, :, lines]
    return part.swapaxes(0, 1).reshape(groups, g.shape[1] // groups, part.size // g.shape[1] if g.shape[1] else 0)


def convolve(
    x: Any,
    weight: Any,
    bias: Any,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    groups: int,
    counts: Sizes | None = None,
) -> Any:
    """(N, O, *counts): the cross-correlation of `x` with `weight`, plus `bias`.

    There are as many windows as fit, unless `counts` asks for fewer.
    """
    kernel = weight.shape[2:]
    counts = counts or window_counts(x.shape[2:], kernel, stride, padding, dilation)
    n, channels = x.shape[0], weight.shape[0]
    if x.size and all(k == 1 for k in kernel) and x.shape[2:] == counts and not any(padding):
        return _mix_channels(x, weight, bias, groups)
    out = np.empty((n, channels, *counts), x.dtype)
    if out.size == 0:
        return out
    matrix = _grouped(weight, groups)
    columns = _Columns(padded(x, padding), kernel, stride, dilation, counts, groups)
    rows = x.shape[1] * math.prod(kernel)
    for samples, lines in _blocks(n, counts, rows):
        product = np.matmul(matrix, columns(samples, lines))
        part = out[samples, :, lines]
        across = product.reshape(channels, part.shape[0], *part.shape[2:]).swapaxes(0, 1)
        if bias is None:
            part[...] = across
        else:
            np.add(across, bias.reshape(-1, *(1,) * len(counts)), out=part)
    return out


def _mix_channels(x: Any, weight: Any, bias: Any, groups: int) -> Any:
    """A kernel of one element: a product for each sample, without copies."""
    n, sizes = x.shape[0], x.shape[2:]
    columns = x.reshape(n, groups, x.shape[1] // groups, math.prod(sizes))
    out = np.matmul(_grouped(weight, groups), columns).reshape(n, weight.shape[0], *sizes)
    if bias is not None:
        out += bias.reshape(-1, *(1,) * len(sizes))
    return out


def convolve_weight(x: Any, g: Any, shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> Any:
    """The adjoint of :func:`convolve` to its weight, which has `shape`."""
    kernel, counts = shape[2:], g.shape[2:]
    total = np.zeros((groups, shape[0] // groups, math.prod(shape[1:])), g.dtype)
    if g.size == 0 or x.size == 0:
        return total.reshape(shape)
    columns = _Columns(padded(x, padding), kernel, stride, dilation, counts, groups)
    rows = x.shape[1] * math.prod(kernel)
    for samples, lines in _blocks(x.shape[0], counts, rows):
        total += np.matmul(_side_by_side(g, samples, lines, groups), columns(samples, lines).swapaxes(1, 2))
    return total.reshape(shape)


def convolution_gradients(
    g: Any, x: Any, weight: Any, needs: Sequence[bool], stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> tuple[Any, Any]:
    """The adjoints of :func:`convolve` to its input and its weight; None for what `needs` says no to.

    Where both are products with the windows of `g`, the windows are copied once.
    """
    sizes, kernel = x.shape[2:], weight.shape[2:]
    # Windows of one element need no copy for the adjoint to the input.
    both = needs[0] and needs[1] and math.prod(kernel) > 1 and g.size and x.size
    reach = _reach(g, weight, sizes, stride, padding, dilation, groups) if both else None
    if reach is None:
        return (
            convolve_input(g, weight, None, sizes, stride, padding, dilation, groups) if needs[0] else None,
            convolve_weight(x, g, weight.shape, stride, padding, dilation, groups) if needs[1] else None,
        )
    turned = _turned(weight, groups)
    matrix = _grouped(turned, groups)
    to_input = np.empty(x.shape, g.dtype)
    to_weight = np.zeros((groups, matrix.shape[2], matrix.shape[1]), g.dtype)
    columns = _Columns(padded(g, reach), kernel, stride, dilation, sizes, groups)
    for samples, lines in _blocks(g.shape[0], sizes, g.shape[1] * math.prod(kernel)):
        block = columns(samples, lines)
        part = to_input[samples, :, lines]
        part[...] = np.matmul(matrix, block).reshape(x.shape[1], part.shape[0], *part.shape[2:]).swapaxes(0, 1)
        to_weight += np.matmul(block, _side_by_side(x, samples, lines, groups).swapaxes(1, 2))
    if not np.isfinite(to_weight).all():
        # The padding of `g` has met an infinite element of `x`, which is in no window of that place.
        return to_input, convolve_weight(x, g, weight.shape, stride, padding, dilation, groups)
    split = to_weight.reshape(groups, weight.shape[0] // groups, *kernel, weight.shape[1])
    back = np.flip(np.moveaxis(split, -1, 2), tuple(range(3, split.ndim)))
    return to_input, back.reshape(weight.shape)


def convolve_input(
    g: Any, weight: Any, bias: Any, sizes: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Any:
    """(N, C, *sizes): the adjoint of :func:`convolve` to its input; the transposed convolution, plus `bias`."""
    if g.dtype.kind == "V":
        g32, weight32, bias32 = _wide(g, weight, bias)
        return convolve_input(g32, weight32, bias32, sizes, stride, padding, dilation, groups).astype(g.dtype)
    kernel = weight.shape[2:]
    n, channels = g.shape[0], weight.shape[1] * groups
    reach = _reach(g, weight, sizes, stride, padding, dilation, groups)
    if reach is not None:
        return convolve(g, _turned(weight, groups), bias, stride, reach, dilation, groups)
    whole = np.zeros((n, channels, *(m + 2 * p for m, p in zip(sizes, padding, strict=True))), g.dtype)
    if g.size and channels:
        _add_products(whole, g, _grouped(weight, groups).swapaxes(1, 2), kernel, stride, dilation, groups)
    out = whole[inside(sizes, padding)]
    if bias is not None:
        out += bias.reshape(-1, *(1,) * len(kernel))
    return np.ascontiguousarray(out)


def _reach(
    g: Any, weight: Any, sizes: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Sizes | None:
    """The padding with which a convolution of `g` is the adjoint; None where it is none, or has more to multiply."""
    reach = tuple(d * (k - 1) - p for d, k, p in zip(dilation, weight.shape[2:], padding, strict=True))
    fits = all(m == n + r - p for m, n, r, p in zip(sizes, g.shape[2:], reach, padding, strict=True))
    # float16 is rounded before windows are added up, as in PyTorch.
    if not fits or min(reach) < 0 or any(s != 1 for s in stride) or g.dtype == np.float16:
        return None
    return reach if 2 * weight.shape[1] * groups >= weight.shape[0] else None


def _turned(weight: Any, groups: int) -> Any:
    """The weight whose convolution of g is the adjoint: input and output exchanged, the kernel turned around."""
    o, c = weight.shape[:2]
    split = weight.reshape(groups, o // groups, *weight.shape[1:]).swapaxes(1, 2)
    turned = np.flip(split, tuple(range(3, split.ndim))).reshape(groups * c, o // groups, *weight.shape[2:])
    # Of a depthwise weight it is still a view, with negative strides, which BLAS does not take.
    return np.ascontiguousarray(turned)


def _add_products(whole: Any, g: Any, matrix: Any, kernel: Sizes, stride: Sizes, dilation: Sizes, groups: int) -> None:
    """Add ``matrix @ g`` to the windows that its columns stand for."""
    channels, counts = whole.shape[1], g.shape[2:]
    rows = channels * math.prod(kernel)
    for samples, lines in _blocks(g.shape[0], counts, rows):
        side = _side_by_side(g, samples, lines, groups)
        half = g.dtype == np.float16
        product = np.matmul(*_wide(matrix, side)).astype(g.dtype) if half else np.matmul(matrix, side)
        first = lines.start * stride[0]
        target = whole[samples, :, first:].swapaxes(0, 1)
        part = (lines.stop - lines.start, *counts[1:])
        product = product.reshape(channels, math.prod(kernel), samples.stop - samples.start, *part)
        for place, index in enumerate(positions(kernel, stride, dilation, part)):
            target[index] += product[:, place]
