"""Random numbers: PyTorch's CPU streams over NumPy's Mersenne Twister.

`Generator` draws NumPy arrays equal to what `torch.Generator` draws from the same seed: integers, uniforms,
permutations, Bernoulli masks and multinomial choices bit for bit, normals and other transforms of uniforms to
rounding. The functions below act on `default_generator`, as in `torch.random`; it starts from a seed of the
operating system's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from tinygrad5329.random.generator import Generator

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_dropout_stream",
    "set_rng_state",
]

default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator and return it; `torch.manual_seed`.

    Parameters
    ----------
    seed : int
        -2**63 <= seed < 2**64; anything that `int` takes.

    Raises
    ------
    ValueError
        Out of range.
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator from the operating system's randomness; returns the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default generator, in [0, 2**64)."""
    return default_generator.initial_seed()


def get_rng_state() -> np.ndarray:
    """The default generator's state, uint8 (5056,)."""
    return default_generator.get_state()


def set_rng_state(new_state: np.ndarray) -> None:
    """Put the default generator into a state that `get_rng_state` gave."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(devices: Sequence[object] | None = None, enabled: bool = True) -> Iterator[None]:
    """Give the default generator its state back on leaving the block; `torch.random.fork_rng`.

    Parameters
    ----------
    devices
        Other devices to fork: there are none, so None or empty.
    enabled : bool
        False makes it do nothing.

    Raises
    ------
    RuntimeError
        `devices` names any.

    Examples
    --------
    >>> before = get_rng_state()
    >>> with fork_rng():
    ...     mask = default_generator.bernoulli(0.5, (2, 3))
    >>> bool((get_rng_state() == before).all())
    True
    """
    if devices:
        raise RuntimeError(f"fork_rng: got devices {list(devices)}, expected none; only the CPU has a generator here")
    if not enabled:
        yield
        return
    state = default_generator.get_state()
    try:
        yield
    finally:
        default_generator.set_state(state)


def set_dropout_stream(name: str) -> None:
    """Choose how the default generator draws dropout masks: "torch" (default), "mcg31" or "fast".

    See `Generator.bernoulli_stream`.

    Raises
    ------
    ValueError
        Another name.
    """
    default_generator.bernoulli_stream = name
