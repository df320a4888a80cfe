"""Reading a batch of tensor rows at once instead of row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad5329.tensor import Tensor, wrap
from tinygrad5329.utils.data.dataset import Dataset, Subset, TensorDataset
from tinygrad5329.utils.data.index_stream import Block

__all__ = ["as_block", "batch_reader"]

BatchReader = Callable[[Block], list[Tensor]]


def batch_reader(dataset: Dataset[Any]) -> BatchReader | None:
    """What reads the rows of ``dataset`` at once, as ``default_collate`` would put them together.

    None unless ``dataset`` is a :class:`TensorDataset`, or a :class:`Subset` of one, that reads its rows
    in its own way (a subclass may change them).
    """
    kind: Any = type(dataset)
    if isinstance(dataset, TensorDataset):
        plain = kind.__getitem__ is TensorDataset.__getitem__ and not hasattr(kind, "__getitems__")
        return _tensor_reader(dataset) if plain and dataset.tensors else None
    if isinstance(dataset, Subset):
        plain = kind.__getitem__ is Subset.__getitem__ and kind.__getitems__ is Subset.__getitems__
        inner = batch_reader(dataset.dataset) if plain else None
        chosen = as_block(dataset.indices)
        if inner is None or chosen is None:
            return None
        return lambda block: inner(_select(chosen, block))
    return None


def as_block(indices: Any) -> Block | None:
    """``indices`` as a range or int64 array; None if they are not plain integers in one dimension."""
    if isinstance(indices, range):
        return indices
    if not isinstance(indices, np.ndarray):
        if not isinstance(indices, Sequence) or not all(type(index) is int for index in indices):
            return None
        indices = np.array(indices, np.int64)
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        return None
    return indices.astype(np.int64, copy=False)


def _tensor_reader(dataset: TensorDataset) -> BatchReader:
    tensors = dataset.tensors
    return lambda block: [_rows(tensor, block) for tensor in tensors]


def _rows(tensor: Tensor, block: Block) -> Tensor:
    if tensor.requires_grad:
        return tensor[wrap(np.asarray(block, np.int64))]
    array = tensor._array
    if isinstance(block, range) and block.step == 1 and 0 <= block.start <= block.stop <= len(array):
        # A copy, as stacking rows makes one: a batch that is changed in place must leave the data alone.
        return wrap(array[block.start : block.stop].copy())
    return wrap(array.take(block, axis=0))


def _select(chosen: Block, block: Block) -> Block:
    if isinstance(block, range) and block.step == 1 and 0 <= block.start <= block.stop <= len(chosen):
        return chosen[block.start : block.stop]
    return np.asarray(chosen, np.int64).take(block)
