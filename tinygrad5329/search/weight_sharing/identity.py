"""What makes two one-shot searches the same search."""

from __future__ import annotations

import zlib
from dataclasses import asdict
from typing import Any

from tinygrad5329.search.weight_sharing.one_shot import SearchData, SupernetTask

__all__ = ["identity_of"]


def identity_of(settings: Any, task: SupernetTask, data: SearchData, *, steps: int, seed: int) -> dict[str, Any]:
    """All that a search's result depends on, as JSON: a checkpoint goes on only where nothing of it differs.

    Parameters
    ----------
    settings : dataclass
        The algorithm.
    """
    describe = getattr(task, "describe", None)
    checksum = 0
    for rows in (data.first_half, data.second_half, data.validation):
        for tensor in rows:
            checksum = zlib.crc32(tensor.contiguous().numpy().data.cast("B"), checksum)
    return {
        "algorithm": type(settings).__name__,
        "settings": asdict(settings),
        "task": task.name,
        # Limits of the space are no part of its declaration; a task that has some describes them.
        "description": None if describe is None else describe(),
        "space": task.space.as_dict(),
        "defaults": dict(task.defaults),
        "data": f"{checksum:08x}",
        "batch size": data.batch_size,
        "steps": steps,
        "seed": seed,
    }
