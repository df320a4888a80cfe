"""Array modules and devices: what the engine computes with, and where."""

from importlib import import_module
from typing import Any

from tinygrad5329.backends import threads  # early: it reads the environment as the BLAS library does, once
from tinygrad5329.backends.choice import current, use
from tinygrad5329.backends.memory import keep_freed_blocks

__all__ = ["current", "threads", "use"]

#: The names of PyTorch's that `tinygrad5329.compat.probes` answers.
SWITCHES = frozenset({"cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"})

keep_freed_blocks()


def __getattr__(name: str) -> Any:
    """PyTorch's switches (``torch.backends.cudnn`` and the like), loaded when first asked for."""
    if name in SWITCHES:  # not for every name: the import of each file in this folder asks here first
        return getattr(import_module("tinygrad5329.compat.probes").backends, name)
    raise AttributeError(f"module 'tinygrad5329.backends' has no attribute {name!r}")
