"""``torch.__config__``: how this was built, in words."""

from __future__ import annotations

import numpy as np

from tinygrad5329.backends import threads
from tinygrad5329.compat import probes

__all__ = ["parallel_info", "show"]


def show() -> str:
    """What computes here, in a few lines."""
    return f"tinygrad5329, following PyTorch {probes.version.__version__}:\n  - NumPy {np.__version__}, on the CPU\n"


def parallel_info() -> str:
    """What uses several threads, in a line."""
    return f"tinygrad5329:\n\tNumPy's linear algebra ({threads.library()}) uses {threads.count()}\n"
