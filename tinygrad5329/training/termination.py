"""SIGTERM answered like Ctrl-C, for commands that stop their processes and say how to go on."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

__all__ = ["Terminated", "terminable"]


class Terminated(KeyboardInterrupt):
    """SIGTERM, which asks for the same as Ctrl-C."""


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """While entered, SIGTERM raises :class:`Terminated`, where Python allows signal handlers and none is set."""

    def stop(number: int, frame: object) -> None:
        raise Terminated

    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
