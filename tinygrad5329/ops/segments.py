"""Reductions of consecutive segments of different lengths: segment_reduce."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.description import check_dim
from tinygrad5329.ops.choosing import where
from tinygrad5329.ops.placing import index_add
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.ops.scattering import index_reduce
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["segment_reduce"]

_STARTS = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "max": -math.inf, "min": math.inf}


@method
def segment_reduce(
    data: Tensor, reduce: str, *, lengths: Tensor | None = None, indices: Tensor | None = None,
    offsets: Tensor | None = None, axis: int = 0, unsafe: bool = False, initial: Any = None,
) -> Tensor:  # fmt: skip
    """Segments of `data` along `axis` reduced one by one (``torch.segment_reduce``).

    Parameters
    ----------
    reduce : {"sum", "mean", "max", "min", "prod"}
    lengths, offsets : Tensor of int64
        How long the segments are, or where they begin and the last ends; one of the two. Shape
        ``data.shape[:axis]`` and one more dimension.
    unsafe : bool
        Leave the sum of the lengths unchecked.
    initial : number, optional
        What each segment starts from; an empty one is 0, 1, NaN (mean) or an infinity without it.

    >>> import tinygrad5329 as tg
    >>> tg.segment_reduce(tg.arange(4.0), "sum", lengths=tg.tensor([1, 3]))
    tensor([0., 6.])
    """
    expect_tensor("segment_reduce", "data", data)
    if reduce not in _STARTS:
        raise RuntimeError(f"segment_reduce(): unsupported reduction {reduce!r}; it is one of {', '.join(_STARTS)}")
    if indices is not None:
        raise RuntimeError("segment_reduce(): indices based reduction is not supported; pass lengths or offsets")
    if (lengths is None) == (offsets is None):
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined, and not both")
    axis = check_dim(axis, data._array.ndim)
    given: Any = lengths if offsets is None else offsets
    expect_tensor("segment_reduce", "lengths", given)
    sizes = given._array if offsets is None else np.diff(given._array, axis=-1)
    shape = data._array.shape
    if sizes.ndim != axis + 1 or sizes.shape[:axis] != shape[:axis]:
        raise RuntimeError(
            f"segment_reduce(): lengths of shape {sizes.shape} do not go with data of shape {shape} and axis {axis}"
        )
    if (sizes < 0).any():
        raise RuntimeError("segment_reduce(): lengths contains negative value!")
    if not unsafe and offsets is None and (sizes.sum(-1) != shape[axis]).any():
        raise RuntimeError(f"segment_reduce(): Expected all rows of lengths along axis to sum to {shape[axis]}")
    # Which segment each entry belongs to, counted over all rows; entries behind the last belong to none.
    rows, count = math.prod(shape[:axis]), sizes.shape[-1]
    flat = sizes.reshape(rows, count)
    starts = np.zeros((rows, 1), np.int64) if offsets is None else given._array.reshape(rows, -1)[:, :1]
    first = starts + np.concatenate((np.zeros((rows, 1), np.int64), np.cumsum(flat, 1)[:, :-1]), 1)
    ids = np.repeat(np.arange(rows * count), flat.reshape(-1))
    within = np.arange(ids.size) - np.repeat(np.cumsum(flat.reshape(-1)) - flat.reshape(-1), flat.reshape(-1))
    places = np.repeat((first + np.arange(rows)[:, None] * shape[axis]).reshape(-1), flat.reshape(-1)) + within
    entries = data.reshape(-1, *shape[axis + 1 :])[wrap(places)]
    start = _STARTS[reduce] if initial is None else initial
    result = data.new_full((rows * count, *shape[axis + 1 :]), start)
    if reduce in ("sum", "mean"):
        result = index_add(result, 0, wrap(ids), entries)
    else:
        kind = {"max": "amax", "min": "amin"}.get(reduce, reduce)
        result = index_reduce(result, 0, wrap(ids), entries, kind)
    if reduce == "mean":
        lengths_ = flat.reshape((-1,) + (1,) * (data._array.ndim - axis - 1)).astype(data._array.dtype)
        empty = wrap(lengths_ == 0)
        result = result / wrap(np.maximum(lengths_, 1))
        if initial is None:
            result = where(empty, math.nan, result)
    return result.reshape(*shape[:axis], count, *shape[axis + 1 :])
