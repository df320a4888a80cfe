"""Borders around a tensor: constant, reflected, replicated, circular."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tinygrad5329.backends.taps import Taps
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.ops.rearranging import narrow
from tinygrad5329.ops.resampling import resample
from tinygrad5329.ops.shaping import _size_tuple
from tinygrad5329.tensor import Tensor

__all__ = ["constant_pad_nd", "pad"]

_pad = Primitive(
    "constant_pad",
    lambda xp, x, *, widths, value: xp.pad(x, widths, constant_values=value),
    lambda xp, g, x_shape, widths: g[tuple([slice(low, low + n) for (low, _), n in zip(widths, x_shape, strict=True)])],
)


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with borders (``torch.nn.functional.pad``).

    Parameters
    ----------
    pad : sequence of int
        Pairs of widths, from the last dimension on; negative widths cut.
    mode : {"constant", "reflect", "replicate", "circular"}
    value : float, optional
        What to fill with in constant mode; 0 by default.
    """
    expect_tensor("pad", "input", input)
    pad = _size_tuple("pad", "pad", pad)
    if value is not None and not isinstance(value, (int, float)):
        raise TypeError(f"pad(): argument 'value' must be float, not {type(value).__name__}")
    if mode == "constant":
        return _constant(input, pad, 0.0 if value is None else value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in _PLACES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}: use constant, reflect, replicate or circular")
    if len(pad) % 2 or len(pad) > 2 * input.dim():
        raise RuntimeError(_misfit(pad, input.dim()))
    if not 0 < len(pad) // 2 <= input.dim() - 1:
        raise NotImplementedError(
            f"Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: got {len(pad)} widths for "
            f"{input.dim()} dimensions, of which the first are never padded"
        )
    for i in range(len(pad) // 2):
        dim = input.dim() - 1 - i
        low, high = pad[2 * i], pad[2 * i + 1]
        n = input.shape[dim]
        limit = {"reflect": n - 1, "circular": n}.get(mode)
        if low == high == 0:
            continue
        if n == 0 or n + low + high < 0 or (limit is not None and max(low, high) > limit):
            raise RuntimeError(
                f"pad: padding ({low}, {high}) does not fit mode {mode!r} at dimension {dim} of size {n}"
            )
        if mode == "circular" and min(low, high) < 0:
            # What is cut off does not come round again.
            input = narrow(input, dim, max(0, -low), n + min(low, 0) + min(high, 0))
            low, high, n = max(low, 0), max(high, 0), input.shape[dim]
        input = resample(input, axis=dim, taps=_table(mode, low, n, high))
    return input


@lru_cache(256)
def _table(mode: str, low: int, n: int, high: int) -> Taps:
    return Taps(_PLACES[mode](np.arange(-low, n + high), n)[None], None, n)


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """:func:`pad` in constant mode (``torch.constant_pad_nd``)."""
    expect_tensor("constant_pad_nd", "input", input)
    return _constant(input, _size_tuple("constant_pad_nd", "pad", pad), value)


#: Where each place of the padded dimension is read from.
_PLACES = {
    "reflect": lambda i, n: n - 1 - np.abs(n - 1 - np.abs(i)),
    "replicate": lambda i, n: np.clip(i, 0, n - 1),
    "circular": lambda i, n: i % n,
}


def _misfit(pad: Sequence[int], ndim: int) -> str:
    return (
        f"Padding length must be divisible by 2 and at most twice the number of dimensions of the input; got "
        f"{len(pad)} widths for {ndim} dimensions"
    )


def _constant(input: Tensor, pad: Sequence[int], value: float) -> Tensor:
    ndim = input._array.ndim
    if len(pad) % 2 or len(pad) > 2 * ndim:
        raise RuntimeError(_misfit(pad, ndim))
    widths = [(0, 0)] * ndim
    for i in range(len(pad) // 2):
        widths[ndim - 1 - i] = (pad[2 * i], pad[2 * i + 1])
    if any(low < 0 or high < 0 for low, high in widths):
        index = []
        for (low, high), n in zip(widths, input._array.shape, strict=True):
            if n + low + high < 0:
                raise RuntimeError(
                    f"The input size {n}, plus negative padding {low} and {high}, resulted in a negative output size"
                )
            index.append(slice(max(0, -low), n - max(0, -high)))
        input = input[tuple(index)]
        widths = [(max(0, low), max(0, high)) for low, high in widths]
    return _pad(input, widths=tuple(widths), value=value) if ndim else input.clone()
