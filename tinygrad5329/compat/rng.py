"""``torch.random``: the functions of `tinygrad5329.random`, the generator's state as a tensor."""

from __future__ import annotations

from tinygrad5329.random import default_generator, fork_rng, initial_seed, manual_seed, seed
from tinygrad5329.randomness import get_rng_state, set_rng_state

__all__ = ["default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]
