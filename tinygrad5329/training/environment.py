"""What a run ran on: versions and machine, so that a result can be placed years later."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

import numpy as np

import tinygrad5329 as tg

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
        "BLAS": _blas(),
    }
    for name in ("scikit-learn", "matplotlib", "safetensors", "tqdm", "graphviz"):
        try:
            described[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            described[name] = "not installed"
    described["system"] = f"{platform.system()} {platform.release()} ({platform.machine()})"
    described["CPU cores"] = str(_usable_cores())
    return described


def _blas() -> str:
    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()


def _usable_cores() -> int:
    # A container or taskset may leave fewer than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
