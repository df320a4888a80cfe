"""A few values of a decision that has many."""

from __future__ import annotations

import math

from tinygrad5329.search.domains import Choice, Domain, Value

__all__ = ["grid_of"]


def grid_of(domain: Domain, count: int) -> tuple[Value, ...]:
    """All options of a choice; of a number ``count`` values at equal distances, with both ends, on its own scale.

    Examples
    --------
    >>> from tinygrad5329.search.domains import Float, Integer
    >>> [round(value, 4) for value in grid_of(Float(1e-4, 1e-2, log=True), 3)]
    [0.0001, 0.001, 0.01]
    >>> grid_of(Integer(1, 4), 5)
    (1, 2, 3, 4)
    """
    if isinstance(domain, Choice):
        return domain.values
    values = domain.values
    if values is not None and len(values) <= count:
        return values
    low, high = float(domain.low), float(domain.high)
    places = [place / (count - 1) for place in range(count)]
    if domain.log:
        numbers = [low * math.exp(place * math.log(high / low)) for place in places]
    else:
        numbers = [low + place * (high - low) for place in places]
    if values is None:
        return tuple(min(max(number, low), high) for number in numbers)
    # Rounding may take two neighbours to the same whole number.
    return tuple(dict.fromkeys(min(values, key=lambda value: abs(value - number)) for number in numbers))
