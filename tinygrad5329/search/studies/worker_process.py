"""The study's end of a worker: what it says becomes events in a queue."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from typing import Any

from tinygrad5329.backends.threads import VARIABLES

__all__ = ["WorkerProcess"]


class WorkerProcess:
    """One worker; see ``worker.py``.

    Parameters
    ----------
    task : dict
        A task reference, as JSON.
    events : queue.Queue
        Gets ``(worker, answer)`` for each line that it says, and ``(worker, {"kind": "died", "error"})`` at its end.
    """

    def __init__(self, task: dict[str, Any], events: queue.Queue[tuple[WorkerProcess, dict[str, Any]]]) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process is released
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tinygrad5329.search.studies.worker", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ | dict.fromkeys(VARIABLES, "1"),
            text=True,
            encoding="utf-8",
        )
        self.pid = self._process.pid
        self._events = events
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.tell(task)

    def tell(self, message: dict[str, Any]) -> None:
        """Send it a line; one that has died says so itself, by its last event."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """Let it end: its input has no more lines."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._release()

    def kill(self) -> None:
        """End it at once; what it was training is lost."""
        self._process.kill()
        self._release()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith("\n"):
                self._events.put((self, json.loads(line)))
        self._events.put((self, {"kind": "died", "error": self._how_it_ended()}))

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 2000))
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        if code < 0:
            name = signal.Signals(-code).name
            return f"its process was killed by {name}" + ("; was there enough memory?" if name == "SIGKILL" else "")
        return f"its process ended with status {code}{': ' + lines[-1].strip() if lines else ''}"

    def _release(self) -> None:
        self._listener.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._process.wait()
        self._log.close()
