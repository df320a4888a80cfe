"""Data sets: what a sample is, and how data sets are put together (``torch.utils.data``)."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tinygrad5329.tensor import Tensor
from tinygrad5329.utils.data.draws import permutation

if TYPE_CHECKING:
    from tinygrad5329.random import Generator

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Dataset(Generic[T_co]):
    """Samples that are looked up by index (``torch.utils.data.Dataset``).

    A subclass defines ``__getitem__(index)``, and ``__len__`` if it is to be sampled in the usual ways.
    It may define ``__getitems__(indices)``, which returns the list of samples of a whole batch.

    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, index):
    ...         return index * index
    >>> Squares()[3]
    9
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """Samples that come as a stream (``torch.utils.data.IterableDataset``).

    A subclass defines ``__iter__``. With ``num_workers > 0`` every worker iterates over its own copy: use
    :func:`~tinygrad5329.utils.data.get_worker_info` to give each worker its share, or samples repeat.

    A data set that defines ``state_dict()`` and ``load_state_dict(state)`` is resumed through them by a
    :class:`~tinygrad5329.utils.data.DataLoader` without workers; any other is resumed by skipping.
    """

    def __add__(self, other: Dataset[Any]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Rows of one or more tensors of equal length (``torch.utils.data.TensorDataset``).

    Parameters
    ----------
    *tensors : Tensor
        Each of shape (N, ...); sample ``i`` is the tuple of their rows ``i``.

    Raises
    ------
    AssertionError
        If the first dimensions differ.
    TypeError
        If something is not a Tensor.

    Notes
    -----
    A :class:`~tinygrad5329.utils.data.DataLoader` with the default ``collate_fn`` reads a batch with one
    gather (or one slice, in sequential order) a tensor; a subclass that overrides ``__getitem__`` is read
    row by row.
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        for position, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"TensorDataset: expected Tensors, got {type(tensor).__name__} at position {position}; "
                    "turn arrays into Tensors with from_numpy() and lists with tensor()"
                )
            if tensor.dim() == 0:
                raise IndexError(f"TensorDataset: the tensor at position {position} has no dimensions, so no rows")
        lengths = [len(tensor) for tensor in tensors]
        if len(set(lengths)) > 1:
            raise AssertionError(f"Size mismatch between tensors: their first dimensions are {lengths}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class StackDataset(Dataset[Any]):
    """Data sets of equal length side by side (``torch.utils.data.StackDataset``).

    Given by position, sample ``i`` is the tuple of their samples ``i``; given by name, a dict of them.

    Raises
    ------
    ValueError
        If none is given, both ways are mixed, or lengths differ.
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Dataset[Any], **kwargs: Dataset[Any]) -> None:
        if args and kwargs:
            raise ValueError(
                "StackDataset: give the data sets by position (for tuples) or by name (for dicts), not both"
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        lengths = [len(dataset) for dataset in args or kwargs.values()]  # type: ignore[arg-type]
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between datasets: their lengths are {lengths}")
        self._length = lengths[0]
        self.datasets = args or kwargs

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        if isinstance(self.datasets, dict):
            columns = [read_rows(dataset, indices) for dataset in self.datasets.values()]
            return [dict(zip(self.datasets, row, strict=True)) for row in zip(*columns, strict=True)]
        return list(zip(*(read_rows(dataset, indices) for dataset in self.datasets), strict=True))

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T_co]):
    """Data sets one after the other (``torch.utils.data.ConcatDataset``); also ``a + b``.

    Attributes
    ----------
    datasets : list of Dataset
    cumulative_sizes : list of int
        Where each one ends.

    Raises
    ------
    AssertionError
        If there is none, or one is an :class:`IterableDataset`.
    """

    datasets: list[Dataset[T_co]]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise AssertionError("ConcatDataset does not support IterableDataset; use ChainDataset")
        lengths = (len(dataset) for dataset in self.datasets)  # type: ignore[arg-type]
        self.cumulative_sizes = list(itertools.accumulate(lengths))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> T_co:
        length = len(self)
        if index < -length:
            raise ValueError(
                f"absolute value of index should not exceed dataset length: index {index}, length {length}"
            )
        if index >= length:
            raise IndexError(f"ConcatDataset: index {index} is out of range for {length} samples")
        if index < 0:
            index += length
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]


class ChainDataset(IterableDataset[Any]):
    """Streams one after the other (``torch.utils.data.ChainDataset``); also ``a + b`` of streams.

    Raises
    ------
    AssertionError
        When it comes to one that is not an :class:`IterableDataset`.
    """

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        for dataset in self.datasets:
            yield from self._checked(dataset)

    def __len__(self) -> int:
        lengths: list[int] = [len(self._checked(dataset)) for dataset in self.datasets]  # type: ignore[arg-type]
        return sum(lengths)

    @staticmethod
    def _checked(dataset: Dataset[Any]) -> IterableDataset[Any]:
        if not isinstance(dataset, IterableDataset):
            raise AssertionError(f"ChainDataset only supports IterableDataset, got {type(dataset).__name__}")
        return dataset


class Subset(Dataset[T_co]):
    """The samples of ``dataset`` at ``indices`` (``torch.utils.data.Subset``).

    >>> import tinygrad5329 as tg
    >>> Subset(TensorDataset(tg.arange(10)), [7, 2])[0]
    (tensor(7),)
    """

    dataset: Dataset[T_co]
    indices: Sequence[int]

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> T_co:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: Sequence[int]) -> list[T_co]:
        return read_rows(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def read_rows(dataset: Dataset[T], indices: Sequence[int]) -> list[T]:
    """The samples at ``indices``, through ``__getitems__`` where the data set has one."""
    getitems = getattr(dataset, "__getitems__", None)
    if not callable(getitems):
        return [dataset[index] for index in indices]
    rows = getitems(indices)
    if len(rows) != len(indices):
        raise ValueError(
            f"{type(dataset).__name__}.__getitems__ returned {len(rows)} samples for {len(indices)} indices"
        )
    return list(rows)


def random_split(
    dataset: Dataset[T], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[T]]:
    """Deal the samples out at random into subsets (``torch.utils.data.random_split``).

    Parameters
    ----------
    dataset : Dataset
        With a length.
    lengths : sequence of int or float
        The sizes, which sum to ``len(dataset)``; or fractions that sum to 1, of which sizes are
        ``floor(len(dataset) * fraction)`` and the remainder is dealt one by one from the first on.
    generator : Generator, optional
        For a split that is the same every time; by default the global one. Draws one permutation, and
        the split is PyTorch's for the same seed.

    Raises
    ------
    ValueError
        If a fraction is outside [0, 1], a length is negative, or they do not sum to the length.

    Warns
    -----
    UserWarning
        If fractions leave a subset empty.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> data = TensorDataset(tg.arange(10))
    >>> train, valid = random_split(data, [0.8, 0.2], generator=tg.Generator().manual_seed(0))
    >>> valid.indices
    [6, 2]
    """
    total = len(dataset)  # type: ignore[arg-type]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        sizes = _sizes_of_fractions(lengths, total)
    else:
        sizes = list(lengths)  # type: ignore[arg-type]
        if sum(sizes) != total:
            raise ValueError(
                "Sum of input lengths does not equal the length of the input dataset! "
                f"The lengths {sizes} sum to {sum(sizes)}, the data set has {total} samples"
            )
        for position, size in enumerate(sizes):
            if size < 0:
                raise ValueError(f"random_split: length {size} at index {position} is negative")
    order = permutation(total, generator).tolist()
    ends = itertools.accumulate(sizes)
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def _sizes_of_fractions(fractions: Sequence[float], total: int) -> list[int]:
    for position, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {position} is not between 0 and 1: got {fraction}")
    sizes = [math.floor(total * fraction) for fraction in fractions]
    for extra in range(total - sum(sizes)):
        sizes[extra % len(sizes)] += 1
    for position, size in enumerate(sizes):
        if size == 0:
            warnings.warn(
                f"Length of split at index {position} is 0. This might result in an empty dataset.",
                stacklevel=3,
            )
    return sizes
