"""The compiled twin of max pooling's backward pass; the other passes of pooling run faster as NumPy's vector loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends import pooling as plain
from tinygrad5329.fast.compiled import kernel

__all__ = ["KERNELS"]

Sizes = tuple[int, ...]


@kernel
def _spread_maxima(g, codes, size, window, stride, padding, dilation, counts, out):  # type: ignore[no-untyped-def]
    """Add each element of `g` to the place that its code names; `out` is zero."""
    planes = g.size // (counts[0] * counts[1] * counts[2])
    volume = size[0] * size[1] * size[2]
    places = np.empty(window[0] * window[1] * window[2], np.int64)
    for a in range(window[0]):
        for b in range(window[1]):
            for c in range(window[2]):
                place = (a * dilation[0] * size[1] + b * dilation[1]) * size[2] + c * dilation[2]
                places[(a * window[1] + b) * window[2] + c] = place
    at = 0
    for plane in range(planes):
        for i in range(counts[0]):
            for j in range(counts[1]):
                begin = ((i * stride[0] - padding[0]) * size[1] + j * stride[1] - padding[1]) * size[2] - padding[2]
                begin += plane * volume
                for k in range(counts[2]):
                    out[begin + k * stride[2] + places[codes[at]]] += g[at]
                    at += 1


def _three(sizes: Sizes, fill: int) -> Sizes:
    return (fill,) * (3 - len(sizes)) + tuple(map(int, sizes))


def _spread(g: Any, codes: Any, sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    dims = len(kernel)
    if dims > 3 or g.dtype.char not in "fd" or not (g.flags.carray and codes.flags.carray):
        return plain.spread_maxima(g, codes, sizes, kernel, stride, padding, dilation)
    out = np.zeros((*g.shape[:-dims], *sizes), g.dtype)
    _spread_maxima(
        g.reshape(-1), codes.reshape(-1), _three(sizes, 1), _three(kernel, 1), _three(stride, 1), _three(padding, 0),
        _three(dilation, 1), _three(g.shape[-dims:], 1), out.reshape(-1),
    )  # fmt: skip
    return out


KERNELS = {"spread_maxima": _spread}
