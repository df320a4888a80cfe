"""Turning Ctrl-C and a polite kill into a flag, so that training stops between two steps."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

__all__ = ["TrainingInterrupted"]


class TrainingInterrupted(KeyboardInterrupt):
    """Training was stopped by a signal, between two steps, with its state saved.

    A ``KeyboardInterrupt``, so that code which expects one keeps working.

    Attributes
    ----------
    epoch, batch : int
        Where it stopped: ``batch`` steps of epoch ``epoch`` (counted from 1) are done.
    checkpoint : pathlib.Path or None
        The checkpoint that holds this moment, if the trainer keeps one.
    signal_number : int
        ``signal.SIGINT`` or ``signal.SIGTERM``.
    """

    def __init__(self, epoch: int, batch: int, checkpoint: Path | None, signal_number: int) -> None:
        self.epoch, self.batch, self.checkpoint, self.signal_number = epoch, batch, checkpoint, signal_number
        kept = f"; resume from {checkpoint}" if checkpoint is not None else ""
        super().__init__(f"training was interrupted in epoch {epoch} after {batch} batches{kept}")


class SignalFlag:
    """While entered, SIGINT and SIGTERM set :attr:`received` instead of stopping the program at once.

    A signal in the middle of ``optimizer.step()`` would leave half-updated weights, which no checkpoint
    should hold. A second SIGINT raises KeyboardInterrupt at once, for when the first seems not to work.
    Outside the main thread, where Python allows no signal handlers, this does nothing.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> SignalFlag:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                # A program that ignores a signal (nohup, a shell's background job) goes on ignoring it; a
                # handler that was not set from Python (None) could not be put back.
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = number
