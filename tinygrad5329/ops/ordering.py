"""Order along a dimension: sort, argsort, msort, topk, kthvalue, median, nanmedian, mode.

All take the indices from a stable ascending order in which NaN is the largest, so that results do not
depend on chance; PyTorch leaves open which of several equal elements it means.
"""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.dtypes import FLOATING, is_half
from tinygrad5329.ops.dims import one_axis, scalar_type, tensor_operand
from tinygrad5329.ops.extrema import nonempty, whole_raw, whole_rule
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.ops.selection import pick_arrays, selecting, write_pair
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["argsort", "kthvalue", "median", "mode", "msort", "nanmedian", "sort", "topk"]

_sort = selecting("sort")
_topk = selecting("topk")
_kthvalue = selecting("kthvalue")
_median = selecting("median")
_nanmedian = selecting("nanmedian")
_mode = selecting("mode")
_median_of_all = Primitive(
    "median_of_all",
    lambda xp, x, *, axis, keepdims, ignore: _middle_of_all(x, ignore),
    whole_rule,
    raw=whole_raw,
)


def _sortable(op: str, input: Any) -> Any:
    x = tensor_operand(op, input)
    if x.dtype.kind == "c":
        raise RuntimeError(f"{op} does not support complex dtypes on CPU: complex numbers have no order")
    return x


def order(x: Any, axis: int | None, descending: bool = False) -> Any:
    """The indices that sort `x` along `axis`; equal elements keep their order in both directions."""
    if axis is None:
        return np.zeros((), np.int64)
    if is_half(x.dtype):
        # ml_dtypes' comparison leaves NaNs where they are; float32 orders the same numbers.
        x = x.astype(np.float32)
    if not descending:
        return x.argsort(axis, "stable")
    backwards = (*(slice(None),) * axis, slice(None, None, -1))
    return x.shape[axis] - 1 - x[backwards].argsort(axis, "stable")[backwards]


def _leading(x: Any, axis: int | None, k: int, largest: bool) -> Any:
    """The indices of the `k` first elements in order, found without sorting the rest if they are few."""
    if axis is None:
        return np.zeros((), np.int64)
    if is_half(x.dtype):
        x = x.astype(np.float32)
    n = x.shape[axis]
    first = (*(slice(None),) * axis, slice(k))
    if n < 128 or 4 * k > n or k == 0:
        return order(x, axis, largest)[first]
    if largest:
        candidates = np.argpartition(x, n - k, axis)[(*(slice(None),) * axis, slice(n - k, None))]
    else:
        candidates = np.argpartition(x, k - 1, axis)[first]
    candidates = np.sort(candidates, axis)
    return pick_arrays(candidates, order(pick_arrays(x, candidates, axis), axis, largest), axis)


def _selected(op: str, primitive: Primitive, input: Tensor, indices: Any, axis: int | None, out: Any) -> Any:
    found = wrap(indices)
    pair = getattr(return_types, op)((primitive(input, found, axis=axis), found))
    return pair if out is None else write_pair(op, out, pair)


def _one_of(indices: Any, position: Any, axis: int, keepdim: bool) -> Any:
    """The entry of `indices` at `position`, a number or an array with length 1 along `axis`."""
    if not isinstance(position, np.ndarray):
        shape = tuple([1 if i == axis else n for i, n in enumerate(indices.shape)])
        position = np.full(shape, position)
    found = pick_arrays(indices, position, axis)
    return found if keepdim else found.squeeze(axis)


@method
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False, out: Any = None) -> Any:
    """The elements in order along `dim`, and their indices (``torch.sort``).

    The order is stable whether or not `stable` asks for it; NaN counts as the largest.

    >>> import tinygrad5329 as tg
    >>> values, indices = tg.sort(tg.tensor([3, 1, 2]))
    >>> values, indices
    (tensor([1, 2, 3]), tensor([1, 2, 0]))
    """
    x = _sortable("sort", input)
    axis = one_axis("sort", dim, x.ndim)
    return _selected("sort", _sort, input, order(x, axis, descending), axis, out)


@method
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """The indices that sort the elements along `dim`, as in :func:`sort` (``torch.argsort``)."""
    x = _sortable("sort", input)
    return wrap(order(x, one_axis("argsort", dim, x.ndim), descending))


@method
def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements in order along the first dimension (``torch.msort``)."""
    result = sort(input, 0)[0]
    return result if out is None else write_out("msort", out, result)


@method
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: Any = None) -> Any:
    """The `k` largest (or smallest) elements along `dim`, and their indices (``torch.topk``).

    They come in order also with ``sorted=False``, which only permits another.

    >>> import tinygrad5329 as tg
    >>> tg.topk(tg.tensor([1.0, 4.0, 2.0, 3.0]), 2).values
    tensor([4., 3.])
    """
    x = _sortable("topk", input)
    axis = one_axis("topk", dim, x.ndim)
    try:
        k = index(k)
    except TypeError:
        raise TypeError(f"topk(): argument 'k' must be int, not {type(k).__name__}") from None
    size = 1 if axis is None else x.shape[axis]
    if not 0 <= k <= size:
        raise RuntimeError(f"selected index k out of range: k is {k}, dimension {dim} has {size} elements")
    if x.dtype.kind == "b":
        raise RuntimeError("topk does not support bool dtypes on CPU; convert the tensor, for example with x.int()")
    return _selected("topk", _topk, input, _leading(x, axis, k, largest), axis, out)


@method
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The k-th smallest element along `dim`, counted from 1, and its index (``torch.kthvalue``)."""
    x = tensor_operand("kthvalue", input)
    axis = one_axis("kthvalue", dim, x.ndim)
    if x.size == 0:
        nonempty("kthvalue", x, axis)
    if x.dtype.kind not in "iufV":
        raise NotImplementedError(f"\"kthvalue_cpu\" not implemented for '{scalar_type(x.dtype)}'")
    size = 1 if axis is None else x.shape[axis]
    if not 1 <= k <= size:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {axis or 0}: k is {k} of {size}")
    indices = order(x, axis)
    if axis is not None:
        indices = _one_of(indices, k - 1, axis, keepdim)
    return _selected("kthvalue", _kthvalue, input, indices, axis, out)


def _numbers(x: Any, axis: int | None) -> Any:
    """How many elements along `axis` are not NaN, with the axis kept."""
    if x.dtype.kind in FLOATING:
        return np.add.reduce(~np.isnan(x), axis, np.int64, keepdims=True)
    return np.add.reduce(np.ones(x.shape, bool), axis, np.int64, keepdims=True)


def _middle_of_all(x: Any, ignore: bool) -> Any:
    flat = x.reshape(-1)
    if x.dtype.kind in FLOATING:
        nans = np.isnan(flat)
        if nans.any() and not ignore:
            return x.dtype.type(np.nan)
        flat = flat[~nans]
    if flat.size == 0:
        return x.dtype.type(np.nan)
    middle = (flat.size - 1) // 2
    return np.partition(flat, middle)[middle]


def _middle(op: str, primitive: Primitive, input: Any, dim: Any, keepdim: bool, out: Any) -> Any:
    x = tensor_operand(op, input)
    if x.dtype.kind not in "iufV":
        raise NotImplementedError(f"\"{op}_cpu\" not implemented for '{scalar_type(x.dtype)}'")
    ignore = op == "nanmedian"
    if dim is None:
        if keepdim:
            raise TypeError(f"{op}(): keepdim needs a dim")
        if x.size == 0 and x.dtype.kind not in FLOATING:
            raise RuntimeError(f"{op}(): an integer tensor without elements has no median")
        result = _median_of_all(input, axis=None, keepdims=False, ignore=ignore)
        return result if out is None else write_out(op, out, result)
    axis = one_axis(op, dim, x.ndim)
    if x.size == 0:
        nonempty(op, x, axis)
    indices = order(x, axis)
    if axis is not None:
        numbers = _numbers(x, axis)
        middle = np.maximum(numbers - 1, 0) // 2
        # NaNs come last; the first of them is where the numbers end.
        position = middle if ignore else np.where(numbers < x.shape[axis], numbers, middle)
        indices = _one_of(indices, position, axis, keepdim)
    return _selected(op, primitive, input, indices, axis, out)


@method
def median(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The median, the lower of two; with `dim`, values and indices along it (``torch.median``).

    NaN wherever there is one. The gradient of the median of all is shared by the elements that equal it.
    """
    return _middle("median", _median, input, dim, keepdim, out)


@method
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """:func:`median` of the elements that are not NaN (``torch.nanmedian``)."""
    return _middle("nanmedian", _nanmedian, input, dim, keepdim, out)


@method
def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most frequent element along `dim`, the smallest of several, and its last index (``torch.mode``)."""
    x = tensor_operand("mode", input)
    axis = one_axis("mode", dim, x.ndim)
    if x.size == 0:
        nonempty("mode", x, axis)
    indices = order(x, axis)
    if axis is not None:
        arranged = np.moveaxis(pick_arrays(x, indices, axis), axis, -1)
        places = np.arange(x.shape[axis])
        begins = np.ones(arranged.shape, bool)
        begins[..., 1:] = arranged[..., 1:] != arranged[..., :-1]
        # How long the run of equal elements is, up to each: the first longest ends at the smallest mode.
        lengths = places - np.maximum.accumulate(np.where(begins, places, 0), -1)
        longest = np.expand_dims(lengths.argmax(-1), axis)
        indices = _one_of(indices, longest, axis, keepdim)
    return _selected("mode", _mode, input, indices, axis, out)
