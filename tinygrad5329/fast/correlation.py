"""The loops of the convolution kernels: one sample after the other, from a buffer in which all is an offset away.

One loop computes convolutions and their adjoints to the input, in one to three dimensions; ``layout.py`` has the
tables that tell them apart. Its vectors hold neighbouring positions, so that the sums go to their places as they are.
A second loop has vectors of output channels, for results whose lines are too short. Arrays here are (N, C, D, H, W).
"""

from __future__ import annotations

import numpy as np

from tinygrad5329.fast.compiled import summing
from tinygrad5329.fast.tiles import PLACES, VECTOR_BYTES, copy, tile_of, transpose

__all__ = ["correlate", "correlate_across", "weigh", "weigh_few"]

#: Output channels in a tile where there are few of them; where there are more, as many as kernel places in `weigh`.
_LOW = 4

_tile_tall_2 = tile_of(PLACES, 2)
_tile_tall_1 = tile_of(PLACES, 1)
_tile_low_2 = tile_of(_LOW, 2)
_tile_low_1 = tile_of(_LOW, 1)
_tile_flat_8 = tile_of(1, 8)
_tile_flat_2 = tile_of(1, 2)


@summing
def _lay(x, shift, stride, size, plane, buffer, begin):  # type: ignore[no-untyped-def]
    """Copy a sample (C, D, H, W) into its buffer, whose padding is there already."""
    channels, depth, height, width = x.shape
    flat = x.reshape(x.size)
    volume, step = size[0] * size[1] * size[2], stride[2]
    at = 0
    for _ in range(channels):
        for i in range(depth):
            a, r = divmod(i + shift[0], stride[0])
            for j in range(height):
                if stride[1] == 1 and step == 1:
                    start = begin + r * volume + (a * size[1] + j + shift[1]) * size[2] + shift[2]
                    copy(flat, at, buffer, start, width)
                else:
                    b, q = divmod(j + shift[1], stride[1])
                    for p in range(step):
                        first = (p - shift[2]) % step
                        start = begin + ((r * stride[1] + q) * step + p) * volume + (a * size[1] + b) * size[2]
                        line = buffer[start + (first + shift[2]) // step :]
                        row = flat[at + first : at + width]
                        if step == 2:
                            for k in range((width - first + 1) // 2):
                                line[k] = row[2 * k]
                        else:
                            for k in range((width - first + step - 1) // step):
                                line[k] = row[k * step]
                at += width
        begin += plane


@summing
def _packed(weight, groups, rows, group_step, row_step, factors, height):  # type: ignore[no-untyped-def]
    """The weight as (groups, panels, taps, height), each panel the factors of some rows, zero beyond the last row."""
    panels = -(-rows // height)
    taps = len(factors)
    packed = np.zeros(groups * panels * taps * height, weight.dtype)
    for group in range(groups):
        for top in range(0, rows, height):
            source = weight[group * group_step + top * row_step :]
            target = packed[(group * panels + top // height) * taps * height :]
            for t in range(taps):
                for row in range(min(height, rows - top)):
                    target[t * height + row] = source[row * row_step + factors[t]]
    return packed


@summing
def _multiply(  # type: ignore[no-untyped-def]
    packed, a0, numbers, steps, buffer, b0, offsets, first, last, sums, s0, tile, width, out, to, pitch
):
    """The products of a panel and `width` elements of the lines from `b0` on, added to sums."""
    lanes, p, n, o = VECTOR_BYTES // packed.itemsize, packed, numbers, offsets
    if len(n) == PLACES and width > lanes:
        _tile_tall_2(p, a0, n, 0, steps, buffer, b0, o, first, last, sums, s0, tile, out, to, pitch)
    elif len(n) == PLACES:
        _tile_tall_1(p, a0, n, 0, steps, buffer, b0, o, first, last, sums, s0, tile, out, to, pitch)
    elif len(n) == _LOW and width > lanes:
        _tile_low_2(p, a0, n, 0, steps, buffer, b0, o, first, last, sums, s0, tile, out, to, pitch)
    elif len(n) == _LOW:
        _tile_low_1(p, a0, n, 0, steps, buffer, b0, o, first, last, sums, s0, tile, out, to, pitch)
    elif width > 2 * lanes:
        _tile_flat_8(p, a0, n, 0, steps, buffer, b0, o, first, last, sums, s0, tile, out, to, pitch)
    else:
        _tile_flat_2(p, a0, n, 0, steps, buffer, b0, o, first, last, sums, s0, tile, out, to, pitch)


@summing
def _begun(bias, groups, rows, height, tile, like):  # type: ignore[no-untyped-def]
    """What the sums of each panel start from, the bias, and room for those of a group: (..., panels, height, tile)."""
    panels = -(-rows // height)
    begun = np.zeros((groups + 1) * panels * height * tile, like.dtype)
    if len(bias) > 0:
        for group in range(groups):
            for row in range(rows):
                at = (group * panels * height + row) * tile
                begun[at : at + tile] = bias[group * rows + row]
    return begun


@summing
def _put(sums, at, tile, start, stop, first, rows, line, targets, low, high, jump, flat, to, length):  # type: ignore[no-untyped-def]
    """Store what counts of the elements from `start` to `stop` of the lines, for the rows from `first` on."""
    for number in range(start // line, (stop - 1) // line + 1):
        left = max(start, number * line + low)
        count = min(stop, number * line + high) - left
        if targets[number] < 0 or count <= 0:
            continue
        target = to + targets[number] + (left - number * line - low) * jump
        for row in range(first, rows):
            source, place = at + row * tile + left - start, target + row * length
            if jump == 1:
                copy(sums, source, flat, place, count)
            else:
                for k in range(count):
                    flat[place + k * jump] = sums[source + k]


@summing
def correlate(  # type: ignore[no-untyped-def]
    x, shift, stride, size, plane, offsets, bounds, factors, targets, ends, jump, pieces, block, weight, group_step,
    row_step, groups, bias, out,
):  # fmt: skip
    """Fill `out` with the sums that a :class:`Lines` describes, plus the bias (empty for none)."""
    samples, channels = x.shape[0], x.shape[1]
    outs = out.shape[1]
    rows = outs // groups
    height = 1 if rows == 1 else _LOW if rows <= _LOW else PLACES
    panels, taps, phases = -(-rows // height), len(factors), len(bounds) - 1
    packed = _packed(weight, groups, rows, group_step, row_step, factors, height)
    lanes = VECTOR_BYTES // x.itemsize
    tile = (8 if height == 1 else 2) * lanes
    sums = _begun(bias, groups, rows, height, tile, x)
    panel_sums = height * tile
    working = groups * panels * panel_sums
    buffer = np.zeros(channels * plane + tile, x.dtype)
    numbers, steps = np.arange(height), np.arange(taps) * height
    length = out.shape[2] * out.shape[3] * out.shape[4]
    flat, line = out.reshape(out.size), size[2]
    for n in range(samples):
        _lay(x[n], shift, stride, size, plane, buffer, 0)
        for group in range(groups):
            b0 = group * (channels // groups) * plane
            to = (n * outs + group * rows) * length
            for phase in range(phases):
                low, high, opened, closed = ends[phase, 0], ends[phase, 1], bounds[phase], bounds[phase + 1]
                for piece in range(len(pieces)):
                    start, stop = pieces[piece, 0], pieces[piece, 1]
                    inside, number, width = start % line, start // line, stop - start
                    target = targets[phase, number] + inside - low
                    # Tiles of one line go to their place at once. What one writes beyond its line is overwritten when
                    # the next lines are computed, unless another phase has been there or the plane ends.
                    direct = height > 1 and jump == 1 and targets[phase, number] >= 0 and low <= inside
                    direct = direct and stop <= number * line + high
                    direct = direct and (width == tile or (phases == 1 and target + tile <= length))
                    for first in range(opened, closed, block):
                        last = min(first + block, closed)
                        for panel in range(panels):
                            a0 = (group * panels + panel) * taps * height
                            s0 = working + panel * panel_sums
                            c0 = (group * panels + panel) * panel_sums if first == opened else s0
                            if direct and last == closed and (panel + 1) * height <= rows:
                                place = to + panel * height * length + target
                                _multiply(packed, a0, numbers, steps, buffer, b0 + start, offsets, first, last,
                                          sums, c0, tile, width, flat, place, length)  # fmt: skip
                            else:
                                _multiply(packed, a0, numbers, steps, buffer, b0 + start, offsets, first, last,
                                          sums, c0, tile, width, sums, s0, tile)  # fmt: skip
                    # A phase that no place of the kernel falls on has the bias alone.
                    at = working if opened < closed else group * panels * panel_sums
                    done = rows // height * height if direct and opened < closed else 0
                    if done < rows:
                        _put(sums, at, tile, start, stop, done, rows, line, targets[phase], low, high, jump, flat, to,
                             length)  # fmt: skip


@summing
def _positions(size, counts, samples, sample):  # type: ignore[no-untyped-def]
    """Where the windows of some samples begin."""
    out = np.empty(samples * counts[0] * counts[1] * counts[2], np.int64)
    at = 0
    for n in range(samples):
        for i in range(counts[0]):
            for j in range(counts[1]):
                for k in range(counts[2]):
                    out[at] = n * sample + (i * size[1] + j) * size[2] + k
                    at += 1
    return out


#: Offsets that `correlate_across` takes at a time: their factors and a tile's elements stay in the cache.
_DEPTH = 256


@summing
def correlate_across(  # type: ignore[no-untyped-def]
    x, shift, stride, size, plane, offsets, factors, weight, group_step, row_step, groups, bias, out
):
    """:func:`correlate` where lines are too short to fill vectors, for one phase: vectors hold output channels."""
    samples, channels = x.shape[0], x.shape[1]
    outs, counts = out.shape[1], out.shape[2:]
    length, rows, taps = counts[0] * counts[1] * counts[2], outs // groups, len(factors)
    lanes = VECTOR_BYTES // x.itemsize
    wide = 2 * lanes
    blocks = -(-rows // wide)
    packed = _packed(weight, groups, rows, group_step, row_step, factors, wide)
    # Some samples together, so that the factors are read for many windows at once.
    block = min(samples, max(1, 128 // length))
    buffer = np.zeros(block * channels * plane, x.dtype)
    positions = np.zeros(-(-block * length // PLACES) * PLACES, np.int64)
    positions[: block * length] = _positions(size, counts, block, channels * plane)
    starts = np.arange(taps) * wide
    begun = len(positions) * wide
    sums = np.concatenate((np.empty(begun, x.dtype), _begun(bias, groups, rows, wide, 1, x)))
    flat = out.reshape(out.size)
    for begin in range(0, samples, block):
        here = min(block, samples - begin)
        for n in range(here):
            _lay(x[begin + n], shift, stride, size, plane, buffer, n * channels * plane)
        for group in range(groups):
            a0 = group * (channels // groups) * plane
            for number in range(blocks):
                panel = group * blocks + number
                b0 = panel * taps * wide
                for first in range(0, taps, _DEPTH):
                    last = min(first + _DEPTH, taps)
                    for t in range(0, here * length, PLACES):
                        c0, pitch = (begun + panel * wide, 0) if first == 0 else (t * wide, wide)
                        if rows - number * wide > lanes:
                            _tile_tall_2(buffer, a0, positions, t, offsets, packed, b0, starts, first, last,
                                         sums, c0, pitch, sums, t * wide, wide)  # fmt: skip
                        else:
                            _tile_tall_1(buffer, a0, positions, t, offsets, packed, b0, starts, first, last,
                                         sums, c0, pitch, sums, t * wide, wide)  # fmt: skip
                for n in range(here):
                    for top in range(0, min(wide, rows - number * wide), lanes):
                        to = ((begin + n) * outs + group * rows + number * wide + top) * length
                        some = min(lanes, rows - number * wide - top)
                        done = length // lanes * lanes if some == lanes else 0
                        for k in range(0, done, lanes):
                            transpose(sums, (n * length + k) * wide + top, wide, flat, to + k, length)  # type: ignore[call-arg]
                        for m in range(some):
                            for k in range(done, length):
                                flat[to + m * length + k] = sums[(n * length + k) * wide + top + m]


@summing
def weigh(x, shift, stride, size, plane, offsets, taps, groups, g, weight):  # type: ignore[no-untyped-def]
    """Fill `weight` (O, taps) with the adjoint to the weight: vectors hold output channels."""
    samples, channels = x.shape[0], x.shape[1]
    outs, counts = g.shape[1], g.shape[2:]
    length = counts[0] * counts[1] * counts[2]
    rows = outs // groups
    lanes = VECTOR_BYTES // x.itemsize
    wide = 2 * lanes
    blocks = -(-rows // wide)
    # A tile loads and stores its sums once for all samples of a block.
    block = min(samples, max(1, 256 // length))
    buffer = np.zeros(block * channels * plane, x.dtype)
    positions = _positions(size, counts, block, channels * plane)
    turned = np.zeros(groups * blocks * block * length * wide, x.dtype)
    starts = np.arange(block * length) * wide
    tall = len(offsets)
    sums = np.zeros(groups * blocks * tall * wide, x.dtype)
    flat = g.reshape(g.size)
    for begin in range(0, samples, block):
        here = min(block, samples - begin)
        depth = here * length
        for n in range(here):
            _lay(x[begin + n], shift, stride, size, plane, buffer, n * channels * plane)
            for group in range(groups):
                for top in range(0, rows, lanes):
                    panel = (group * blocks + top // wide) * block * length
                    source = ((begin + n) * outs + group * rows + top) * length
                    to = (panel + n * length) * wide + top % wide
                    some = min(lanes, rows - top)
                    done = length // lanes * lanes if some == lanes else 0
                    for k in range(0, done, lanes):
                        transpose(flat, source + k, length, turned, to + k * wide, wide)  # type: ignore[call-arg]
                    for m in range(some):
                        for k in range(done, length):
                            turned[to + k * wide + m] = flat[source + m * length + k]
        for group in range(groups):
            a0 = group * (channels // groups) * plane
            for number in range(blocks):
                b0, c0 = (group * blocks + number) * block * length * wide, (group * blocks + number) * tall * wide
                for t in range(0, tall, PLACES):
                    c = c0 + t * wide
                    if rows - number * wide > lanes:
                        _tile_tall_2(buffer, a0, offsets, t, positions, turned, b0, starts, 0, depth,
                                     sums, c, wide, sums, c, wide)  # fmt: skip
                    else:
                        _tile_tall_1(buffer, a0, offsets, t, positions, turned, b0, starts, 0, depth,
                                     sums, c, wide, sums, c, wide)  # fmt: skip
    for o in range(outs):
        panel = (o // rows) * blocks + o % rows // wide
        source = sums[panel * tall * wide + o % rows % wide :]
        row = weight[o]
        for t in range(taps):
            row[t] = source[t * wide]


@summing
def weigh_few(x, shift, stride, size, plane, offsets, taps, groups, g, weight):  # type: ignore[no-untyped-def]
    """:func:`weigh` for few channels in a group: vectors hold positions.

    What falls between the lines is multiplied by 0, so that where `x` is not finite the sums may be NaN.
    """
    samples, channels = x.shape[0], x.shape[1]
    outs, counts = g.shape[1], g.shape[2:]
    rows = outs // groups
    span = ((counts[0] - 1) * size[1] + counts[1] - 1) * size[2] + counts[2]
    buffer = np.zeros(channels * plane + span, x.dtype)
    line, flat = np.zeros(span, x.dtype), g.reshape(g.size)
    weight[...] = 0
    for n in range(samples):
        _lay(x[n], shift, stride, size, plane, buffer, 0)
        for o in range(outs):
            first = (o // rows) * (channels // groups) * plane
            at = (n * outs + o) * counts[0] * counts[1] * counts[2]
            for i in range(counts[0]):
                for j in range(counts[1]):
                    copy(flat, at, line, (i * size[1] + j) * size[2], counts[2])
                    at += counts[2]
            _dots(line, buffer, first, offsets, taps, weight[o])


@summing
def _dots(line, buffer, first, offsets, taps, sums):  # type: ignore[no-untyped-def]
    """Add the products of `line` and the buffer from each offset on to `sums`."""
    span = len(line)
    zero = line.dtype.type(0)
    for t in range(0, taps, 4):
        x0 = buffer[first + offsets[t] : first + offsets[t] + span]
        x1 = buffer[first + offsets[t + 1] : first + offsets[t + 1] + span]
        x2 = buffer[first + offsets[t + 2] : first + offsets[t + 2] + span]
        x3 = buffer[first + offsets[t + 3] : first + offsets[t + 3] + span]
        s0, s1, s2, s3 = zero, zero, zero, zero
        for k in range(span):
            value = line[k]
            s0 += value * x0[k]
            s1 += value * x1[k]
            s2 += value * x2[k]
            s3 += value * x3[k]
        sums[t] += s0
        if t + 1 < taps:
            sums[t + 1] += s1
        if t + 2 < taps:
            sums[t + 2] += s2
        if t + 3 < taps:
            sums[t + 3] += s3
