"""What ``Tensor(...)`` and PyTorch's other old constructors make of their arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.description import Described
from tinygrad5329.dtypes import dtype
from tinygrad5329.size import Size

__all__ = ["legacy_array"]


def legacy_array(op: str, d: dtype, data: tuple[Any, ...]) -> np.ndarray[Any, Any]:
    """What the constructor of a tensor type makes of its arguments: sizes, or one sequence of data."""
    if all(isinstance(n, (int, np.integer)) for n in data):
        if any(n < 0 for n in data):
            raise RuntimeError(f"{op}: Trying to create tensor with negative dimension {min(data)}: {list(data)}")
        return np.empty(data or (0,), d.numpy)
    source = data[0] if len(data) == 1 else data
    if len(data) > 1 or isinstance(source, (str, bytes)):
        raise TypeError(f"{op}: expected sizes or one sequence of data, got {data!r}")
    if isinstance(source, Size):
        return np.empty(source, d.numpy)
    if isinstance(source, Described):
        if source.dtype is not d:
            raise TypeError(f"{op}: expected a tensor of {d.name}, got {source.dtype.name}; convert it with to()")
        return source._array
    if not isinstance(source, (Sequence, np.ndarray)):
        raise TypeError(f"{op}: data must be a sequence (got {type(source).__name__})")
    try:
        return np.array([each._array if isinstance(each, Described) else each for each in source], d.numpy)
    except ValueError as error:
        raise ValueError(f"{op}: expected a sequence of numbers of equal lengths: {error}") from None
