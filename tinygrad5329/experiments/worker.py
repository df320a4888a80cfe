"""A process that makes runs: told one a line on its input, it answers with a line on its output.

Started by ``worker_process.py``, with one thread of linear algebra set in its environment before NumPy loads.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from typing import Any

__all__ = ["main"]


def main(data: str, folder: str, parent: str) -> None:
    """Make the runs that come, until the input ends.

    A line in is ``{"config", "key", "code", "fingerprint"}``. The record is stored in ``folder``, and the line
    out says so: ``{"status", "error"}``. An exception is answered with status "failed". ``parent`` is the process to
    end with.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    # A launcher may stand between the two on Windows, where nobody is told of a parent's end anyway.
    watched = int(parent) if os.name == "posix" else os.getppid()
    threading.Thread(target=_leave_with, args=(watched,), daemon=True).start()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what anything prints must not look like an answer
    source = None
    for line in sys.stdin:
        task = json.loads(line)
        try:
            if source is None:
                from tinygrad5329.experiments.preparation import Source

                source = Source(data)
            answer = _make(task, source, folder)
        except Exception as error:
            traceback.print_exc()
            answer = {"status": "failed", "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def _leave_with(parent: int) -> None:
    # The input ends with the parent, but a run takes minutes to look at it.
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _make(task: dict[str, Any], source: Any, folder: str) -> dict[str, Any]:
    from tinygrad5329.experiments.cache import RunCache
    from tinygrad5329.experiments.configuration import Configuration
    from tinygrad5329.experiments.row import train_row

    if source.fingerprint != task["fingerprint"]:
        raise ValueError("the data changed while the report was running; start it again")
    record = train_row(Configuration.from_dict(task["config"]), source, task["key"], task["code"])
    RunCache(folder, task["code"], task["fingerprint"]).store(record)
    return {"status": record["status"], "error": record["error"]}


if __name__ == "__main__":
    main(*sys.argv[1:])
