"""Carrying a study out: keeping workers busy until the budget is spent."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tinygrad5329.search.studies.ledger import Ledger
from tinygrad5329.search.studies.storage import HEARTBEAT
from tinygrad5329.search.studies.task_reference import TaskReference
from tinygrad5329.search.studies.training import carry_out
from tinygrad5329.search.studies.trial_run import Begun, TrialBook
from tinygrad5329.search.studies.view import View
from tinygrad5329.search.studies.worker_process import WorkerProcess
from tinygrad5329.search.task import Task

__all__ = ["Order", "conduct_here", "conduct_with_workers"]

#: What a begun trial's worker is told; see ``training.carry_out``.
Order = Callable[[Begun], dict[str, Any]]
Begin = Callable[[], "Begun | str"]

#: Seconds between two looks at what other processes have done.
_LOOK = 0.25


def conduct_here(begin: Begin, order: Order, book: TrialBook, task: Task, view: View) -> str:
    """Run one trial after another in this process; returns why it ended, ``"spent"`` or ``"exhausted"``."""
    while True:
        begun = begin()
        if begun == "wait":
            threading.Event().wait(_LOOK)
            continue
        if isinstance(begun, str):
            return begun
        running = begun
        view.began(running)

        def report(message: dict[str, Any], running: Begun = running) -> bool:
            go_on = book.report(running, message["steps"], message["value"], message["seconds"])
            view.tick()
            return go_on

        with _alive(book.ledger, {running.stored}):
            try:
                answer = carry_out(task, order(running), report)
            except BaseException:
                book.end(running, {"kind": "interrupted"})
                raise
            view.ended(running, book.end(running, answer), answer)


def conduct_with_workers(
    begin: Begin, order: Order, book: TrialBook, reference: TaskReference, jobs: int, view: View
) -> str:
    """Run trials in worker processes, started as they are needed; returns as :func:`conduct_here`.

    A worker that dies loses its trial, which is tried again, by another worker or another process on the study.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C; ended trials are stored, those that were running will be tried again.
    """
    events: queue.Queue[tuple[WorkerProcess, dict[str, Any]]] = queue.Queue()
    idle: list[WorkerProcess] = []
    busy: dict[WorkerProcess, Begun] = {}
    alive: set[int] = set()
    ended = ""
    with _alive(book.ledger, alive):
        try:
            while True:
                while len(busy) < jobs and not ended:
                    begun = begin()
                    if isinstance(begun, str):
                        ended = "" if begun == "wait" else begun
                        break
                    alive.add(begun.stored)
                    worker = idle.pop() if idle else WorkerProcess(reference.as_dict(), events)
                    busy[worker] = begun
                    worker.tell(order(begun))
                    view.began(begun)
                if not busy and ended:
                    return ended
                try:
                    worker, answer = events.get(timeout=_LOOK)
                except queue.Empty:
                    view.tick()
                    continue
                if worker not in busy:  # an idle one died
                    idle = [each for each in idle if each is not worker]
                elif answer["kind"] == "report":
                    go_on = book.report(busy[worker], answer["steps"], answer["value"], answer["seconds"])
                    worker.tell({"go_on": go_on})
                    view.tick()
                else:
                    begun = busy.pop(worker)
                    if answer["kind"] == "died":
                        worker.kill()
                    else:
                        idle.append(worker)
                    alive.discard(begun.stored)
                    view.ended(begun, book.end(begun, answer), answer)
                    ended = ""  # what it did not use may be enough for another, and a lost one is tried again
        finally:
            for worker in [*busy, *idle]:
                worker.kill()
            for begun in busy.values():
                book.end(begun, {"kind": "interrupted"})


@contextmanager
def _alive(ledger: Ledger, stored: set[int]) -> Iterator[None]:
    """While entered, other hosts are told that some trials are still running."""
    import optuna

    over = threading.Event()

    def signs() -> None:
        while not over.wait(HEARTBEAT):
            for each in list(stored):
                with contextlib.suppress(optuna.exceptions.OptunaError):  # a busy database: the next sign will do
                    ledger.sign_of_life(each)

    thread = threading.Thread(target=signs, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
