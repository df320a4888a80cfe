"""How much memory a piece of work needed at most."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

__all__ = ["PeakMemory"]

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """The largest resident memory of this process since it was made.

    Linux can forget an earlier peak (``/proc/self/clear_refs``). Elsewhere the peak is that of the whole life of
    the process, in which an earlier piece of work may have needed more.
    """

    def __init__(self) -> None:
        with contextlib.suppress(OSError):
            _CLEAR.write_text("5")

    def peak(self) -> int | None:
        """In bytes; None where the system does not say (Windows)."""
        with contextlib.suppress(OSError, ValueError, StopIteration):
            lines = _STATUS.read_text().splitlines()
            return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
        try:
            import resource
        except ImportError:
            return None
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return largest if sys.platform == "darwin" else largest * 1024
