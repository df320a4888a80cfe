"""From raw words to samples: PyTorch's transforms, each on whole arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_LOW24 = np.uint32(2**24 - 1)
_LOW53 = np.uint64(2**53 - 1)
_TWO_PI = 2.0 * math.pi


def unit_float32(words: np.ndarray) -> np.ndarray:
    """Uniform float32 in [0, 1) of the low 24 bits of uint32 `words`, which are overwritten."""
    words &= _LOW24
    # int32 and float32 convert in one instruction; uint32 does not.
    unit = words.view(np.int32).astype(np.float32)
    unit *= np.float32(2.0**-24)
    return unit


def unit_float64(words: np.ndarray) -> np.ndarray:
    """Uniform float64 in [0, 1) of the low 53 bits of uint64 `words`, which are overwritten."""
    words &= _LOW53
    unit = words.view(np.int64).astype(np.float64)
    unit *= 2.0**-53
    return unit


def below(words: np.ndarray, p: float, out: np.ndarray) -> None:
    """Write `unit_float64(words) < p` to the boolean `out`, making no float; `words` are overwritten."""
    words &= _LOW53
    np.less(words, np.uint64(math.ceil(p * 2.0**53)), out=out)


def scale_unit(unit: np.ndarray, low: float, high: float) -> np.ndarray:
    """`unit * (high - low) + low` in the precision of `unit`, rounded once.

    PyTorch fuses the two operations wherever the processor can (AVX2 and later). `unit` may be overwritten.
    """
    dtype = unit.dtype.type
    base, width = dtype(low), dtype(high) - dtype(low)
    if base == 0:
        unit *= width
        return unit
    if unit.dtype == np.float32:
        exact = unit.astype(np.float64)  # 24 bits times 24 bits fit in 53
        exact *= np.float64(width)
        exact += np.float64(base)
        return exact.astype(np.float32)
    return fused(unit, width, base)


def fused(x: np.ndarray, y: np.float64, z: np.float64) -> np.ndarray:
    """`x * y + z` in float64 from error-free parts: Dekker's (1971) of the product, Knuth's of the sum."""
    product, total = x * y, x * y + z
    x_high, y_high = _upper_half(x), _upper_half(y)
    x_low, y_low = x - x_high, y - y_high
    lost = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low
    back = total - product
    lost += (product - (total - back)) + (z - back)
    total += lost
    return total


def _upper_half(x: Any) -> Any:
    shifted = 134217729.0 * x  # 2**27 + 1
    return shifted - (shifted - x)


def box_muller_blocks(unit: np.ndarray) -> None:
    """Turn uniform `unit` (M, 16) into standard normals in place: each row is 8 radii and then 8 angles.

    The radius is that of `1 - u`, which is never zero; PyTorch's `normal_fill`.
    """
    dtype = unit.dtype.type
    radius = np.subtract(dtype(1), unit[:, :8])
    np.log(radius, out=radius)
    radius *= dtype(-2)
    np.sqrt(radius, out=radius)
    angle = np.multiply(unit[:, 8:], dtype(_TWO_PI))
    wave = np.cos(angle)
    np.multiply(wave, radius, out=unit[:, :8])
    np.sin(angle, out=wave)
    np.multiply(wave, radius, out=unit[:, 8:])


def box_muller_pairs(unit: np.ndarray) -> np.ndarray:
    """Standard normals of uniform float64 `unit` (2 * M,), angles and radii in turn; cosines come first."""
    radius = np.sqrt(-2.0 * np.log1p(-unit[1::2]))
    angle = _TWO_PI * unit[::2]
    normals = np.empty_like(unit)
    np.multiply(radius, np.cos(angle), out=normals[::2])
    np.multiply(radius, np.sin(angle), out=normals[1::2])
    return normals
