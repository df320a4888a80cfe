"""``Statistics``: what is kept of a value or of a gradient once its array is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["BINS", "Statistics", "statistics_of"]

#: Bars of a histogram.
BINS = 24

#: Up to how many numbers an array is kept as it is.
FEW = 9


@dataclass(slots=True)
class Statistics:
    """Numbers that describe an array; those of complex numbers are of their magnitudes.

    `minimum`, `maximum`, `mean`, `deviation` and `norm` (Euclidean) are over the finite elements, and None
    where there are none. `histogram` counts them in equal steps from `minimum` to `maximum`. `zeros`, `nans`
    and `infinities` are counts. `values` are all elements in row-major order where there are at most nine,
    those that are not finite as ``"nan"``, ``"inf"`` or ``"-inf"``.
    """

    count: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None
    norm: float | None = None
    zeros: int = 0
    nans: int = 0
    infinities: int = 0
    histogram: list[int] = field(default_factory=list)
    values: list[float | str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}


def statistics_of(array: Any) -> Statistics:
    """Describe `array`.

    >>> found = statistics_of(np.array([1.0, 3.0, np.nan]))
    >>> found.mean, found.nans, found.values
    (2.0, 1, [1.0, 3.0, 'nan'])
    """
    array = np.asarray(array)
    numbers = np.abs(array) if array.dtype.kind == "c" else array
    numbers = numbers.ravel().astype(np.float64)
    made = Statistics(array.size)
    if array.size <= FEW:
        made.values = [number if np.isfinite(number) else str(number) for number in numbers.tolist()]
    finite = np.isfinite(numbers)
    if not finite.all():
        made.nans = int(np.isnan(numbers).sum())
        made.infinities = array.size - made.nans - int(finite.sum())
        numbers = numbers[finite]
    if not numbers.size:
        return made
    with np.errstate(all="ignore"):
        low, high = float(numbers.min()), float(numbers.max())
        made.minimum, made.maximum = low, high
        made.mean, made.deviation = _finite(numbers.mean()), _finite(numbers.std())
        made.norm = _finite(np.linalg.norm(numbers))
        made.zeros = numbers.size - int(np.count_nonzero(numbers))
        if array.size > FEW:
            # Not numpy.histogram, which refuses ranges as narrow as rounding.
            place = (numbers - low) * (BINS / (high - low)) if high > low else np.zeros(numbers.size)
            place = np.clip(np.nan_to_num(place), 0, BINS - 1).astype(np.intp)
            made.histogram = np.bincount(place, minlength=BINS).tolist()
    return made


def _finite(number: Any) -> float | None:
    """None for what overflowed: JSON has no word for it."""
    return float(number) if np.isfinite(number) else None
