"""What a run ran on: versions and machine, so that a result can be placed years later."""

from __future__ import annotations

import platform
from importlib import metadata

import numpy as np

import tinygrad5329 as tg
from tinygrad5329.backends.threads import library, usable_cores

__all__ = ["describe_environment"]


def describe_environment() -> dict[str, str]:
    """Versions of this package, Python and the packages a run uses, and the machine in words.

    Examples
    --------
    >>> from tinygrad5329.training import describe_environment
    >>> sorted(describe_environment())[:3]
    ['BLAS', 'CPU cores', 'NumPy']
    """
    described = {
        "tinygrad5329": tg.__version__,
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "NumPy": np.__version__,
        "BLAS": library(),
    }
    for name in ("scikit-learn", "matplotlib", "safetensors", "tqdm", "graphviz"):
        try:
            described[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            described[name] = "not installed"
    described["system"] = f"{platform.system()} ({platform.machine()})"
    described["CPU cores"] = str(usable_cores())
    return described
