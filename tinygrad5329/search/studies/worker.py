"""A process that trains: told one architecture a line on its input, it answers with lines on its output.

Started by ``worker_process.py``, with one thread of linear algebra set in its environment before NumPy loads. It
knows nothing of studies, and touches no storage.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, TextIO

__all__ = ["main"]


def main(parent: str) -> None:
    """Train what comes, until the input ends.

    The first line in says what the task is. Then each line is an architecture and a seed, or a one-shot search to run;
    see :mod:`tinygrad5329.search.studies.training` for the lines out. After a report one more line is read: whether
    to go on. ``parent`` is the process to end with.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    # A launcher may stand between the two on Windows, where nobody is told of a parent's end anyway.
    watched = int(parent) if os.name == "posix" else os.getppid()
    threading.Thread(target=_leave_with, args=(watched,), daemon=True).start()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what anything prints must not look like an answer
    reference = json.loads(sys.stdin.readline())
    trainer = _Trainer(reference, _Reporter(answers))
    for line in sys.stdin:
        _say(answers, trainer.answer(json.loads(line)))


class _Trainer:
    def __init__(self, reference: dict[str, Any], report: Callable[[dict[str, Any]], bool]) -> None:
        self._reference = reference
        self._report = report
        self._task: Any = None

    def answer(self, order: dict[str, Any]) -> dict[str, Any]:
        from tinygrad5329.search.studies.task_reference import TaskReference
        from tinygrad5329.search.studies.training import carry_out

        reached = {"steps": 0, "seconds": 0.0}

        def report(told: dict[str, Any]) -> bool:
            reached.update(steps=told["steps"], seconds=told["seconds"])
            return self._report(told)

        try:
            if self._task is None:
                self._task = TaskReference(self._reference["name"], self._reference["options"]).load()
            return carry_out(self._task, order, report)
        except (Exception, SystemExit) as error:  # tried again, what leaves would leave again
            traceback.print_exc()
            return {"kind": "failed", "error": f"{type(error).__name__}: {error}", **reached}


class _Reporter:
    def __init__(self, answers: TextIO) -> None:
        self._answers = answers

    def __call__(self, report: dict[str, Any]) -> bool:
        _say(self._answers, report)
        line = sys.stdin.readline()
        if not line:  # the parent has gone
            os._exit(1)
        return bool(json.loads(line)["go_on"])


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    print(json.dumps(answer), file=answers, flush=True)


def _leave_with(parent: int) -> None:
    # The input ends with the parent, but a training takes minutes to look at it.
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
