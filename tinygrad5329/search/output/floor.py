"""Where the values of a study that are worth looking at begin."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["floor_of"]


def floor_of(values: Sequence[float], reach: float = 3.0) -> float:
    """The smallest value, or, where that is far below the others, a floor for it and its like.

    A training that never started would otherwise press all others together on an axis, and alone make up their
    variance. The floor lies below the largest value by ``reach`` times the distance of that to the median, and by
    ``0.02 * reach`` at least.

    Examples
    --------
    >>> floor_of([0.5, 0.56, 0.6])
    0.5
    >>> round(floor_of([0.1, 0.58, 0.6]), 4)
    0.54
    """
    ordered = sorted(values)
    top, middle = ordered[-1], ordered[len(ordered) // 2]
    return max(ordered[0], top - reach * max(top - middle, 0.02))
