"""What all functions that make tensors share: sizes, dtypes and the other options of PyTorch's factories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import as_device
from tinygrad5329.layout import check_layout
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["finish", "shape_of", "type_of"]


#: Elements that no memory holds, whatever their dtype.
_MOST = 1 << 59


def finish(
    op: str, array: Any, requires_grad: bool, device: Any = None, layout: Any = None, pin_memory: bool = False,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """A tensor around a new array, or `out` filled with it, with the options that all factories share."""
    as_device(device)
    check_layout(op, layout)
    if pin_memory:
        raise RuntimeError("pin_memory=True needs a CUDA device; there is none")
    t = wrap(array) if out is None else write_out(op, out, wrap(array))
    if requires_grad:
        t.requires_grad = True
    return t


def shape_of(sizes: Sequence[Any], op: str, size: Any = None) -> tuple[int, ...]:
    """``zeros(2, 3)``, ``zeros((2, 3))`` and ``zeros(size=(2, 3))`` alike, as a tuple of ints."""
    if size is not None:
        if sizes:
            raise TypeError(f"{op}() got multiple values for argument 'size'")
        if not isinstance(size, (tuple, list)):
            raise TypeError(f"{op}(): argument 'size' must be tuple of ints, not {type(size).__name__}")
        sizes = size
    elif not sizes:
        raise TypeError(f"{op}() missing 1 required positional argument: 'size'; a scalar has the size ()")
    elif len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[0]
    try:
        shape = tuple([n.__index__() for n in sizes])
    except AttributeError:
        bad = next(n for n in sizes if not hasattr(n, "__index__"))
        raise TypeError(f"{op}(): argument 'size' must be tuple of ints, but found {type(bad).__name__}") from None
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    if math.prod(shape) >= _MOST:
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}: {op}()")
    return shape


def type_of(d: Any, out: Tensor | None = None) -> np.dtype[Any]:
    """NumPy's dtype of what is made: as asked for, that of `out`, or the default."""
    if d is None and out is not None:
        return out._array.dtype
    return dtypes.numpy_dtype(dtypes.get_default_dtype() if d is None else d)
