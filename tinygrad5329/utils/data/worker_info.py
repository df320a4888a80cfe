"""What a worker process knows about itself (``torch.utils.data.get_worker_info``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["WorkerInfo", "get_worker_info"]


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker process this is.

    Attributes
    ----------
    id : int
        From 0 to ``num_workers - 1``.
    num_workers : int
    seed : int
        What this package's and Python's random streams were seeded with here: the pass's seed plus ``id``.
    dataset : Dataset
        The copy of the data set in this process.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_current: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """The :class:`WorkerInfo` of this process; None outside a worker of a ``DataLoader``.

    >>> get_worker_info() is None
    True
    """
    return _current


def set_worker_info(info: WorkerInfo) -> None:
    """Declare this process a worker."""
    global _current
    _current = info
