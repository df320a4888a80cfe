"""The process of a peer, seen from the one that measures."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS

__all__ = ["ROOT", "THREAD_VARIABLES", "PeerProcess"]

ROOT = Path(__file__).resolve().parent.parent

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def _environment(kernels: str, threads: int) -> dict[str, str]:
    """The variables of a worker: its threads, its kernels, and a place for bytecode where Python may not write any."""
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
    if kernels:
        environment["TINYGRAD5329_BACKEND"] = kernels
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Without bytecode an import takes four times as long as for a user, who has it from the second one on.
        caches = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        environment.setdefault("PYTHONPYCACHEPREFIX", str(caches / "tinygrad5329-benchmarks"))
    return environment


class PeerProcess:
    """A worker that waits until it is told to measure.

    Attributes
    ----------
    name : str
        The peer.
    threads : int
        What it may use.
    started : dict
        Its first answer: import time and sizes, or why the library is absent.
    """

    def __init__(self, name: str, threads: int, python: str = sys.executable) -> None:
        self.name = name
        self.threads = threads
        self.process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", name, str(threads)],
            cwd=ROOT,
            env=_environment(PEERS[name].kernels, threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.started = self._answer()

    def __enter__(self) -> PeerProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def label(self) -> str:
        return f"{self.name}:{self.threads}"

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            return {"error": f"its process ended with status {self.process.wait()}"}
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
