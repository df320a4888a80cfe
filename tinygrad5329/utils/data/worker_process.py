"""What runs inside a worker process of a ``DataLoader``."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tinygrad5329.backends import threads
from tinygrad5329.utils.data import random_state
from tinygrad5329.utils.data.dataset import Dataset
from tinygrad5329.utils.data.fetch import StreamFetcher, make_fetcher
from tinygrad5329.utils.data.wire import Frames, encode, receive, send
from tinygrad5329.utils.data.worker_info import WorkerInfo, set_worker_info

__all__ = ["BEGIN", "TASK", "Failure", "WorkerJob", "run_worker"]

#: The kinds of message to a worker: begin another pass, and fetch.
BEGIN, TASK = "begin", "task"

# How often a waiting worker looks whether its parent is still there.
_LOOK_AROUND_SECONDS = 5.0


@dataclass(frozen=True)
class WorkerJob:
    """All a worker is told at its start."""

    dataset: Dataset[Any]
    collate_fn: Callable[[Any], Any]
    in_batches: bool
    drop_last: bool
    worker_init_fn: Callable[[int], object] | None
    worker_id: int
    num_workers: int
    base_seed: int
    #: The random streams to go on with, for a pass that is resumed.
    random: Mapping[str, Any] | None = None
    #: Batches of a stream that were read before, and their size.
    skip: int = 0
    batch_size: int = 1


@dataclass(frozen=True)
class Failure:
    """An exception on its way to the main process."""

    kind: type[BaseException] | None
    name: str
    text: str

    def raised_again(self, worker_id: int) -> BaseException:
        """An exception of the same type that tells where it came from."""
        message = f"Caught {self.name} in DataLoader worker process {worker_id}.\nOriginal {self.text}"
        if self.kind is KeyError:
            return KeyError(_Message(message))
        try:
            return RuntimeError(message) if self.kind is None else self.kind(message)
        except Exception:
            # The type wants other arguments than one message.
            return RuntimeError(message)


class _Message(str):
    """Text that a KeyError, which shows the repr of its argument, shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def run_worker(job: WorkerJob, tasks: Connection, results: Connection, close_inherited: Callable[[], object]) -> None:
    """Answer messages in order until the main process closes its end or is gone."""
    close_inherited()
    # Ctrl-C reaches the whole process group; the main process alone decides what happens.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # As in PyTorch: the processes share the cores.
    threads.keep_to_one()
    random_state.seed_everything(job.base_seed, job.worker_id)
    seed = job.base_seed + job.worker_id
    set_worker_info(WorkerInfo(job.worker_id, job.num_workers, seed, job.dataset))
    worker = _Worker(job, _Outbox(results))
    for kind, task in _incoming(tasks):
        worker.answer(kind, task)


class _Worker:
    def __init__(self, job: WorkerJob, outbox: _Outbox) -> None:
        self._job = job
        self._outbox = outbox
        self._fetch: Callable[[Any], Any] | None = None
        self._ended = False
        self._failure: Failure | None = None
        self._seen: tuple[Any, ...] = ()
        try:
            if job.worker_init_fn is not None:
                job.worker_init_fn(job.worker_id)
            if job.random is not None:
                random_state.restore(job.random)
            self._seen = random_state.fingerprint()
            self._open()
            if job.skip:
                assert isinstance(self._fetch, StreamFetcher)
                self._fetch.skip(job.batch_size, job.skip)
        except Exception as error:
            self._failure = describe(error)

    def answer(self, kind: str, task: Any) -> None:
        """Post what a message asks for; nothing for a task after the end of the stream."""
        if kind == BEGIN:
            # Before the data set is asked for another iterator: resuming this pass starts from here.
            self._post("begun", None)
            self._reopen()
        elif self._failure is not None:
            self._post("failed", self._failure)
        elif not self._ended:
            self._post(*self._result(task))

    def _result(self, task: Any) -> tuple[str, Any]:
        assert self._fetch is not None
        try:
            return "batch", self._fetch(task)
        except StopIteration:
            self._ended = True
            return "ended", None
        except Exception as error:
            return "failed", describe(error)

    def _post(self, kind: str, payload: Any) -> None:
        """Send with the random streams' states, if they have moved since the last message."""
        seen = random_state.fingerprint()
        random = None if seen == self._seen else random_state.capture()
        self._seen = seen
        try:
            frames = encode((kind, payload, random))
        except Exception as error:
            frames = encode(("failed", describe(error), random))
        self._outbox.put(frames)

    def _open(self) -> None:
        job = self._job
        self._fetch = make_fetcher(job.dataset, job.collate_fn, in_batches=job.in_batches, drop_last=job.drop_last)

    def _reopen(self) -> None:
        self._ended = False
        if self._fetch is not None:
            try:
                self._open()
            except Exception as error:
                self._failure = describe(error)


class _Outbox:
    """Sends in a thread, so that a worker always gets to read its tasks however full the pipe is.

    Without it a main process that is writing many indices, and a worker that is writing a large batch,
    would wait for each other for ever.
    """

    def __init__(self, results: Connection) -> None:
        self._results = results
        self._queue: queue.SimpleQueue[Frames] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="outbox", daemon=True).start()

    def put(self, frames: Frames) -> None:
        self._queue.put(frames)

    def _run(self) -> None:
        while True:
            try:
                send(self._results, self._queue.get())
            except OSError:
                return  # The main process has closed its end: nobody is waiting for this.


def describe(error: Exception) -> Failure:
    """``error`` in a form that can be sent whatever it holds."""
    kind: type[BaseException] | None = type(error)
    try:
        pickle.dumps(kind)
    except Exception:
        kind = None  # a class defined inside a function, say
    return Failure(kind, type(error).__name__, "".join(traceback.format_exception(error)))


def _incoming(tasks: Connection) -> Iterator[tuple[str, Any]]:
    """The messages in order, until the main process closes its end or is gone."""
    parent = os.getppid()
    inbox: deque[tuple[str, Any]] = deque()
    while True:
        # All that has come is read before any of it is answered, to notice a closed pipe early.
        try:
            while tasks.poll(0 if inbox else _LOOK_AROUND_SECONDS):
                inbox.append(receive(tasks))
        except (EOFError, OSError):
            return
        if inbox:
            yield inbox.popleft()
        elif os.getppid() != parent:
            return
