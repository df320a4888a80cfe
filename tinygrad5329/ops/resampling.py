"""Reading along a dimension through a table of taps, and interpolation by such tables."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.backends.taps import Taps
from tinygrad5329.dtypes import float32, uint8
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["interpolate_to", "resample"]

resample: Primitive = Primitive(
    "resample",
    lambda xp, x, *, axis, taps: taps.apply(x, axis),
    lambda xp, g, axis, taps: resample.under(xp, g, axis=axis, taps=taps.adjoint),
)

#: How far the filters reach, in source pixels, when a smaller image is made with antialias.
_REACH = {"linear": 1.0, "cubic": 2.0}


@lru_cache(256)
def _table(
    kind: str, size: int, out: int, scale: float | None, align_corners: bool, antialias: bool, dtype: type
) -> Taps:
    """The taps that resize `size` to `out`, computed in the precision in which PyTorch computes them."""
    number = np.float32 if kind.startswith("nearest") else dtype
    i: Any = np.arange(out).astype(number)
    if align_corners and kind in _REACH:
        step = number((size - 1) / (out - 1)) if out > 1 else number(0)
        source = i * step
    else:
        step = number(1.0 / scale) if scale is not None and scale > 0 else number(size) / number(out)
        source = (i + number(0.5)) * step - number(0.5)
    if antialias:
        return _antialiased(kind, size, i, step)
    if kind == "nearest":
        return Taps(np.minimum(np.floor(i * step).astype(np.int64), size - 1)[None], None, size)
    if kind == "nearest-exact":
        return Taps(np.minimum(np.floor((i + number(0.5)) * step).astype(np.int64), size - 1)[None], None, size)
    if kind == "linear":
        source = np.maximum(source, 0)
    low = np.minimum(np.floor(source).astype(np.int64), size - 1)
    t = np.clip(source - low, 0, 1)
    if kind == "linear":
        return Taps(np.stack([low, low + (low < size - 1)]), np.stack([1 - t, t]), size)
    index = np.clip(np.stack([low - 1, low, low + 1, low + 2]), 0, size - 1)
    return Taps(index, np.stack(cubic_weights(t)), size)


def cubic_weights(t: Any, a: float = -0.75) -> list[Any]:
    """Keys' convolution weights of the four neighbours, at `t` between the second and the third."""

    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _antialiased(kind: str, size: int, i: Any, step: Any) -> Taps:
    """A filter as wide as the step from one new pixel to the next, so that no old pixel is left out."""
    widen = max(step, step.dtype.type(1))
    reach = _REACH[kind] * widen
    centre = step * (i + step.dtype.type(0.5))
    first = np.maximum((centre - reach + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + reach + 0.5).astype(np.int64), size)
    taps = int((last - first).max())
    places = first + np.arange(taps)[:, None]
    x = np.abs((places - centre + 0.5) / widen)
    if kind == "linear":
        weights = np.maximum(1 - x, 0)
    else:
        a = -0.5
        weights = np.where(
            x < 1,
            ((a + 2) * x - (a + 3)) * x * x + 1,
            np.where(x < 2, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a, 0),
        )
    weights = np.where(places < last, weights, 0)
    weights /= weights.sum(0)
    return Taps(np.minimum(places, size - 1), weights.astype(step.dtype), size)


def interpolate_to(
    input: Tensor,
    sizes: tuple[int, ...],
    scales: tuple[float | None, ...],
    kind: str,
    align_corners: bool = False,
    antialias: bool = False,
) -> Tensor:
    """The last dimensions of `input` resized to `sizes`, one after the other.

    Parameters
    ----------
    scales : tuple
        The factors that were asked for, where they shall be used instead of the ratio of the sizes.
    kind : {"nearest", "nearest-exact", "linear", "cubic"}
    """
    dtype = input.dtype
    if not dtype.is_floating_point and dtype is not uint8:
        raise NotImplementedError(
            f"\"upsample_{kind}\" not implemented for '{scalar_type(dtype.numpy)}': convert the input with float()"
        )
    if kind in _REACH and dtype is uint8:
        return _of_bytes(input, sizes, scales, kind, align_corners, antialias)
    if kind in _REACH and dtype.itemsize == 2:
        return cast(interpolate_to(cast(input, float32), sizes, scales, kind, align_corners, antialias), dtype)
    number = np.float64 if dtype.numpy.itemsize == 8 else np.float32
    lead = input._array.ndim - len(sizes)
    olds = input._array.shape[lead:]
    # What shrinks goes first: less is left to do.
    for j in sorted(range(len(sizes)), key=lambda j: sizes[j] / max(olds[j], 1)):
        if sizes[j] != olds[j] or scales[j] is not None:
            taps = _table(kind, olds[j], sizes[j], scales[j], align_corners, antialias, number)
            input = resample(input, axis=lead + j, taps=taps)
    return input


def _of_bytes(
    input: Tensor,
    sizes: tuple[int, ...],
    scales: tuple[float | None, ...],
    kind: str,
    align_corners: bool,
    antialias: bool,
) -> Tensor:
    """Bytes are weighted in fixed point and rounded after each dimension, the last one first, as in PyTorch."""
    x = input._array
    for j in range(len(sizes) - 1, -1, -1):
        axis = x.ndim - len(sizes) + j
        if sizes[j] == x.shape[axis]:
            continue
        taps = _table(kind, x.shape[axis], sizes[j], scales[j], align_corners, antialias, np.float64)
        top = float(taps.weights.max())
        bits = next(n for n in range(22) if int(0.5 + top * 2.0 ** (n + 1)) >= 1 << 15)
        weights = np.floor(taps.weights * 2.0**bits + 0.5).astype(np.int64)
        total = Taps(taps.index, weights, taps.size).apply(x.astype(np.int64), axis)
        x = ((total + (1 << (bits - 1))) >> bits).clip(0, 255)
    return wrap(x.astype(np.uint8))
