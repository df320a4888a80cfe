"""The parent's end of a worker: started when it is needed, asked, and given up when it died."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tinygrad5329.backends.threads import VARIABLES

__all__ = ["WorkerDied", "WorkerProcess"]


class WorkerDied(RuntimeError):
    """The worker ended without an answer; the message says how."""


class WorkerProcess:
    """One worker; see ``worker.py``.

    Parameters
    ----------
    data : str
        What the worker loads.
    folder : Path
        Where it stores records.
    """

    def __init__(self, data: str, folder: Path) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process is released
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tinygrad5329.experiments.worker", data, str(folder), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=os.environ | dict.fromkeys(VARIABLES, "1"),
            text=True,
            encoding="utf-8",
        )

    def ask(self, task: dict[str, Any]) -> dict[str, Any]:
        """Let it make one run, and wait for its answer.

        Raises
        ------
        WorkerDied
            If it ended instead.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(task) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except (BrokenPipeError, ValueError):  # ValueError: closed by kill()
            line = ""
        if not line.endswith("\n"):
            raise WorkerDied(self._how_it_ended())
        return dict(json.loads(line))

    def close(self) -> None:
        """Let it end: its input has no more lines."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._release()

    def kill(self) -> None:
        """End it at once; the run that it was making is lost."""
        self._process.kill()

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        said = self._last_line()
        self._release()
        if code < 0:
            name = signal.Signals(-code).name
            hint = "; was there enough memory?" if name == "SIGKILL" else ""
            return f"its process was killed by {name}{hint}"
        return f"its process ended with status {code}{': ' + said if said else ''}"

    def _last_line(self) -> str:
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 2000))
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def _release(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._process.wait()
        self._log.close()
