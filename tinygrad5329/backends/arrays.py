"""``xp``: the array namespace that forwards and gradient rules compute with.

It is NumPy under NumPy's names, with the few functions that rules need and NumPy has not, or has with
a copy too many. A rule written against it also runs on tensors (see ``ops/namespace.py``, which has
the same names), and on another array library with NumPy's names.
"""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from tinygrad5329.backends import sums

__all__ = ["NUMPY", "array_namespace"]


def array_namespace(module: ModuleType) -> Any:
    """The namespace over `module`, which is NumPy or a library with its names."""
    # What the module holds already: asking for everything it lists would import NumPy's test tools.
    names = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    xp = SimpleNamespace(**names)

    ndarray, single = np.ndarray, np.float32

    def conj(x: Any) -> Any:
        # NumPy copies real arrays here; rules say conj for every dtype. A Python number may come too.
        kind = type(x)
        if kind is ndarray:
            return x if x.dtype.kind != "c" else x.conjugate()
        if kind is single:
            return x
        if isinstance(x, (float, int)):
            return x
        return x.conjugate() if isinstance(x, complex) or x.dtype.kind == "c" else x

    def clip(x: Any, low: Any, high: Any) -> Any:
        # The method takes both bounds in one pass; np.clip spends microseconds before it gets there.
        return x.clip(low, high)

    def sign(x: Any) -> Any:
        # NaN has the sign 0 in PyTorch.
        return np.where(x != x, 0, np.sign(x)) if x.dtype.kind == "f" else np.sign(x)

    xp.conj = conj
    if module is np:
        xp.sum, xp.sign = sums.sum, sign
    xp.clip = clip
    return xp


NUMPY = array_namespace(np)
