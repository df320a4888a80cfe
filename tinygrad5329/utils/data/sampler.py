"""Samplers: in which order samples are read, and how they are gathered into batches.

The orders are PyTorch's for the same seed. Every sampler here can save its place and find it again: see
:meth:`RandomSampler.state_dict`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from tinygrad5329.random import Generator, default_generator
from tinygrad5329.tensor import Tensor, wrap
from tinygrad5329.utils.data.draws import check_generator, permutation, privately_seeded
from tinygrad5329.utils.data.index_stream import Block, IndexStream
from tinygrad5329.utils.data.resume import Resumable, load_place, place_of

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """An order of samples (``torch.utils.data.Sampler``).

    A subclass defines ``__iter__``, and usually ``__len__``. One that also defines ``state_dict()`` and
    ``load_state_dict(state)`` can be resumed within a pass exactly; any other is resumed by skipping, which
    is exact if it gives the same indices again.
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} does not define __iter__")


class _ResumableSampler(Sampler[int]):
    """A sampler whose passes are :class:`IndexStream`."""

    generator: Generator | None = None
    _stream: IndexStream | None = None
    _next_place: Mapping[str, Any] | None = None

    def __iter__(self) -> Iterator[int]:
        place, self._next_place = self._next_place, None
        self._stream = self._open(place)
        return self._stream

    def state_dict(self) -> dict[str, Any]:
        """The place of the latest pass, as plain numbers and arrays.

        Returns
        -------
        dict
            ``arguments``: what the sampler was built with, to refuse another on loading. ``place``: None
            before and after a pass; within it ``block`` and ``offset`` (how many permutations have been
            drawn, and how many indices of the latest have been given) and ``generator``, the generator's
            state just before it was drawn. ``generator``: the present state of the generator that the
            sampler was given; None if it was given none.
        """
        place = self._next_place if self._stream is None else self._stream.place()
        state = None if self.generator is None else self.generator.get_state()
        return {"arguments": self._arguments(), "place": place, "generator": state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next pass go on where :meth:`state_dict` was called, and put the given generator back.

        A sampler without a generator of its own draws nothing from the global one to go on. Restoring the
        global one is the caller's part.

        Raises
        ------
        ValueError
            If the state is that of a sampler with other arguments.
        """
        here = {**self._arguments(), "generator": self.generator is not None}
        there = {**state["arguments"], "generator": state["generator"] is not None}
        if here != there:
            raise ValueError(
                f"{type(self).__name__}: the saved state is that of a sampler with {there}, this one has {here}"
            )
        if self.generator is not None:
            self.generator.set_state(state["generator"])
        self._next_place, self._stream = state["place"], None

    def _open(self, place: Mapping[str, Any] | None) -> IndexStream:
        raise NotImplementedError

    def _arguments(self) -> dict[str, Any]:
        raise NotImplementedError


class SequentialSampler(_ResumableSampler):
    """0, 1, ..., ``len(data_source) - 1`` (``torch.utils.data.SequentialSampler``)."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __len__(self) -> int:
        return len(self.data_source)

    def _open(self, place: Mapping[str, Any] | None) -> IndexStream:
        length = len(self.data_source)
        return IndexStream(lambda block, _: None if block else range(length), None, place)

    def _arguments(self) -> dict[str, Any]:
        return {"samples": len(self.data_source)}


class RandomSampler(_ResumableSampler):
    """A random order (``torch.utils.data.RandomSampler``).

    Parameters
    ----------
    data_source : sized
        What is sampled.
    replacement : bool
        Draw every index by itself, so that some come twice and some never.
    num_samples : int, optional
        Length of a pass, by default ``len(data_source)``. Without replacement a longer pass goes on with
        another permutation.
    generator : Generator, optional
        By default each pass seeds a generator of its own with one number of the global one.

    Raises
    ------
    TypeError
        If ``replacement`` is not a bool.
    ValueError
        If ``num_samples`` is not a positive int (an empty data source has none).

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> list(RandomSampler(range(5), generator=tg.Generator().manual_seed(0)))
    [4, 0, 1, 3, 2]
    """

    # PyTorch draws indices with replacement 32 at a time.
    _AT_A_TIME = 32

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = check_generator(generator)
        _check_positive("num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        """How many indices a pass gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __len__(self) -> int:
        return self.num_samples

    def _open(self, place: Mapping[str, Any] | None) -> IndexStream:
        n, wanted = len(self.data_source), self.num_samples
        if n == 0:
            raise ValueError(f"RandomSampler: cannot draw {wanted} samples from an empty data source")
        size = self._AT_A_TIME if self.replacement else n

        def draw(block: int, generator: Generator) -> Block | None:
            # The block after the last full one is drawn even if no index of it is wanted, as in PyTorch.
            left = wanted - block * size
            if left < 0:
                return None
            if self.replacement:
                return generator.randint(0, n, (min(left, size),))
            return generator.randperm(n)[:left]

        return IndexStream(draw, self.generator or privately_seeded, place)

    def _arguments(self) -> dict[str, Any]:
        n = len(self.data_source)
        return {"samples": n, "replacement": self.replacement, "num_samples": self.num_samples}


class SubsetRandomSampler(_ResumableSampler):
    """The given indices in a random order (``torch.utils.data.SubsetRandomSampler``).

    Draws one permutation from ``generator``, by default from the global one itself.
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = check_generator(generator)

    def __len__(self) -> int:
        return len(self.indices)

    def _open(self, place: Mapping[str, Any] | None) -> IndexStream:
        indices = np.asarray(self.indices, dtype=np.int64)

        def draw(block: int, generator: Generator) -> Block | None:
            return None if block else indices[permutation(len(indices), generator)]

        return IndexStream(draw, self.generator or default_generator, place)

    def _arguments(self) -> dict[str, Any]:
        return {"indices": len(self.indices)}


class WeightedRandomSampler(_ResumableSampler):
    """Indices with probabilities in proportion to ``weights`` (``torch.utils.data.WeightedRandomSampler``).

    Parameters
    ----------
    weights : sequence of float or Tensor, shape (N,)
        Not negative; they need not sum to one.
    num_samples : int
        How many are drawn in a pass.
    replacement : bool
        If False no index comes twice in a pass.
    generator : Generator, optional
        By default the global one itself.

    Raises
    ------
    ValueError
        If ``num_samples`` is not a positive int, ``replacement`` not a bool, or ``weights`` not 1-d.
    RuntimeError
        When a pass begins: if a weight is negative or not finite, all are zero, or there are fewer than
        ``num_samples`` of them and ``replacement`` is False.
    """

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        if isinstance(num_samples, bool):
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        _check_positive("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = wrap(np.array(weights, dtype=np.float64))
        if self.weights.dim() != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = check_generator(generator)

    def __len__(self) -> int:
        return self.num_samples

    def _open(self, place: Mapping[str, Any] | None) -> IndexStream:
        def draw(block: int, generator: Generator) -> Block | None:
            if block:
                return None
            return generator.multinomial(self.weights._array, self.num_samples, self.replacement)

        return IndexStream(draw, self.generator or default_generator, place)

    def _arguments(self) -> dict[str, Any]:
        return {
            "weights": len(self.weights),
            "replacement": self.replacement,
            "num_samples": self.num_samples,
        }


class BatchSampler(Sampler[list[int]]):
    """Lists of ``batch_size`` indices of ``sampler`` (``torch.utils.data.BatchSampler``).

    Parameters
    ----------
    sampler : Sampler or iterable
    batch_size : int
    drop_last : bool
        Leave out the last batch if it is smaller.

    Raises
    ------
    ValueError
        If ``batch_size`` is not a positive int or ``drop_last`` not a bool.

    Examples
    --------
    >>> list(BatchSampler(SequentialSampler(range(5)), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Sampler[int] | Iterable[int], batch_size: int, drop_last: bool) -> None:
        if isinstance(batch_size, bool):
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        _check_positive("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last
        self._indices: Resumable | None = None
        self._skip = 0
        # A smaller last batch has been given, and nobody has been told yet that it was the last.
        self._gave_last = False

    def __iter__(self) -> Iterator[list[int]]:
        return map(as_list, self.blocks())

    def blocks(self) -> Iterator[Sequence[int]]:
        """The batches; of a sampler of this module as ranges or arrays, which are faster than lists."""
        if self._gave_last and self._indices is None:
            return self._nothing_more()
        skip, self._skip = self._skip, 0
        self._indices, self._gave_last = Resumable(self.sampler, skip), False
        return self._batches(self._indices)

    def _nothing_more(self) -> Iterator[Sequence[int]]:
        self._gave_last = False
        yield from ()

    def _batches(self, indices: Resumable) -> Iterator[Sequence[int]]:
        while True:
            batch = indices.take(self.batch_size)
            if len(batch) < self.batch_size:
                break
            yield batch
        if len(batch) and not self.drop_last:
            self._gave_last = True
            yield batch
            self._gave_last = False

    def __len__(self) -> int:
        length = len(self.sampler)  # type: ignore[arg-type]
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)

    def state_dict(self) -> dict[str, Any]:
        """The place of the latest pass, as plain numbers and arrays.

        Beside ``batch_size`` and ``drop_last`` it has the ``sampler``'s place, and ``gave_last``: whether a
        smaller last batch has been given, after which the pass gives no more.

        A sampler without a ``state_dict`` of its own is counted instead (``{"taken": n}``) and the indices
        are skipped on loading.
        """
        place = place_of(self.sampler, self._skip) if self._indices is None else self._indices.place()
        return {
            "batch_size": self.batch_size,
            "drop_last": self.drop_last,
            "sampler": place,
            "gave_last": self._gave_last,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next pass go on where :meth:`state_dict` was called.

        Raises
        ------
        ValueError
            If ``batch_size`` or ``drop_last`` differ.
        """
        for name in ("batch_size", "drop_last"):
            if state[name] != getattr(self, name):
                raise ValueError(
                    f"BatchSampler: the saved state has {name}={state[name]}, this one {getattr(self, name)}"
                )
        self._skip, self._indices = load_place(self.sampler, state["sampler"]), None
        self._gave_last = state["gave_last"]


def as_list(batch: Sequence[Any] | Block) -> list[Any]:
    """A batch of indices as a list of Python ints."""
    return batch.tolist() if isinstance(batch, np.ndarray) else list(batch)


def _check_positive(name: str, value: Any) -> None:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")
