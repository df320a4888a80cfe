"""Keeping freed memory: why one large block is allocated and freed when the engine is imported.

glibc serves large blocks by ``mmap`` and gives them back to the system when they are freed, so that the
next operation faults all its pages in again; on half a million floats that costs nine times the
arithmetic. Its thresholds adapt: freeing a mapped block raises the size from which blocks are mapped to
the size of that block, and the trim threshold to twice as much. One untouched block of the largest size
that counts (32 MB, ``DEFAULT_MMAP_THRESHOLD_MAX``) does that once and for all, and costs no memory since
no page of it is ever touched. Elsewhere than on glibc this is an allocation and nothing more.
"""

from __future__ import annotations

import numpy as np

__all__ = ["keep_freed_blocks"]

_LARGEST_THAT_COUNTS = 32 * 1024 * 1024


def keep_freed_blocks() -> None:
    """Raise glibc's thresholds, see above."""
    # The allocator's own header must fit in as well.
    block = np.empty(_LARGEST_THAT_COUNTS - 65536, np.uint8)
    del block
