"""A pass over a ``DataLoader`` whose batches worker processes fetch ahead."""

from __future__ import annotations

import multiprocessing
from collections import deque
from typing import TYPE_CHECKING, Any

from tinygrad5329.utils.data.passes import Pass, Place
from tinygrad5329.utils.data.worker_pool import WorkerPool
from tinygrad5329.utils.data.worker_process import TASK, WorkerJob

if TYPE_CHECKING:
    from tinygrad5329.utils.data.dataloader import DataLoader

__all__ = ["WorkerPass"]


class WorkerPass(Pass):
    """Keeps ``prefetch_factor`` tasks with each worker, and yields results in the order of the tasks."""

    def __init__(self, loader: DataLoader[Any], place: Place) -> None:
        super().__init__(loader, place)
        fresh = not place.active
        pool = loader._pool
        if fresh:
            place.active = [True] * loader.num_workers
            place.batches = [0] * loader.num_workers
        if fresh and pool is not None and not pool.closed:
            pool.begin_pass(loader.timeout)
        else:
            pool = _start_pool(loader, place)
        if fresh:
            place.start_random = list(pool.random)
        if loader.persistent_workers:
            loader._pool = pool
        place.random = pool.random
        self._pool = pool
        self._number = pool.passes
        self._give_first_tasks(fresh)

    def _give_first_tasks(self, fresh: bool) -> None:
        loader, pending = self._loader, self._place.pending
        for worker, task in pending:
            self._pool.send(worker, TASK, task)
        if loader._is_stream and not fresh:
            return  # Tasks of streams that have ended are not replaced, or the order would change.
        assert loader.prefetch_factor is not None
        for _ in range(loader.prefetch_factor * loader.num_workers - len(pending)):
            self._assign()

    def _next_batch(self) -> Any:
        while self._place.pending:
            self._check_alive()
            worker, kind, payload = self._pool.receive(self._awaited(), self._loader.timeout)
            if kind == "ended":
                self._retire(worker)
                continue
            self._forget_task(worker)
            self._assign()
            if kind == "failed":
                raise payload.raised_again(worker)
            self._place.batches[worker] += 1
            return payload
        raise StopIteration

    def _awaited(self) -> list[int]:
        """The workers whose next result may be yielded now."""
        if self._loader.in_order:
            return [self._place.pending[0][0]]
        return sorted({worker for worker, _ in self._place.pending})

    def _assign(self) -> None:
        """Give the next task to the worker whose turn it is, passing over those whose streams have ended."""
        place = self._place
        number = len(place.active)
        worker = next((w % number for w in range(place.turn, place.turn + number) if place.active[w % number]), None)
        if worker is None:
            return
        try:
            task = place.next_task()
        except StopIteration:
            return
        place.pending.append((worker, task))
        place.turn = (worker + 1) % number
        self._pool.send(worker, TASK, task)

    def _retire(self, worker: int) -> None:
        place = self._place
        place.active[worker] = False
        place.pending = deque(entry for entry in place.pending if entry[0] != worker)
        self._assign()

    def _forget_task(self, worker: int) -> None:
        """Strike out the oldest task of ``worker``; it answers in order."""
        pending = self._place.pending
        del pending[next(i for i, entry in enumerate(pending) if entry[0] == worker)]

    def _check_alive(self) -> None:
        if self._pool.closed or self._pool.passes != self._number:
            raise RuntimeError(
                "DataLoader: the workers of this pass were stopped, by an error or Ctrl-C, or have begun "
                "another pass; iterate over the loader again"
            )

    def _close(self) -> None:
        if not self._loader.persistent_workers:
            self._pool.close()


def _start_pool(loader: DataLoader[Any], place: Place) -> WorkerPool:
    # A stream is read again from its start, so it begins with the random numbers of then.
    stream = loader._is_stream
    random = (place.start_random if stream else place.random) or [None] * loader.num_workers
    jobs = [
        WorkerJob(
            dataset=loader.dataset,
            collate_fn=loader.collate_fn,
            in_batches=loader.batch_sampler is not None,
            drop_last=loader.drop_last,
            worker_init_fn=loader.worker_init_fn,
            worker_id=worker,
            num_workers=loader.num_workers,
            base_seed=place.base_seed,
            random=random[worker],
            skip=place.batches[worker] if stream else 0,
            batch_size=loader.batch_size or 1,
        )
        for worker in range(loader.num_workers)
    ]
    return WorkerPool(jobs, loader.multiprocessing_context or multiprocessing.get_context())
