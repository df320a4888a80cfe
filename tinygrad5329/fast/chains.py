"""Loops over one shape, written by the replay of a step, compiled and kept on disk under a hash of their text.

Every operation is rounded as NumPy rounds it: sums of products stay two roundings, except in what the compiled twins of
NumPy's kernels compute, which is computed here as there.
"""

from __future__ import annotations

import hashlib
import sys
import types
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad5329.atomic import write_atomically
from tinygrad5329.fast.compiled import _compiled, inlined, kept_in
from tinygrad5329.fast.transcendental import logistic

__all__ = ["KERNELS", "compiled_loop", "tanh_gradient"]


@inlined
def tanh_gradient(one, g, out):  # type: ignore[no-untyped-def]
    """As ``activation.py`` has it, with the same rounding."""
    return g * (one - out * out)


@cache
def compiled_loop(text: str, dtype: str) -> Any:
    """The function ``loop`` in `text`, compiled when it is first called.

    In `text`, ``F`` makes numbers of the dtype, and ``sqrt``, ``logistic`` and ``tanh_gradient`` are there.
    """
    digest = hashlib.sha256(f"{dtype}\n{text}".encode() + Path(__file__).read_bytes()).hexdigest()[:16]
    folder = kept_in()
    path = f"<chain {digest}>"
    if folder is not None:
        # Numba keeps what it compiled for as long as this file is older.
        file = folder / f"chain_{digest}.py"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            write_atomically(file, text)
        path = str(file)
    module: Any = types.ModuleType(f"tinygrad5329.fast.chain_{digest}")
    module.F, module.sqrt, module.logistic, module.tanh_gradient = getattr(np, dtype), np.sqrt, logistic, tanh_gradient
    # Where Numba looks for the globals of what it loads from the disk.
    sys.modules[module.__name__] = module
    exec(compile(text, path, "exec"), module.__dict__)
    return _compiled(module.loop, set())


KERNELS = {"elementwise_chain": compiled_loop}
