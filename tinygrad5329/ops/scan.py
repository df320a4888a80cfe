"""Running results along a dimension: cumsum, cumprod, cummax, cummin."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes, return_types
from tinygrad5329.dtypes import dtype as Dtype
from tinygrad5329.ops.dims import one_axis, tensor_operand
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, write_out
from tinygrad5329.ops.selection import selecting, write_pair
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["cummax", "cummin", "cumprod", "cumsum"]

#: Where running sums and products are kept, as PyTorch does: rounding errors add up along the way.
_WIDER = {np.dtype(np.float16): np.float32, np.dtype(np.float32): np.float64}

#: So many running totals at a time are taken step by step.
_MANY = 256


def _accumulate(ufunc: Any, x: Any, axis: int | None) -> Any:
    if axis is None:
        return x.copy()
    wide = _WIDER.get(x.dtype)
    if x.size >= _MANY * x.shape[axis] > 0 and x.dtype.kind in "fc":
        return _step_by_step(ufunc, x, axis, wide or x.dtype)
    if wide is None:
        return ufunc.accumulate(x, axis, x.dtype)
    return ufunc.accumulate(x.astype(wide), axis).astype(x.dtype)


def _step_by_step(ufunc: Any, x: Any, axis: int, wide: Any) -> Any:
    """The same in a few passes for each step; NumPy goes through every line by itself, one element at a time."""
    out = np.empty(x.shape, x.dtype)
    steps, results = np.moveaxis(x, axis, 0), np.moveaxis(out, axis, 0)
    total = np.array(steps[0], wide)
    results[0] = steps[0]
    for step, result in zip(steps[1:], results[1:], strict=True):
        ufunc(total, step, total)
        result[...] = total
    return out


def _from_the_end(xp: Any, g: Any, axis: int | None) -> Any:
    """The running sum that starts at the last element."""
    return g if axis is None else xp.flip(_cumsum.under(xp, xp.flip(g, axis), axis=axis), axis)


def _from_the_end_arrays(xp: Any, g: Any, axis: int | None) -> Any:
    if axis is None:
        return g
    backwards = (*(slice(None),) * axis, slice(None, None, -1))
    return _accumulate(xp.add, g[backwards], axis)[backwards]


def _cumprod_rule(xp: Any, g: Any, x: Any, out: Any, axis: int | None) -> Any:
    if axis is None:
        return g
    if not (x == 0).any():
        return _from_the_end(xp, g * xp.conj(out), axis) / xp.conj(x)
    # (..., n, n): row i holds the running products without factor i, which count from i on.
    rows, slopes = xp.moveaxis(x, axis, -1), xp.moveaxis(g, axis, -1)
    n = rows.shape[-1]
    here, onwards = xp.asarray(np.eye(n, dtype=bool)), xp.asarray(np.tri(n, dtype=bool).T)
    others = _cumprod.under(xp, xp.where(here, 1.0, xp.expand_dims(rows, -2)), axis=x.ndim)
    terms = xp.where(onwards, xp.expand_dims(slopes, -2) * xp.conj(others), 0.0)
    return xp.moveaxis(xp.sum(terms, axis=-1), -1, axis)


def _cumprod_raw(xp: Any, g: Any, needs: Any, x: Any, out: Any, axis: int | None) -> tuple[Any]:
    """The same in linear time. From the first zero on, only that zero itself has a derivative."""
    zero = x == 0
    if axis is None or not zero.any():
        return (_cumprod_rule(xp, g, x, out, axis),)
    zeros = xp.add.accumulate(zero, axis, np.int64)
    first = zero & (zeros == 1)
    before = _from_the_end(xp, g * xp.conj(out), axis) / xp.conj(xp.where(zero, 1, x))
    without_first = xp.multiply.accumulate(xp.where(first, 1, x), axis, x.dtype)
    at_first = _from_the_end(xp, g * xp.conj(without_first), axis)
    slopes = xp.where(zeros == 0, before, xp.where(first, at_first, 0))
    return (slopes.astype(g.dtype, copy=False),)


_cumsum: Primitive = Primitive(
    "cumsum",
    lambda xp, x, *, axis: _accumulate(xp.add, x, axis),
    lambda xp, g, axis: _from_the_end(xp, g, axis),
    raw=lambda xp, g, needs, axis: (_from_the_end_arrays(xp, g, axis),),
)
_cumprod: Primitive = Primitive(
    "cumprod",
    lambda xp, x, *, axis: _accumulate(xp.multiply, x, axis),
    _cumprod_rule,
    raw=_cumprod_raw,
)
_cummax = selecting(
    "cummax",
    lambda xp, x, indices, *, axis: xp.maximum.accumulate(x, axis) if x.ndim else x.copy(),
    distinct=False,
)
_cummin = selecting(
    "cummin",
    lambda xp, x, indices, *, axis: xp.minimum.accumulate(x, axis) if x.ndim else x.copy(),
    distinct=False,
)


def _running(op: str, primitive: Primitive, input: Any, dim: Any, dtype: Dtype | None, out: Tensor | None) -> Tensor:
    x = tensor_operand(op, input)
    axis = one_axis(op, dim, x.ndim)
    if dtype is not None:
        input = cast(input, dtypes.as_dtype(dtype))
    elif isinstance(out, Tensor):
        input = cast(input, out.dtype)
    elif x.dtype.kind in "biu":
        input = cast(input, dtypes.int64)
    result = primitive(input, axis=axis)
    return result if out is None else write_out(op, out, result)


@method
def cumsum(input: Tensor, dim: int, *, dtype: Dtype | None = None, out: Tensor | None = None) -> Tensor:
    """The running sum along `dim` (``torch.cumsum``).

    Integers and bools are summed as int64, unless `dtype` says in what.

    >>> import tinygrad5329 as tg
    >>> tg.cumsum(tg.tensor([1, 2, 3]), dim=0)
    tensor([1, 3, 6])
    """
    return _running("cumsum", _cumsum, input, dim, dtype, out)


@method
def cumprod(input: Tensor, dim: int, *, dtype: Dtype | None = None, out: Tensor | None = None) -> Tensor:
    """The running product along `dim` (``torch.cumprod``).

    Integers and bools are multiplied as int64, unless `dtype` says in what. The gradient is right
    where factors are zero, also in higher orders.
    """
    return _running("cumprod", _cumprod, input, dim, dtype, out)


def _record(op: str, primitive: Primitive, ufunc: Any, input: Any, dim: Any, out: Any) -> Any:
    """The running extremum and where it was last met."""
    x = tensor_operand(op, input)
    if x.dtype.kind == "c":
        raise NotImplementedError(f'"{op}_cpu" not implemented for {input.dtype.name}: complex numbers have no order')
    axis = one_axis(op, dim, x.ndim)
    indices = np.zeros(x.shape, np.int64)
    if axis is not None:
        along = np.arange(x.shape[axis]).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
        met = x == ufunc.accumulate(x, axis)
        if x.dtype.kind in dtypes.FLOATING:
            met |= np.isnan(x)
        indices = np.maximum.accumulate(np.where(met, along, 0), axis)
    found = wrap(indices)
    pair = getattr(return_types, op)((primitive(input, found, axis=axis), found))
    return pair if out is None else write_pair(op, out, pair)


@method
def cummax(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """The running maximum along `dim` and the index where it was last met (``torch.cummax``); NaN stays."""
    return _record("cummax", _cummax, np.maximum, input, dim, out)


@method
def cummin(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """The running minimum along `dim` and the index where it was last met (``torch.cummin``); NaN stays."""
    return _record("cummin", _cummin, np.minimum, input, dim, out)
