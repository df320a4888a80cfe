"""Making a module without drawing its first values."""

from __future__ import annotations

import inspect
from typing import Any

from tinygrad5329.nn.module import Module
from tinygrad5329.random import default_generator

__all__ = ["skip_init"]


def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Module:
    """Make a module whose parameters and buffers hold arbitrary values; the random numbers stay as they are.

    `args` and `kwargs` are those of the class. RuntimeError if it is no module class or takes no `device`. Matches
    `torch.nn.utils.skip_init`.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    # There is no device without memory: the values are drawn, and the draws taken back.
    state = default_generator.get_state()
    try:
        return module_cls(*args, **kwargs)
    finally:
        default_generator.set_state(state)
