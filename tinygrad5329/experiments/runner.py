"""Making the runs that are missing: in parallel processes, longest first, each lost run tried once more."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad5329.experiments.cache import RunCache
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.row import failed_record
from tinygrad5329.experiments.view import View
from tinygrad5329.experiments.worker_process import WorkerDied, WorkerProcess

__all__ = ["Task", "make_runs"]

#: How often a run is started before it counts as failed.
_ATTEMPTS = 2


@dataclass(frozen=True)
class Task:
    """One run to make.

    Attributes
    ----------
    configuration : Configuration
    key : str
        In the cache.
    label : str
        What the progress view calls it.
    samples, features : int
        Of the training data, to guess how long it takes.
    """

    configuration: Configuration
    key: str
    label: str
    samples: int
    features: int

    @property
    def cost(self) -> float:
        """About how many seconds it takes, on one core and relative to the others."""
        config = self.configuration
        widths = (self.features, *config.hidden, 10)
        weights = sum(one * other for one, other in itertools.pairwise(widths))
        weights += sum(width**2 for width in config.hidden[1:]) if config.residual else 0
        if config.extractor == "attention":
            weights = 150_000  # small matrices, but many of them
        steps = self.samples / config.batch_size
        step = 2e-4 + config.batch_size * weights * 8e-11
        return min(config.epochs, 40) * steps * step


@dataclass(frozen=True)
class _Event:
    kind: str
    task: Task
    text: str = ""
    seconds: float = 0.0


def make_runs(tasks: Sequence[Task], cache: RunCache, data: str, jobs: int, view: View) -> None:
    """Make the runs, each stored in the cache when it ends.

    A worker that dies loses the run that it was making, which another process then tries once more; if that
    dies too the run is stored as failed, with the reason. An exception in a run fails it at once: it would be
    raised again.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C; finished runs are stored, the running ones are lost.
    OSError
        If a process cannot be started, or a record not be stored.
    """
    waiting = sorted(tasks, key=lambda task: -task.cost)
    if not waiting:
        return
    crew = _Crew(waiting, cache, data)
    threads = [threading.Thread(target=crew.work, daemon=True) for _ in range(min(jobs, len(waiting)))]
    try:
        for thread in threads:
            thread.start()
        left = len(waiting)
        while left:
            try:
                event = crew.events.get(timeout=0.5)
            except queue.Empty:
                view.tick()
                continue
            if isinstance(event, BaseException):
                raise event
            left -= event.kind == "done"
            getattr(view, event.kind)(event.task, event.text, event.seconds)
    except BaseException:
        crew.stop()
        raise
    finally:
        for thread in threads:
            thread.join()


class _Crew:
    """What the threads share; each drives one worker process."""

    def __init__(self, waiting: Sequence[Task], cache: RunCache, data: str) -> None:
        self.events: queue.Queue[_Event | BaseException] = queue.Queue()
        self._waiting = list(waiting)
        self._cache = cache
        self._data = data
        self._lock = threading.Lock()
        self._workers: set[WorkerProcess] = set()
        self._stopped = False

    def stop(self) -> None:
        """End all workers at once, and start no more."""
        with self._lock:
            self._stopped = True
            for worker in self._workers:
                worker.kill()

    def work(self) -> None:
        """Make runs until none is waiting; what goes wrong here (a full disk) goes to the main thread."""
        try:
            self._work()
        except BaseException as error:
            self.events.put(error)

    def _work(self) -> None:
        worker: WorkerProcess | None = None
        while (task := self._take()) is not None:
            started = time.perf_counter()
            self.events.put(_Event("started", task))
            status, reason = "", ""
            for attempt in range(1, _ATTEMPTS + 1):
                worker = worker or self._start()
                if worker is None:
                    return
                try:
                    answer = worker.ask(self._message(task))
                    status, reason = answer["status"], answer["error"] or ""
                    break
                except WorkerDied as died:
                    self._forget(worker)
                    worker = None
                    if self._stopped:
                        return
                    status, reason = "failed", str(died)
                    if attempt < _ATTEMPTS:
                        self.events.put(_Event("lost", task, reason))
            if status == "failed":
                self._cache.store(failed_record(task.configuration, task.key, self._cache.code, reason))
            self.events.put(_Event("done", task, status, time.perf_counter() - started))
        if worker is not None:
            self._forget(worker)
            worker.close()

    def _message(self, task: Task) -> dict[str, object]:
        return {
            "config": task.configuration.as_dict(),
            "key": task.key,
            "code": self._cache.code,
            "fingerprint": self._cache.fingerprint,
        }

    def _take(self) -> Task | None:
        with self._lock:
            return self._waiting.pop(0) if self._waiting and not self._stopped else None

    def _start(self) -> WorkerProcess | None:
        with self._lock:
            if self._stopped:
                return None
            worker = WorkerProcess(self._data, self._cache.folder)
            self._workers.add(worker)
            return worker

    def _forget(self, worker: WorkerProcess) -> None:
        with self._lock:
            self._workers.discard(worker)
