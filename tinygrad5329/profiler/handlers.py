"""What to do with a finished trace (``torch.profiler.tensorboard_trace_handler``)."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["tensorboard_trace_handler"]


def tensorboard_trace_handler(
    dir_name: str | os.PathLike[str], worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[Any], None]:
    """For ``profile(on_trace_ready=...)``: write each trace into the folder `dir_name`, which TensorBoard reads.

    `worker_name` is the machine and process unless given; files are called ``worker.time.pt.trace.json``.
    """
    worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"

    def handler(prof: Any) -> None:
        name = f"{worker}.{time.time_ns()}.pt.trace.json{'.gz' if use_gzip else ''}"
        prof.export_chrome_trace(Path(dir_name) / name)

    return handler
