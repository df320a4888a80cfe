"""One peer in a process of its own: builds a workload and runs as many steps as it is asked to.

Speaks lines of JSON. Started, it says that the library is there (how long the import took, which version, how
large it is installed) or ``{"absent": why}``. Then it answers ``{"case": path}``, with the file of the check,
``{"seconds": s, "steps": n}`` with the times of steps, and anything that fails with ``{"error": ...}``.
"""

from __future__ import annotations

import gc
import importlib.metadata
import importlib.util
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _resident_kb(field: str) -> int:
    """``VmRSS`` or ``VmHWM`` of this process; 0 where there is no /proc."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


def _forget_peak() -> None:
    """Let the peak start again from what is resident now (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _has_bytecode(module: str) -> bool:
    """Whether Python has the module's compiled form, and need not make it."""
    found = importlib.util.find_spec(module)
    return found is not None and found.cached is not None and Path(found.cached).exists()


class Worker:
    """What a process does for its peer."""

    def __init__(self, name: str, threads: int) -> None:
        from benchmarks.peers import PEERS

        self.peer = PEERS[name]
        # NumPy and its BLAS, needed by the loop itself, come first: what is counted is the library on top.
        import numpy  # noqa: F401

        if self.peer.module in ("jax", "tinygrad") and hasattr(os, "sched_setaffinity"):
            # Their pools have no switch, but take as many threads as they may use cores.
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
        warm = _has_bytecode(self.peer.module)
        start = time.perf_counter()
        __import__(self.peer.module)
        #: None if Python had to compile the sources first, which a user waits for once.
        self.import_s = time.perf_counter() - start if warm else None
        self.build = self.peer.builder()
        self.kernels = ""
        if self.peer.module == "tinygrad5329":
            from tinygrad5329 import backends

            self.kernels = backends.current()
        if self.peer.module == "torch":
            import torch

            torch.set_num_threads(threads)
        gc.collect()
        self.base_kb = _resident_kb("VmRSS")
        self.step: Any = None

    def started(self) -> dict[str, Any]:
        from benchmarks.installed_size import installed_mb

        also = ("numba",) if self.kernels == "fast" else ()
        own, everything = installed_mb(self.peer.distribution, self.peer.module, *also)
        return {
            "import_s": self.import_s,
            "kernels": self.kernels,
            "version": importlib.metadata.version(self.peer.distribution),
            "installed_mb": own,
            "installed_with_dependencies_mb": everything,
        }

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.prepare(**request) if "case" in request else self.measure(**request)

    def prepare(self, case: str, checked: bool = True) -> dict[str, Any]:
        """Build the workload; its loss and gradients in a file; what its first step cost."""
        import numpy as np

        from benchmarks.cases import Case

        answer: dict[str, Any] = {"check_s": 0.0}
        self.step = None  # What ran before must not count.
        program = self.build(Case.load(case))
        self.step = program.step
        if checked and program.check is not None:
            start = time.perf_counter()
            loss, gradients = program.check()
            answer["check_s"] = time.perf_counter() - start if program.compiles_in_check else 0.0
            with tempfile.NamedTemporaryFile(suffix=".npz", dir=Path(case).parent, delete=False) as file:
                np.savez(file, loss=loss, **{f"g/{name}": value for name, value in gradients.items()})  # type: ignore[arg-type]
            answer |= {"loss": loss, "gradients": file.name}
            del gradients
        gc.collect()
        _forget_peak()
        start = time.perf_counter()
        self.step()
        answer["first_step_s"] = time.perf_counter() - start
        return answer

    def measure(self, steps: int, seconds: float = 0.0, cpu: bool = False) -> dict[str, Any]:
        """Times of steps for so long, and of so many at least; with `cpu` the CPU time of all threads."""
        clock: Callable[[], float] = time.process_time if cpu else time.perf_counter
        step = self.step
        times: list[float] = []
        end = time.perf_counter() + seconds
        while len(times) < steps or time.perf_counter() < end:
            start = clock()
            step()
            times.append(clock() - start)
        peak, now = _resident_kb("VmHWM"), _resident_kb("VmRSS")
        return {"times": times, "peak_mb": (peak - self.base_kb) / 1024, "now_mb": (now - self.base_kb) / 1024}


def main(name: str, threads: int) -> None:
    # Libraries may print: the answers get the old standard output to themselves.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(answer: dict[str, Any]) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    try:
        worker = Worker(name, threads)
    except ImportError as error:
        say({"absent": str(error)})
        return
    say(worker.started())
    for line in sys.stdin:
        try:
            say(worker.answer(json.loads(line)))
        except Exception as error:  # whatever a peer raises is reported as its result
            traceback.print_exc()
            say({"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
