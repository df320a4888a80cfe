"""Elements put back to where they came from, and maxima over windows that lie at random."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.ops.max_pooling import picked
from tinygrad5329.ops.picking import _gather
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.ops.shaping import reshape
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["fractional_places", "max_unpool"]


def _put(x: Any, places: Any, size: int) -> Any:
    out = np.zeros((x.shape[0], size), x.dtype)
    np.put_along_axis(out, places, x, 1)
    return out


_max_unpool = Primitive(
    "max_unpool",
    lambda xp, x, *, places, size: _put(x, places, size),
    lambda xp, g, places: _gather.under(xp, g, dim=1, index=places),
    exact=True,
)


def max_unpool(op: str, input: Tensor, indices: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Zeros of `sizes` in the last dimensions, with `input` at `indices` of the flattened planes.

    Where an index occurs twice, the last one lasts.
    """
    expect_tensor(op, "input", input)
    expect_tensor(op, "indices", indices)
    dims = len(sizes)
    if indices._array.dtype != np.int64:
        raise RuntimeError(f"elements in indices should be type int64 but got: {indices.dtype}")
    shape = input._array.shape
    if shape != indices._array.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(shape)}) but got indices tensor "
            f"with shape: {list(indices._array.shape)}"
        )
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Input to {op} should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with {len(shape)} dims."
        )
    size = math.prod(sizes)
    lead = math.prod(shape[:-dims])
    places = indices._array.reshape(lead, math.prod(shape[-dims:]))
    if places.size and (places.min() < 0 or places.max() >= size):
        bad = places[(places < 0) | (places >= size)].flat[0]
        raise RuntimeError(f"Found an invalid max index: {bad} (output volumes are of size {'x'.join(map(str, sizes))}")
    out = _max_unpool(reshape(input, places.shape), places=places.copy(), size=size)
    return reshape(out, (*shape[:-dims], *sizes))


def fractional_places(
    input: Tensor, kernel: tuple[int, ...], sizes: tuple[int, ...], random_samples: Tensor
) -> tuple[Tensor, Tensor]:
    """Maxima over windows whose begins follow pseudo-random steps, one sequence for each channel.

    `random_samples` is (N, C, dims), in [0, 1). Graham, Fractional max-pooling, arXiv:1412.6071, section 2.
    """
    dims = len(kernel)
    x = input._array
    lead = x.shape[:-dims]
    planes = x.reshape(math.prod(lead), *x.shape[-dims:])
    samples = random_samples._array.reshape(len(planes), dims)
    # PyTorch takes the sample of the last dimension first for planes, and in order for volumes.
    order = range(dims) if dims == 3 else range(dims - 1, -1, -1)
    flat: Any = np.zeros((len(planes), *(1,) * (2 * dims)), np.int64)
    for j, s in enumerate(order):
        begins = _begins(samples[:, s], x.shape[x.ndim - dims + j], sizes[j], kernel[j])
        each = begins[:, :, None] + np.arange(kernel[j])
        shape = [len(planes)] + [1] * (2 * dims)
        shape[1 + j], shape[1 + dims + j] = each.shape[1:]
        flat = flat * x.shape[x.ndim - dims + j] + each.reshape(shape)
    windows = flat.reshape(len(planes), math.prod(sizes), math.prod(kernel))
    values = np.take_along_axis(planes.reshape(len(planes), -1)[:, None], windows, 2)
    best = values.argmax(-1)
    places = np.take_along_axis(windows, best[..., None], -1).reshape(*lead, *sizes)
    return picked(input, places, dims), wrap(places)


def _begins(samples: Any, size: int, out: int, kernel: int) -> Any:
    """(planes, out): where the windows begin."""
    begins = np.full((len(samples), out), size - kernel, np.int64)
    if out > 1:
        step = samples.dtype.type((size - kernel) / (out - 1))
        i = np.arange(out - 1).astype(samples.dtype)
        begins[:, :-1] = ((i + samples[:, None]) * step).astype(np.int64) - (samples[:, None] * step).astype(np.int64)
    return begins
