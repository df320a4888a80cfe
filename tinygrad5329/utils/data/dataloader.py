"""``DataLoader``: batches of a data set, in PyTorch's order, with a place that can be saved."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tinygrad5329.random import Generator
from tinygrad5329.utils.data.arguments import (
    check_order_arguments,
    check_worker_arguments,
    checked_context,
    warn_of_pinning,
)
from tinygrad5329.utils.data.collate import default_collate, default_convert
from tinygrad5329.utils.data.dataset import Dataset, IterableDataset
from tinygrad5329.utils.data.draws import check_generator, draw_seed
from tinygrad5329.utils.data.fetch import make_fetcher
from tinygrad5329.utils.data.passes import Place, SingleProcessPass
from tinygrad5329.utils.data.resume import Resumable, keeps_its_place, load_place, place_of
from tinygrad5329.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

    from tinygrad5329.utils.data.worker_pool import WorkerPool

__all__ = ["DataLoader"]

T_co = TypeVar("T_co", covariant=True)


class DataLoader(Generic[T_co]):
    """Batches of a data set (``torch.utils.data.DataLoader``).

    Parameters
    ----------
    dataset : Dataset
        Looked up by index, or an :class:`IterableDataset`.
    batch_size : int or None
        Samples a batch; None yields single samples.
    shuffle : bool, optional
        A new random order each pass.
    sampler : Sampler or iterable of indices, optional
        The order, instead of ``shuffle``.
    batch_sampler : Sampler or iterable of lists of indices, optional
        The batches, instead of ``batch_size``, ``shuffle``, ``sampler`` and ``drop_last``.
    num_workers : int
        Processes that fetch ahead; 0 fetches in this process.
    collate_fn : callable, optional
        From a list of samples to a batch; by default :func:`default_collate`, or :func:`default_convert`
        for single samples.
    pin_memory : bool
        Accepted for programs written for an accelerator. There is none to pin memory for, and a pass says
        so with PyTorch's warning.
    drop_last : bool
        Leave out the last batch if it is smaller.
    timeout : float
        Seconds to wait for a worker's batch; 0 is for ever. Only with workers.
    worker_init_fn : callable, optional
        Called in each worker with its number.
    multiprocessing_context : str or context, optional
        How workers are started: ``"fork"``, ``"spawn"``, ``"forkserver"``, or Python's default. All but
        ``"fork"`` pickle the data set to send it to them.
    generator : Generator, optional
        For the order and the workers' seeds; by default the global one.
    prefetch_factor : int, optional
        Batches each worker may be ahead, 2 by default. Only with workers.
    persistent_workers : bool
        Keep the workers from one pass to the next.
    pin_memory_device : str
        Has no effect, as in PyTorch, whose warning it gives.
    in_order : bool
        With workers, yield batches in order; False yields whichever is ready.

    Raises
    ------
    ValueError, TypeError
        For arguments that exclude each other or are out of range, with PyTorch's messages.

    Notes
    -----
    The order is PyTorch's for the same seed: a pass draws an int64 seed for its workers from the generator;
    :class:`RandomSampler` then draws its permutation from the given generator, or from one that it seeds
    with an int64 of the global one.

    A :class:`TensorDataset` (or a :class:`Subset` of one) under the default ``collate_fn`` is read a whole
    batch at a time.

    A pass can be left in the middle and taken up again, in another process too: see :meth:`state_dict`.

    Workers end when their pass is over or dropped. Exceptions in a worker are raised here with its
    traceback in the message, and the pass goes on with the next batch, as in PyTorch.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> from tinygrad5329.utils.data import TensorDataset
    >>> loader = DataLoader(TensorDataset(tg.arange(5)), batch_size=2)
    >>> [batch for batch, in loader]
    [tensor([0, 1]), tensor([2, 3]), tensor([4])]
    """

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[Any] | Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], object] | None = None,
        multiprocessing_context: str | BaseContext | None = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        self._is_stream = isinstance(dataset, IterableDataset)
        self.dataset = dataset
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self.generator = check_generator(generator)
        check_worker_arguments(num_workers, timeout, prefetch_factor, persistent_workers)
        self.prefetch_factor = 2 if prefetch_factor is None and num_workers > 0 else prefetch_factor
        self.multiprocessing_context = multiprocessing_context

        check_order_arguments(self._is_stream, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        if sampler is None:
            sampler = self._default_sampler(bool(shuffle))
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)

        self._told_length: int | None = None
        self._pool: WorkerPool | None = None
        self._place: Place | None = None
        self._next_place: dict[str, Any] | None = None
        self._skip = 0
        self._initialized = True

    # --- arguments -----------------------------------------------------------------------------------

    def _default_sampler(self, shuffle: bool) -> Sampler[Any]:
        if self._is_stream:
            return _NoIndices()
        if shuffle:
            return RandomSampler(self.dataset, generator=self.generator)  # type: ignore[arg-type]
        return SequentialSampler(self.dataset)  # type: ignore[arg-type]

    @property
    def multiprocessing_context(self) -> BaseContext | None:
        """How workers are started; None is Python's default."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: str | BaseContext | None) -> None:
        self._context = checked_context(context, self.num_workers)

    def __setattr__(self, name: str, value: Any) -> None:
        fixed = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
        if name in fixed and self.__dict__.get("_initialized", False):
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    # --- passes --------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        if self.pin_memory:
            warn_of_pinning(self.pin_memory_device)
        if self.timeout and not self.num_workers:
            raise AssertionError("DataLoader: a pass without workers requires timeout == 0; nobody is waited for")
        self._place = self._begin()
        if not self.num_workers:
            return SingleProcessPass(self, self._place)
        # Imported late: most programs have no workers, and multiprocessing takes its time.
        from tinygrad5329.utils.data.worker_pass import WorkerPass

        return WorkerPass(self, self._place)

    def __len__(self) -> int:
        """Batches (or samples, if ``batch_size`` is None) a pass.

        Of an :class:`IterableDataset` it is told from its own length; with workers that do not share it
        out evenly there may be more batches.
        """
        if not self._is_stream:
            return len(self._index_source)
        self._told_length = length = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)

    @property
    def _index_source(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def _begin(self) -> Place:
        """The place of the pass to come: the one loaded, or the beginning."""
        saved, self._next_place = self._next_place, None
        skip, self._skip = self._skip, 0
        if saved is not None and not saved["finished"]:
            tasks = iter(()) if saved["drained"] else self._open_tasks(skip)
            return Place.from_state_dict(saved, tasks)
        tasks = self._open_tasks(skip)
        if saved is not None:
            return Place(tasks, saved["base_seed"], start_random=saved["random"], random=saved["random"])
        if self._pool is not None and not self._pool.closed:
            return Place(tasks, self._pool.base_seed)
        return Place(tasks, draw_seed(self.generator))

    def _open_tasks(self, skip: int) -> Iterator[Any]:
        if self._is_stream:
            return itertools.repeat(self.batch_size or 1)
        source = self._index_source
        tasks = Resumable(source, skip, source.blocks if type(source) is BatchSampler else None)
        tasks.open()
        return tasks

    def _make_fetcher(self) -> Any:
        return make_fetcher(
            self.dataset, self.collate_fn, in_batches=self.batch_sampler is not None, drop_last=self.drop_last
        )

    def _check_length(self, yielded: int) -> None:
        if self._told_length is not None and yielded > self._told_length:
            warnings.warn(
                f"Length of IterableDataset {self.dataset} was reported to be {self._told_length} (when "
                f"accessing len(dataloader)), but {yielded} samples have been fetched. With num_workers > 0 "
                "each worker reads its own copy of the data set: use get_worker_info() to share it out.",
                stacklevel=3,
            )

    # --- the place -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The place of the latest pass: with it, an equal loader goes on with the next batch.

        Batches that workers have fetched ahead do not count as given. Call it between two batches, or
        after a pass; between passes it is the place before the next one.

        Returns
        -------
        dict
            Of numbers, lists and arrays. ``loader``: what must be equal on loading. ``generator``: the
            present state of the loader's generator, None if it has none. ``sampler``: see
            :meth:`RandomSampler.state_dict`. ``pass``: None before and after a pass; within it
            ``yielded`` (batches given so far), ``base_seed``, ``pending`` (batches of indices drawn from
            the sampler but not yet given) and, with workers, whose ``turn`` it is and the states of
            their random streams. ``dataset``: that of an :class:`IterableDataset` with a ``state_dict``.

        Notes
        -----
        The global generators are the caller's to save (:func:`tinygrad5329.get_rng_state`, and those of
        Python and NumPy if they are used). What a data set keeps for itself is not known here: a
        map-style data set that gives other samples the second time cannot be resumed exactly, and an
        :class:`IterableDataset` without ``state_dict`` is read again from its start.
        """
        place = self._next_place
        # What a finished pass leaves to the next one is in its persistent workers alone.
        if self._place is not None and (not self._place.finished or self._pool is not None):
            place = self._place.state_dict()
        return {
            "loader": self._identity(),
            "num_workers": self.num_workers,
            "generator": None if self.generator is None else self.generator.get_state(),
            "sampler": None if self._is_stream else place_of(self._index_source, self._taken()),
            "pass": place,
            "dataset": self._dataset_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next pass go on where :meth:`state_dict` was called.

        The batches that follow, and all random numbers drawn for them, are the same, bit by bit, as if
        nothing had happened, provided the global generators are restored too. Workers of the pass at hand
        are stopped.

        Raises
        ------
        ValueError
            If the loader that was saved had another number of samples or another ``batch_size`` or
            ``drop_last``, or was given a generator and this one not; or another ``num_workers``, if workers
            drew random numbers.
        """
        if state["loader"] != self._identity():
            raise ValueError(
                f"DataLoader: the saved state is that of a loader with {state['loader']}, this one has "
                f"{self._identity()}; build the loader that was saved"
            )
        place = state["pass"]
        if place is not None and state["num_workers"] != self.num_workers:
            place = self._shared_out_anew(place, state["num_workers"])
        if (state["generator"] is None) != (self.generator is None):
            raise ValueError(
                f"DataLoader: the saved loader was {'not ' if state['generator'] is None else ''}given a "
                f"generator, this one was {'not' if self.generator is None else 'given one'}"
            )
        if self.generator is not None:
            self.generator.set_state(state["generator"])
        self._skip = 0 if self._is_stream else load_place(self._index_source, state["sampler"])
        if state["dataset"] is not None:
            self.dataset.load_state_dict(state["dataset"])  # type: ignore[attr-defined]
        if self._pool is not None:
            self._pool.close()
        self._pool, self._place, self._next_place = None, None, place

    def _identity(self) -> dict[str, Any]:
        samples = None if self._is_stream else len(self.dataset)  # type: ignore[arg-type]
        return {"samples": samples, "batch_size": self.batch_size, "drop_last": self.drop_last}

    def _taken(self) -> int:
        tasks = None if self._place is None else self._place.tasks
        return tasks.taken if isinstance(tasks, Resumable) else self._skip

    def _dataset_state(self) -> Any:
        kept = self._is_stream and not self.num_workers and keeps_its_place(self.dataset)
        return self.dataset.state_dict() if kept else None  # type: ignore[attr-defined]

    def _shared_out_anew(self, place: dict[str, Any], saved_workers: int) -> dict[str, Any]:
        """``place`` for this number of workers; ValueError if it depends on the number."""
        if self._is_stream or any(state is not None for state in place["random"]):
            raise ValueError(
                f"DataLoader: the saved pass had num_workers={saved_workers}, this loader has "
                f"{self.num_workers}; what its workers had read or drawn from their random streams cannot "
                "be shared out anew"
            )
        workers = max(self.num_workers, 1)
        pending = [[i % workers, task] for i, (_, task) in enumerate(place["pending"])]
        fresh = [None] * self.num_workers
        return {
            **place,
            "pending": pending,
            "turn": len(pending) % workers,
            "batches": [0] * self.num_workers,
            "active": [True] * self.num_workers,
            "start_random": fresh,
            "random": fresh,
        }


class _NoIndices(Sampler[None]):
    """The sampler of a stream, which is asked for samples without indices."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)
