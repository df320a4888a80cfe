"""``make_tensor``: random tensors for tests."""

from __future__ import annotations

import math
from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import as_device
from tinygrad5329.creation import empty
from tinygrad5329.dtypes import dtype as DType
from tinygrad5329.layout import memory_format as MemoryFormat
from tinygrad5329.ops import view_as_real
from tinygrad5329.randomness import randint
from tinygrad5329.tensor import Tensor

__all__ = ["make_tensor"]


def make_tensor(
    *shape: Any,
    dtype: DType,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """A tensor with values drawn evenly from [low, high), from PyTorch's stream (``torch.testing.make_tensor``).

    Without bounds: bools, 0 to 9 for uint8, -9 to 9 for others. With `exclude_zero`, zeros become 1 (the smallest
    normal number in a floating point dtype). ValueError for bounds that leave nothing to draw, or if both
    `noncontiguous` and `memory_format` are given, or if `requires_grad` is asked of integers.

    >>> import tinygrad5329 as tg
    >>> make_tensor(2, 3, dtype=tg.float32, device="cpu").shape
    tinygrad5329.Size([2, 3])
    """
    as_device(device)
    if len(shape) == 1 and isinstance(shape[0], (list, tuple)):
        shape = tuple(shape[0])
    real = dtype.is_floating_point or dtype.is_complex
    if noncontiguous and memory_format is not None:
        raise ValueError(f"make_tensor: noncontiguous and memory_format exclude each other, got {memory_format}")
    if requires_grad and not real:
        raise ValueError(f"make_tensor: requires_grad=True needs a floating point or complex dtype, got {dtype}")
    apart = noncontiguous and bool(shape) and math.prod(shape) > 1
    if apart:  # every second element of a wider tensor
        shape = (*shape[:-1], 2 * shape[-1])
    lowest, highest = (0, 2) if dtype is dtypes.bool_ else (0, 10) if dtype is dtypes.uint8 else (-9, 9 if real else 10)
    low, high = lowest if low is None else low, highest if high is None else high
    if not low < high or math.isnan(low) or math.isnan(high):
        raise ValueError(f"make_tensor: low must be less than high and neither NaN, got {low} and {high}")
    if real:
        result = empty(shape, dtype=dtype)
        limits = dtypes.finfo(dtype)
        low, high = max(low, limits.min), min(high, limits.max)
        target = view_as_real(result) if dtype.is_complex else result
        if high - low >= limits.max:  # uniform_ would overflow
            target.uniform_(low / 2, high / 2).mul_(2)
        else:
            target.uniform_(low, high)
    else:
        result = randint(math.floor(low), math.ceil(high), shape, dtype=dtype)
    if apart:
        result = result[..., 1::2]
    elif memory_format is not None:
        result = result.clone(memory_format=memory_format)
    if exclude_zero:
        result[result == 0] = limits.tiny if real else 1
    return result.requires_grad_() if requires_grad else result
