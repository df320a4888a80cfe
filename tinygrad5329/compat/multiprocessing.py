"""``torch.multiprocessing``: Python's multiprocessing, and `spawn`. Tensors are copied between processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing import *  # noqa: F403
from typing import Any

__all__ = [
    *multiprocessing.__all__,
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "set_sharing_strategy",
    "spawn",
]


def get_all_sharing_strategies() -> set[str]:
    """{"file_system"}: PyTorch's ways to share memory; none is used here."""
    return {"file_system"}


def get_sharing_strategy() -> str:
    """ "file_system"."""
    return "file_system"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepts PyTorch's names; tensors are copied to other processes whatever it says."""
    if new_strategy not in ("file_system", "file_descriptor"):
        raise AssertionError(f"set_sharing_strategy: expected file_system or file_descriptor, got {new_strategy!r}")


class ProcessContext:
    """Processes started by `spawn`."""

    def __init__(self, processes: list[Any]) -> None:
        self.processes = processes

    def pids(self) -> list[int]:
        """The processes' numbers."""
        return [int(process.pid) for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Wait for all; RuntimeError if one failed, the others ended. True when none is left."""
        for process in self.processes:
            process.join(timeout)
            if process.exitcode:
                for other in self.processes:
                    other.terminate()
                place = self.processes.index(process)
                raise RuntimeError(f"spawn: process {place} terminated with exit code {process.exitcode}")
        return all(process.exitcode is not None for process in self.processes)


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str | None = None,
) -> ProcessContext | None:
    """Run ``fn(i, *args)`` in `nprocs` processes (``torch.multiprocessing.spawn``).

    They start by Python's default method for the system; with ``start_method="spawn"`` each imports the script
    again, where ``import torch`` means PyTorch unless the script itself calls `tinygrad5329.install_as_torch`.
    """
    context: Any = multiprocessing.get_context(start_method)
    processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    started = ProcessContext(processes)
    if not join:
        return started
    while not started.join():
        pass
    return None
