"""``torch.autograd.profiler``: the older names of :mod:`tinygrad5329.profiler`, which is loaded when one is used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["profile", "record_function"]  # noqa: F822 - by __getattr__


def __getattr__(name: str) -> Any:
    if name in __all__:
        # By name: what records sits above what it records.
        return getattr(import_module("tinygrad5329.profiler.older"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
