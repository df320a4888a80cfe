"""The largest element of a row, for kernels that subtract it before they exponentiate."""

from __future__ import annotations

import math

from tinygrad5329.fast.compiled import inlined_part
from tinygrad5329.fast.ordering import rank, unrank

__all__ = ["largest"]


@inlined_part
def largest(x, i, stop):  # type: ignore[no-untyped-def]
    """The largest of ``x[i, :stop]``, or a NaN among them; 0 if that is -inf, which leaves the rest as it is."""
    top = rank(x[i, 0])
    for j in range(1, stop):
        each = rank(x[i, j])
        top = each if each > top else top
    value = unrank(top)
    return x.dtype.type(0) if value == -math.inf else value
