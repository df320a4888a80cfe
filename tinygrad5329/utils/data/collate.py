"""From a list of samples to a batch (``torch.utils.data.default_collate``)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from tinygrad5329 import creation
from tinygrad5329.ops.joining import stack
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["default_collate", "default_convert"]


def default_collate(batch: Sequence[Any]) -> Any:
    """Put a list of samples together, element by element (``torch.utils.data.default_collate``).

    Parameters
    ----------
    batch : list
        Samples of one structure. Tensors and arrays are stacked along a new first dimension; Python
        numbers become a tensor (float64 for floats, int64 for ints); text stays a list; mappings, named
        tuples and sequences are put together entry by entry and keep their kind, a plain tuple becoming
        a list.

    Returns
    -------
    object
        With the structure of one sample.

    Raises
    ------
    TypeError
        For anything else, such as None.
    RuntimeError
        If shapes or lengths differ between samples.

    Examples
    --------
    >>> default_collate([(1, 2.5), (3, 4.5)])
    [tensor([1, 3]), tensor([2.5000, 4.5000], dtype=tinygrad5329.float64)]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if isinstance(first, (str, bytes)):  # before arrays: NumPy's text scalars are both
        return batch
    if isinstance(first, (np.ndarray, np.generic)):
        return _from_arrays(batch)
    if isinstance(first, float):
        return wrap(np.array([float(x) for x in batch], np.float64))
    if isinstance(first, int):
        return _from_ints(batch)
    if isinstance(first, Mapping):
        return _map_kind(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, Sequence):
        return _sequence_kind(first, [default_collate(column) for column in _columns(batch)])
    raise TypeError(_unsupported(type(first)))


def default_convert(data: Any) -> Any:
    """Arrays in ``data`` as Tensors, everything else as it is (``torch.utils.data.default_convert``).

    What a :class:`~tinygrad5329.utils.data.DataLoader` does to single samples when it makes no batches.

    >>> import numpy as np
    >>> default_convert({"x": np.zeros(2, np.float32), "name": "a"})
    {'x': tensor([0., 0.]), 'name': 'a'}
    """
    if isinstance(data, (np.ndarray, np.generic)):
        return wrap(np.asarray(data)) if data.dtype.kind in "biufcV" else data
    if isinstance(data, Mapping):
        return _map_kind(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _sequence_kind(data, [default_convert(item) for item in data])
    return data


def _from_arrays(batch: Sequence[Any]) -> Tensor:
    first = batch[0]
    if first.dtype.kind not in "biufcV":
        raise TypeError(_unsupported(first.dtype))
    if first.shape == ():
        return wrap(np.array(batch))
    for position, sample in enumerate(batch):
        if not isinstance(sample, np.ndarray):
            raise TypeError(f"default_collate: sample 0 is an array but sample {position} a {type(sample).__name__}")
        if sample.shape != first.shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first.shape)} at entry 0 and "
                f"{list(sample.shape)} at entry {position}"
            )
    return wrap(np.stack(batch))


def _from_ints(batch: Sequence[Any]) -> Tensor:
    if all(isinstance(x, bool) for x in batch):
        return wrap(np.array(batch, np.bool_))
    if not all(isinstance(x, int) for x in batch):
        return creation.tensor(list(batch))
    try:
        return wrap(np.array(batch, np.int64))
    except OverflowError:
        raise ValueError(
            f"default_collate: Overflow when unpacking long long: {max(batch, key=abs)} does not fit"
        ) from None


def _columns(batch: Sequence[Any]) -> list[tuple[Any, ...]]:
    lengths = {len(sample) for sample in batch}
    if len(lengths) > 1:
        raise RuntimeError(
            f"each element in list of batch should be of equal size; the samples have {sorted(lengths)} "
            "elements. Pad them, or pass a collate_fn"
        )
    return list(zip(*batch, strict=True))


def _map_kind(like: Mapping[Any, Any], entries: dict[Any, Any]) -> Any:
    """``entries`` as the kind of mapping ``like`` is; a dict if that kind cannot be made."""
    try:
        if isinstance(like, MutableMapping):
            clone = copy.copy(like)  # keeps what a subclass holds besides the entries, a default factory say
            clone.update(entries)
            return clone
        return _constructor(like)(entries)
    except TypeError:
        return entries


def _sequence_kind(like: Sequence[Any], items: list[Any]) -> Any:
    """``items`` as the kind of sequence ``like`` is; a list for a tuple or what cannot be made."""
    if isinstance(like, tuple):
        return _constructor(like)(*items) if hasattr(like, "_fields") else items
    try:
        if isinstance(like, MutableSequence):
            clone = copy.copy(like)
            for position, item in enumerate(items):
                clone[position] = item
            return clone
        return _constructor(like)(items)
    except TypeError:
        return items


def _constructor(like: Any) -> Callable[..., Any]:
    return type(like)


def _unsupported(found: object) -> str:
    return f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {found}"
