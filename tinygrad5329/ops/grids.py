"""Combinations of coordinates: meshgrid, cartesian_prod, combinations, unravel_index."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.ops.expanding import broadcast_to
from tinygrad5329.ops.joining import stack
from tinygrad5329.ops.picking import index_select
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["cartesian_prod", "combinations", "meshgrid", "unravel_index"]


def _vectors(op: str, tensors: tuple[Any, ...]) -> tuple[Tensor, ...]:
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"{op}(): expected Tensor as element {i} in argument 0, but got {type(t).__name__}")
    return tensors


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinates of a grid, one expanded view for each vector (``torch.meshgrid``).

    Parameters
    ----------
    tensors : Tensor
        Vectors or numbers, of one dtype.
    indexing : {"ij", "xy"}
        Whether the first vector runs along the first dimension or, as in pictures, along the second.
        Without it "ij" is taken, with PyTorch's warning.
    """
    tensors = _vectors("meshgrid", tensors)
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        warnings.warn(
            "meshgrid: in an upcoming release, it will be required to pass the indexing argument: indexing='ij'",
            UserWarning,
            stacklevel=3,
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for t in tensors:
        if t._array.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {tuple(t.shape)}")
        if t.dtype is not tensors[0].dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    order = list(range(len(tensors)))
    if indexing == "xy" and len(tensors) > 1:
        order[0], order[1] = 1, 0
    shape = [0] * len(tensors)
    for place, t in zip(order, tensors, strict=True):
        shape[place] = t._array.size
    grids = []
    for place, t in zip(order, tensors, strict=True):
        sizes = [1] * len(tensors)
        sizes[place] = -1
        grids.append(broadcast_to(t.reshape(sizes), shape))
    return tuple(grids)


def cartesian_prod(*tensors: Any) -> Tensor:
    """All ways to take one element of each vector, as rows (``torch.cartesian_prod``)."""
    tensors = _vectors("cartesian_prod", tensors)
    if not tensors:
        raise RuntimeError("cartesian_prod expects a non-empty list of tensors")
    for t in tensors:
        if t._array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(t.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([grid.flatten() for grid in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to take `r` elements of a vector, as rows (``torch.combinations``)."""
    expect_tensor("combinations", "input", input)
    if input._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return input.new_empty((0,))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    ways = choose(range(input._array.size), r)
    places = np.fromiter(itertools.chain.from_iterable(ways), np.int64)
    return index_select(input, 0, wrap(places)).reshape(-1, r)


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Places in a flattened tensor as one index a dimension of `shape` (``torch.unravel_index``)."""
    if not isinstance(indices, Tensor):
        raise TypeError(f"torch.unravel_index(): expected indices to be a Tensor, got {type(indices).__name__}")
    if indices.dtype.numpy.kind not in "iu" or indices.dtype is dtypes.bool_:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(not isinstance(n, int) for n in sizes):
        raise TypeError(f"expected 'shape' to be a sequence of ints, but got {shape!r}")
    if any(n < 0 for n in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    rest, places = indices._array.astype(np.int64), []
    if 0 in sizes and rest.size:
        raise RuntimeError(f"unravel_index(): a tensor of shape {sizes} has no elements")
    for n in reversed(sizes):
        # As in PyTorch, what lies outside wraps around.
        rest, place = np.divmod(rest, n or 1)
        places.append(wrap(np.asarray(place)))
    return tuple(reversed(places))
