"""How compiled kernels are declared, and where they are kept.

A kernel is a plain loop, compiled for a combination of argument types when it is first called with them::

    @kernel
    def double(x, out):
        for i in range(x.size):
            out[i] = x[i] + x[i]

Compiling takes a good part of a second. The result is kept on disk, from where later programs load it in
milliseconds; that something is compiled is said once, on stderr.

Functions that kernels call are declared by :func:`inlined`. They may stand in the kernel's own file or in one of
``SHARED``: Numba looks for changes in the kernel's own file alone, and this module in those of ``SHARED``.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import event

__all__ = ["INLINED", "SHARED", "inlined", "inlined_part", "kept_in", "kernel", "summing"]

#: The files of functions that other files' kernels call.
SHARED = ("compiled.py", "ordering.py", "products.py", "row_maximum.py", "tiles.py", "transcendental.py")

_config: Any = numba.config

# Products and sums may become one rounding less (FMA). That changes no sign of zero, and an infinity only where a
# product overflows on its own: inf - x * x is then inf and not NaN, so such formulas stay with NumPy.
_EXACT = {"contract"}
# Sums may be taken in any order, as NumPy's are; without it they run one element at a time.
_REORDERED = {"contract", "reassoc", "nsz"}
#: Numba's options for functions that become part of the kernels that call them.
INLINED: Any = {"fastmath": _EXACT, "error_model": "numpy", "forceinline": True}


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` for each combination of argument types that it is called with.

    Its arrays must be C-contiguous and writeable, even those it only reads, or it is compiled once more for
    those that are not: ``x.flags.carray`` is the test to make before calling. A division by zero is infinite
    or NaN, as everywhere in NumPy. Other threads run while it does.
    """
    return _compiled(function, _EXACT)


def summing(function: Callable[..., Any]) -> Any:
    """A :func:`kernel` that may add up in any order, so that its sums run in vectors.

    The functions it calls, :func:`inlined`, keep their own order.
    """
    return _compiled(function, _REORDERED)


def inlined(function: Callable[..., Any]) -> Any:
    """A function of scalars for kernels to call; it becomes part of each."""
    return numba.njit(function, **INLINED)


def inlined_part(function: Callable[..., Any]) -> Any:
    """Loops that several :func:`summing` kernels share. They become part of each: a call that passes arrays is slow."""
    return numba.njit(function, fastmath=_REORDERED, error_model="numpy", forceinline=True)


@cache
def kept_in() -> Path | None:
    """The folder of compiled kernels; None if it cannot be written, so that they last as long as the program.

    Numba's ``NUMBA_CACHE_DIR`` or the user's folder for caches, and in it one for each state of ``SHARED``.
    """
    digest = hashlib.sha256(b"".join(Path(__file__).with_name(name).read_bytes() for name in SHARED))
    folder = Path(_config.CACHE_DIR or _user_caches() / "tinygrad5329") / f"kernels-{digest.hexdigest()[:12]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return None
    return folder


def _user_caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local").expanduser()
    if sys.platform == "darwin":
        return Path("~/Library/Caches").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def _compiled(function: Callable[..., Any], fastmath: set[str]) -> Any:
    folder = kept_in()
    before = _config.CACHE_DIR
    try:
        # Numba reads it here, when the function is declared.
        _config.CACHE_DIR = "" if folder is None else str(folder)
        return numba.njit(function, cache=folder is not None, nogil=True, fastmath=fastmath, error_model="numpy")
    finally:
        _config.CACHE_DIR = before


class _Notice(event.Listener):
    """Says, once in a program, that kernels are being compiled. What comes from the disk raises no event."""

    said = False

    def on_start(self, event: Any) -> None:
        compiling = event.data["dispatcher"].py_func.__module__
        if self.said or not compiling.startswith("tinygrad5329.fast."):
            return
        self.said = True
        folder = kept_in()
        kept = f"once (kept in {folder})" if folder else "for this run alone (set NUMBA_CACHE_DIR to keep them)"
        print(f"tinygrad5329: compiling kernels for this processor, {kept}", file=sys.stderr)

    def on_end(self, event: Any) -> None:
        pass


_notice = _Notice()
event.register("numba:compile", _notice)
