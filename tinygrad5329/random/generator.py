"""Generator: PyTorch's CPU random streams as NumPy arrays."""

from __future__ import annotations

from tinygrad5329.random.choices import Choices
from tinygrad5329.random.counts import Counts
from tinygrad5329.random.integers import Integers


class Generator(Integers, Choices, Counts):
    """A source of random numbers that gives what `torch.Generator` on the CPU gives, number for number.

    Every draw takes either a `shape` and a `dtype`, and returns a new array, or `out`, an array to fill in
    place (element order is the order in memory, as in PyTorch); it returns the array. Draws lock the
    generator, so threads may share one.

    Parameters
    ----------
    device : str
        Only the CPU: "cpu" or "cpu:0".

    Raises
    ------
    RuntimeError
        Any other device.

    Examples
    --------
    >>> g = Generator().manual_seed(0)
    >>> g.uniform(3)
    array([0.4962566 , 0.7682218 , 0.08847743], dtype=float32)
    >>> g.randperm(5)
    array([0, 4, 2, 1, 3])
    """

    __slots__ = ()
