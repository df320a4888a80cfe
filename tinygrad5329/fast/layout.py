"""Tables for the convolution kernels: where a sample's elements lie in its buffer, and what is summed up from there.

A padded plane lies flat in the buffer, so that the windows' elements at one place of the kernel are one long line,
a bit of which falls between the rows and is thrown away. With a stride the plane is divided into its phases, the
elements whose indices leave the same remainder, and the lines are as long. Dimensions are (D, H, W) throughout;
tables are kept for the shapes seen last.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tinygrad5329.fast.tiles import PLACES

__all__ = ["Lines", "Places", "backward_lines", "forward_lines", "places_of", "vectors_taken"]

Sizes = tuple[int, ...]

#: Bytes of the buffer that one tile may read for all rows of the weight before it goes on: most of a level 1 cache.
_NEAR = 32768

#: What a tile costs whose sums are of several lines, and stored in parts, to one whose are of one.
_IN_PARTS = 1.15


class Places(NamedTuple):
    """Where the elements of a sample lie in its buffer."""

    #: Of the first element in each dimension, in the padded plane.
    shift: Sizes
    stride: Sizes
    #: Of one phase, and all phases of a channel.
    size: Sizes
    plane: int
    #: Offsets of (channels of a group, places of the kernel), flat; zeros up to a multiple of `PLACES`.
    offsets: Any


class Lines(NamedTuple):
    """What `correlate` sums up, phase by phase of the result."""

    places: Places
    #: Which of the offsets belong to each phase: (phases + 1,).
    bounds: Any
    #: Where the factor of each offset lies in the weight, from the first of a row's factors.
    factors: Any
    #: Where each line begins in a plane of the result, -1 for none: (phases, lines).
    targets: Any
    #: Which elements of a line there are: (phases, 2).
    ends: Any
    #: From element to element of a line in the result.
    jump: int
    #: Which parts of the lines are computed at a time: (pieces, 2).
    pieces: Any
    #: How many offsets are taken at a time.
    block: int
    #: How well the vectors are used, 1 at best.
    use: float


def _plane(size: Sizes, stride: Sizes) -> int:
    plane = math.prod(size) * math.prod(stride)
    # Channels a large power of two apart would compete for the same lines of the cache.
    return plane + 16 if plane % 128 == 0 else plane


def _offset(place: Sizes, size: Sizes, stride: Sizes) -> int:
    """Where a place of the padded plane lies."""
    flat = phase = 0
    for index, n, s in zip(place, size, stride, strict=True):
        flat, phase = flat * n + index // s, phase * s + index % s
    return phase * math.prod(size) + flat


def _pieces(lines: list[int], row: int, low: int, high: int, lanes: int, single: bool) -> tuple[Any, float]:
    """Tiles over each of the lines that there are, or over all as one line where that is quicker.

    Also how well they use the vectors: the share of the lanes that count.
    """
    width = (8 if single else 2) * lanes
    span = lines[-1] * row + high
    each, together = -(-(high - low) // lanes), -(-(span - low) // lanes)
    apart = len(lines) * vectors_taken(each)
    if not single and apart <= _IN_PARTS * vectors_taken(together):
        begun, taken = [(n * row + k, n * row + high) for n in lines for k in range(low, high, width)], apart
    else:
        begun, taken = [(k, span) for k in range(low, span, width)], _IN_PARTS * vectors_taken(together)
    pieces = np.array([(start, min(start + width, end)) for start, end in begun])
    return pieces, len(lines) * (high - low) / (taken * lanes)


def vectors_taken(count: int) -> float:
    """What `count` vectors in tiles of two cost: a tile of one takes more than half the time."""
    return count + count % 2 * 0.3


def _block(volume: int, kernel: Sizes, lanes: int) -> int:
    channel = math.prod(kernel[:-1]) * (2 * lanes + kernel[-1]) * 64 // lanes
    return volume * max(1, _NEAR // channel)


@lru_cache(256)
def places_of(sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, channels: int) -> Places:
    """How the input of a convolution is laid out; `channels` are those of a group."""
    size = tuple(-(-(n + 2 * p) // s) for n, p, s in zip(sizes, padding, stride, strict=True))
    within = [
        _offset(tuple(i * d for i, d in zip(place, dilation, strict=True)), size, stride)
        for place in itertools.product(*map(range, kernel))
    ]
    plane = _plane(size, stride)
    offsets = np.add.outer(np.arange(channels) * plane, within).reshape(-1)
    offsets = np.concatenate([offsets, np.zeros(-len(offsets) % PLACES, np.int64)])
    return Places(padding, stride, size, plane, offsets)


@lru_cache(256)
def forward_lines(
    sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, counts: Sizes, rows: int,
    channels: int, lanes: int,
) -> Lines:  # fmt: skip
    """The sums of a convolution from `channels` to `rows` channels of a group."""
    places = places_of(sizes, kernel, stride, padding, dilation, channels)
    depth, height, width = counts
    i, j = np.divmod(np.arange((depth - 1) * places.size[1] + height), places.size[1])
    targets = np.where(j < height, (i * height + j) * width, -1)
    pieces, use = _pieces(np.flatnonzero(j < height).tolist(), places.size[2], 0, width, lanes, rows == 1)
    volume = math.prod(kernel)
    return Lines(
        places, np.array([0, channels * volume]), np.arange(channels * volume), targets[None], np.array([[0, width]]),
        1, pieces, _block(volume, kernel, lanes), use,
    )  # fmt: skip


@lru_cache(256)
def backward_lines(
    sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, counts: Sizes, outs: int,
    channels: int, lanes: int,
) -> Lines:  # fmt: skip
    """The sums of the adjoint, from `outs` to `channels` channels of a group: each phase of the result by itself."""
    reach = tuple((k - 1) * d // s for k, d, s in zip(kernel, dilation, stride, strict=True))
    first = tuple(p // s for p, s in zip(padding, stride, strict=True))
    last = tuple((p + m - 1) // s for p, m, s in zip(padding, sizes, stride, strict=True))
    size = tuple(r + max(q, n - 1) + 1 for r, q, n in zip(reach, last, counts, strict=True))
    each = tuple(q - f + 1 for q, f in zip(last, first, strict=True))
    once = (1, 1, 1)
    plane, volume = _plane(size, once), math.prod(kernel)
    everywhere = list(enumerate(itertools.product(*map(range, kernel))))
    offsets, factors, bounds, targets, ends = [], [], [0], [], []
    i, j = np.divmod(np.arange((each[0] - 1) * size[1] + each[1]), size[1])
    for phase in itertools.product(*map(range, stride)):
        kept = [
            (number, _offset(tuple(np.add(reach, first) - np.multiply(place, dilation) // stride), size, once))
            for number, place in everywhere
            if (np.multiply(place, dilation) % stride == phase).all()
        ]
        for o in range(outs):
            factors += [o * channels * volume + number for number, _ in kept]
            offsets += [o * plane + at for _, at in kept]
        bounds.append(len(offsets))
        z, y, x = (f * s + r - p for f, s, r, p in zip(first, stride, phase, padding, strict=True))
        depth, height = i * stride[0] + z, j * stride[1] + y
        inside = (depth >= 0) & (depth < sizes[0]) & (height >= 0) & (height < sizes[1]) & (j < each[1])
        low = max(0, -(x // stride[2]))
        high = max(low, min(each[2], (sizes[2] - 1 - x) // stride[2] + 1))
        targets.append(np.where(inside, (depth * sizes[1] + height) * sizes[2] + low * stride[2] + x, -1))
        ends.append([low, high])
    used = np.flatnonzero((np.array(targets) >= 0).any(0)).tolist()
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    pieces, use = _pieces(used, size[2], low, high, lanes, channels == 1)
    places = Places(reach, once, size, plane, np.array(offsets, np.int64))
    return Lines(
        places, np.array(bounds), np.array(factors, np.int64), np.array(targets), np.array(ends), stride[2], pieces,
        _block(volume, kernel, lanes), use,
    )  # fmt: skip
