"""Array modules and devices: what the engine computes with, and where."""

from tinygrad5329.backends.memory import keep_freed_blocks

keep_freed_blocks()
