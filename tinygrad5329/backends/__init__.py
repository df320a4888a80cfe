"""Array modules and devices: what the engine computes with, and where."""

from importlib import import_module
from typing import Any

from tinygrad5329.backends.memory import keep_freed_blocks

keep_freed_blocks()


def __getattr__(name: str) -> Any:
    """PyTorch's switches (``torch.backends.cudnn`` and the like), loaded when first asked for."""
    try:
        return getattr(import_module("tinygrad5329.compat.probes").backends, name)
    except AttributeError:
        raise AttributeError(f"module 'tinygrad5329.backends' has no attribute {name!r}") from None
