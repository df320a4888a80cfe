"""Below which size a singular value counts as zero: PyTorch's ``atol`` and ``rtol``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.dtypes import finfo
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["thresholds"]


def _tolerance(op: str, name: str, value: Any) -> Any:
    if isinstance(value, Tensor):
        if value.is_complex():
            raise RuntimeError(f"{op}: {name} tensor of complex type is not supported.")
        return value._array
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{op}(): argument '{name}' must be a number or a Tensor, not {type(value).__name__}")
    return value


def thresholds(op: str, A: Tensor, sizes: Tensor, atol: Any, rtol: Any) -> Tensor:
    """``max(atol, rtol * largest)`` for each matrix of `A`, whose singular values (*, k) are `sizes`.

    `rtol` is by default ``max(m, n) * eps``, or 0 where there is an `atol` above 0.
    """
    standard = max(A.shape[-2:]) * finfo(A.dtype).eps
    absolute = 0.0 if atol is None else _tolerance(op, "atol", atol)
    relative = np.where(np.asarray(absolute) > 0, 0.0, standard) if rtol is None else _tolerance(op, "rtol", rtol)
    largest = sizes._array.max(-1) if sizes.shape[-1] else np.zeros(tuple(sizes.shape[:-1]), sizes.dtype.numpy)
    return wrap(np.asarray(np.maximum(absolute, relative * largest), sizes.dtype.numpy))
