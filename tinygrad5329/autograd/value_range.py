"""``ValueRange``: the shape, the dtype, the extremes of an array, and how much of it is not finite."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["ValueRange", "range_of"]


@dataclass(frozen=True, slots=True)
class ValueRange:
    """What the anomaly finder keeps of an array.

    `minimum` and `maximum` are over the finite elements, for complex numbers over their magnitudes, and None where
    there are none. `nans` and `infinities` are counts.

    >>> print(range_of(np.array([1.0, np.nan, -2.0])))
    (3,) float64, -2 to 1, 1 of 3 NaN
    """

    shape: tuple[int, ...]
    dtype: str
    minimum: float | None
    maximum: float | None
    nans: int = 0
    infinities: int = 0

    @property
    def finite(self) -> bool:
        """Whether there is neither NaN nor infinity."""
        return not (self.nans or self.infinities)

    def __str__(self) -> str:
        parts = [f"{self.shape} {self.dtype}"]
        size = math.prod(self.shape)
        if not size:
            parts.append("empty")
        elif self.minimum is None or self.maximum is None:
            parts.append("nothing finite")
        elif self.minimum == self.maximum:
            parts.append(
                ("" if self.finite and size == 1 else "all " if self.finite else "else ") + f"{self.minimum:.4g}"
            )
        else:
            parts.append(f"{self.minimum:.4g} to {self.maximum:.4g}")
        parts += [f"{n:,} of {size:,} {what}" for n, what in ((self.nans, "NaN"), (self.infinities, "infinite")) if n]
        return ", ".join(parts)


def range_of(value: Any) -> ValueRange:
    """The range of an array, or of a number that stands for one."""
    array = np.asarray(value)
    shape, dtype = array.shape, str(array.dtype)
    if not array.size:
        return ValueRange(shape, dtype, None, None)
    if array.dtype.kind == "c":
        array = np.abs(array)
    elif array.dtype.kind not in "biuf":
        array = array.astype(np.float32)  # bfloat16, which NumPy does not know
    # Of both a NaN makes NaN, so that two passes tell everything in nearly all cases.
    with np.errstate(invalid="ignore"):
        low, high = float(array.min()) + 0.0, float(array.max()) + 0.0  # and never -0
    if math.isfinite(low) and math.isfinite(high):
        return ValueRange(shape, dtype, low, high)
    nans = int(np.isnan(array).sum())
    finite = array[np.isfinite(array)]
    infinities = array.size - nans - finite.size
    if not finite.size:
        return ValueRange(shape, dtype, None, None, nans, infinities)
    return ValueRange(shape, dtype, float(finite.min()), float(finite.max()), nans, infinities)
