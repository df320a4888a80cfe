"""Sample inputs of every primitive: one entry each, a file for each family of operations.

A new primitive needs an ``entry(...)`` in the file of its family; the suite fails without one.
"""

from . import (
    activation,
    arithmetic,
    complex_numbers,
    decompositions,
    fourier,
    indexing,
    linalg,
    loss,
    placing,
    pointwise,
    recurrent,
    reduction,
    shaping,
    spatial,
    special,
    strides,
)
from .entry import ENTRIES, Entry, Sample

__all__ = [
    "ENTRIES", "Entry", "Sample", "activation", "arithmetic", "complex_numbers", "decompositions", "fourier",
    "indexing", "linalg", "loss", "placing", "pointwise", "recurrent", "reduction", "shaping", "special", "strides",
    "spatial",
]  # fmt: skip
