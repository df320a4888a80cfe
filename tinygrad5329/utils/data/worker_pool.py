"""The main process's side of a ``DataLoader``'s workers."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

from tinygrad5329.utils.data.wire import encode, receive, send
from tinygrad5329.utils.data.worker_process import BEGIN, WorkerJob, run_worker

__all__ = ["WorkerPool"]

# How long workers may take to finish the sample they are at before they are killed.
_GRACE_SECONDS = 5.0


class WorkerPool:
    """Worker processes, each with a pipe for tasks and one for results.

    Messages of one worker keep their order, and the main process reads from whichever worker it wants,
    so no message needs a number. The processes end when :meth:`close` is called, when the pool is dropped
    (by whatever way) and when the main process ends.

    Parameters
    ----------
    jobs : sequence of WorkerJob
        One a worker.
    context : multiprocessing context

    Attributes
    ----------
    base_seed : int
        From which the workers were seeded.
    passes : int
        How often :meth:`begin_pass` was called.
    random : list
        The states of each worker's random streams as of its latest message read; None while they stand
        where the worker started.
    """

    def __init__(self, jobs: Sequence[WorkerJob], context: BaseContext) -> None:
        self.base_seed = jobs[0].base_seed
        self.passes = 0
        self.random: list[Any] = [job.random for job in jobs]
        self._processes: list[BaseProcess] = []
        self._tasks: list[Connection] = []
        self._results: list[Connection] = []
        self._finalizer = weakref.finalize(self, _stop, self._processes, self._tasks, self._results, os.getpid())
        _living.add(self)
        try:
            for job in jobs:
                self._start(job, context)
        except BaseException:
            self.close()
            raise

    @property
    def closed(self) -> bool:
        """Whether the workers have been stopped."""
        return not self._finalizer.alive

    def __len__(self) -> int:
        return len(self._processes)

    def send(self, worker: int, kind: str, task: Any = None) -> None:
        """Give ``worker`` a message."""
        try:
            send(self._tasks[worker], encode((kind, task)))
        except BrokenPipeError:
            raise self._died(worker) from None
        except BaseException:
            self.close()  # Half a message may be in the pipe.
            raise

    def receive(self, workers: Sequence[int], timeout: float) -> tuple[int, str, Any]:
        """The next message of the first of ``workers`` to have one: worker, kind and payload.

        Raises
        ------
        RuntimeError
            If none comes within ``timeout`` seconds (0 is for ever), or a worker has died.
        """
        worker = self._ready(workers, timeout)
        try:
            kind, payload, random = receive(self._results[worker])
        except (EOFError, ConnectionError):
            raise self._died(worker) from None
        except BaseException:
            self.close()  # Half a message may have been read.
            raise
        if random is not None:
            self.random[worker] = random
        return worker, kind, payload

    def begin_pass(self, timeout: float) -> None:
        """Begin another pass; what was asked for in the one before and not read is thrown away."""
        self.passes += 1
        for worker in range(len(self)):
            self.send(worker, BEGIN)
        for worker in range(len(self)):
            while self.receive([worker], timeout)[1] != "begun":
                pass

    def close(self) -> None:
        """Stop the workers; a second call does nothing."""
        self._finalizer()

    def _start(self, job: WorkerJob, context: BaseContext) -> None:
        task_reader, task_writer = context.Pipe(duplex=False)
        result_reader, result_writer = context.Pipe(duplex=False)
        self._tasks.append(task_writer)
        self._results.append(result_reader)
        try:
            process = context.Process(  # type: ignore[attr-defined]
                target=run_worker,
                args=(job, task_reader, result_writer, _close_inherited),
                name=f"DataLoader worker {job.worker_id}",
                daemon=True,
            )
            process.start()
            self._processes.append(process)
        finally:
            # The worker has its own now. With ours open, its death would not end the stream.
            task_reader.close()
            result_writer.close()

    def _ready(self, workers: Sequence[int], timeout: float) -> int:
        readers = [self._results[worker] for worker in workers]
        sentinels = [self._processes[worker].sentinel for worker in workers]
        ready = wait([*readers, *sentinels], timeout or None)
        if not ready:
            raise RuntimeError(
                f"DataLoader timed out after {timeout} seconds waiting for worker(s) {list(workers)}; raise "
                "timeout, or find out what the data set is waiting for"
            )
        # What a worker sent before it died still counts, so results go before deaths.
        for worker, reader in zip(workers, readers, strict=True):
            if reader in ready:
                return worker
        raise self._died(next(w for w, dead in zip(workers, sentinels, strict=True) if dead in ready))

    def _died(self, worker: int) -> RuntimeError:
        process = self._processes[worker]
        process.join(_GRACE_SECONDS)
        pid, code = process.pid, process.exitcode
        self.close()
        how = f"with exit code {code}"
        if code is not None and code < 0:
            how = f"by signal {-code}" + (", as when memory runs out" if code == -9 else "")
        return RuntimeError(
            f"DataLoader worker (pid(s) {pid}) exited unexpectedly {how}; run with num_workers=0 to see the "
            "error in this process"
        )


#: The pools of this process, whose pipes a forked worker inherits and must close.
_living: weakref.WeakSet[WorkerPool] = weakref.WeakSet()


def _close_inherited() -> None:
    """In a forked worker: close the main process's ends, or no worker would see them close."""
    for pool in list(_living):
        for connection in (*pool._tasks, *pool._results):
            connection.close()


def _stop(processes: list[BaseProcess], tasks: list[Connection], results: list[Connection], owner: int) -> None:
    if os.getpid() != owner:
        return  # a forked copy of the pool, whose processes are not this process's children
    for connection in (*tasks, *results):
        connection.close()
    deadline = time.monotonic() + _GRACE_SECONDS
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
    for process in processes:
        if process.is_alive():
            process.terminate()
            process.join(1.0)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()
