"""The optimizers, whose calls are steps and not functions of arrays."""

from __future__ import annotations

from tinygrad5329.backends.choice import TWINS

from .row import elsewhere

for _slot, _module in TWINS.items():
    if _module == "update":
        elsewhere(_slot, "test_update.py")
