"""The random numbers ``utils.data`` draws, as PyTorch draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.random import Generator, default_generator

__all__ = ["check_generator", "draw_seed", "generator_at", "permutation", "privately_seeded"]


def check_generator(generator: Generator | None) -> Generator | None:
    """``generator`` itself; TypeError if it is something else."""
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(
            f"generator should be a Generator or None, got {type(generator).__name__}; "
            "for a fixed seed pass Generator().manual_seed(seed)"
        )
    return generator


def draw_seed(generator: Generator | None) -> int:
    """An int64 >= 0, as ``torch.empty((), dtype=torch.int64).random_(generator=generator)`` draws it."""
    return int((generator or default_generator).random((), np.int64).item())


def permutation(n: int, generator: Generator | None) -> np.ndarray[Any, np.dtype[np.int64]]:
    """``torch.randperm(n, generator=generator)`` as an array."""
    return (generator or default_generator).randperm(n)


def privately_seeded() -> Generator:
    """A new generator with a seed from the global one."""
    return Generator().manual_seed(draw_seed(None))


def generator_at(state: Any) -> Generator:
    """A new generator in ``state``."""
    generator = Generator()
    generator.set_state(state)
    return generator
