"""Reductions that add up, multiply or ask: sum, nansum, mean, nanmean, prod, all, any, count_nonzero."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends import sums
from tinygrad5329.dtypes import dtype as Dtype
from tinygrad5329.ops import arithmetic, choosing
from tinygrad5329.ops.dims import (
    all_axes,
    check_keepdim,
    one_axis,
    reduced_count,
    scalar_type,
    spread,
    tensor_operand,
)
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, write_out
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["all", "any", "count_nonzero", "mean", "nanmean", "nansum", "prod", "sum"]

_sum = Primitive(
    "sum",
    lambda xp, x, *, axis, keepdims, dtype: sums.sum(x, axis, dtype, keepdims=keepdims),
    lambda xp, g, x_shape, axis: spread(xp, g, x_shape, axis),
    raw=lambda xp, g, needs, x_shape, axis: (sums.spread(g, x_shape, axis),),
)
_mean = Primitive(
    "mean",
    lambda xp, x, *, axis, keepdims: _average(x, axis, keepdims),
    lambda xp, g, x_shape, axis: spread(xp, g / reduced_count(x_shape, axis), x_shape, axis),
    raw=lambda xp, g, needs, x_shape, axis: (sums.spread(g / reduced_count(x_shape, axis), x_shape, axis),),
)
_prod = Primitive(
    "prod",
    lambda xp, x, *, axis, keepdims, dtype: _product(xp, x, axis, keepdims, dtype),
    lambda xp, g, x, out, axis: _prod_rule(xp, g, x, out, axis),
    raw=lambda xp, g, needs, x, out, axis: (_prod_arrays(xp, g, x, out, axis),),
)


def _average(x: Any, axis: Any, keepdims: bool) -> Any:
    count = reduced_count(x.shape, axis)
    if x.dtype == np.float16:
        # The sum alone could overflow where the mean does not.
        return (sums.sum(x, axis, np.float32, keepdims=keepdims) / count).astype(np.float16)
    return sums.sum(x, axis, keepdims=keepdims) / count


def _product(xp: Any, x: Any, axis: Any, keepdims: bool, dtype: Any) -> Any:
    if x.dtype == np.float16:
        return xp.multiply.reduce(x, axis, np.float32, keepdims=keepdims).astype(np.float16)
    return xp.multiply.reduce(x, axis, dtype, keepdims=keepdims)


def _prod_rule(xp: Any, g: Any, x: Any, out: Any, axis: Any) -> Any:
    """Each factor's derivative is the product of the others; dividing it out fails where a factor is 0."""
    if not (x == 0).any():
        return spread(xp, g * xp.conj(out), x.shape, axis) / xp.conj(x)
    rows = xp.reshape(x, (-1,)) if axis is None else xp.moveaxis(x, axis, -1)
    here = xp.asarray(np.eye(rows.shape[-1], dtype=bool))
    # (..., n, n): row i has a 1 in place of factor i.
    others = xp.prod(xp.where(here, 1.0, xp.expand_dims(rows, -2)), axis=-1)
    others = xp.reshape(others, x.shape) if axis is None else xp.moveaxis(others, -1, axis)
    return spread(xp, g, x.shape, axis) * xp.conj(others)


def _prod_arrays(xp: Any, g: Any, x: Any, out: Any, axis: Any) -> Any:
    """The same in linear time: with one zero only its own factor has a derivative, with two none has."""
    zero = x == 0
    if not zero.any():
        return spread(xp, g * xp.conj(out), x.shape, axis) / xp.conj(x)
    zeros = xp.add.reduce(zero, axis, np.int64, keepdims=True)
    others = xp.multiply.reduce(xp.where(zero, 1, x), axis, None, keepdims=True)
    out = xp.multiply.reduce(x, axis, None, keepdims=True)
    slopes = xp.where(zeros == 0, out / xp.where(zero, 1, x), xp.where(zero & (zeros == 1), others, out))
    return (spread(xp, g, x.shape, axis) * xp.conj(slopes)).astype(x.dtype, copy=False)


def _sum_dtype(x: Any, dtype: Any, out: Any) -> Dtype:
    """The dtype in which elements are added or multiplied: as asked for; int64 for integers and bools."""
    if dtype is not None:
        wanted = dtypes.as_dtype(dtype)
        if isinstance(out, Tensor) and out.dtype is not wanted:
            raise RuntimeError(f"Expected out tensor to have dtype {wanted.name}, but got {out.dtype.name} instead")
        return wanted
    if isinstance(out, Tensor):
        return out.dtype
    return dtypes.int64 if x.dtype.kind in "biu" else dtypes.of_numpy(x.dtype)


def _accumulated_in(d: Dtype) -> Any:
    """The dtype to name to NumPy, which would widen small integers by itself."""
    return d.numpy if d.numpy.kind in "biu" else None


@method
def sum(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The sum of all elements, or over the dimensions `dim` (``torch.sum``).

    Integers and bools are summed as int64, unless `dtype` says in what.

    >>> import tinygrad5329 as tg
    >>> tg.sum(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    x = tensor_operand("sum", input)
    check_keepdim("sum", keepdim)
    axis = None if dim is None else all_axes("sum", dim, x.ndim)
    if dtype is None and out is None and x.dtype.kind in dtypes.FLOATING:
        return _sum(input, axis=axis, keepdims=keepdim, dtype=None)
    wanted = _sum_dtype(x, dtype, out)
    if wanted is dtypes.int64 and x.dtype.kind in "biu":
        result = _sum(input, axis=axis, keepdims=keepdim, dtype=np.int64)
    else:
        result = _sum(cast(input, wanted), axis=axis, keepdims=keepdim, dtype=_accumulated_in(wanted))
    return result if out is None else write_out("sum", out, result)


@method
def nansum(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """``sum`` that counts NaN as 0 (``torch.nansum``)."""
    return sum(_without_nans("nansum", input), dim, keepdim, dtype=dtype, out=out)


def _without_nans(op: str, input: Tensor) -> Tensor:
    x = tensor_operand(op, input)
    if x.dtype.kind == "c":
        raise RuntimeError(f"{op} does not support complex inputs")
    return input if x.dtype.kind not in dtypes.FLOATING else choosing.where(wrap(np.isnan(x)), 0.0, input)


@method
def mean(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The mean of all elements, or over the dimensions `dim` (``torch.mean``); NaN where there are none.

    Raises RuntimeError for integers and bools, unless `dtype` names a floating point type to average in.
    """
    x = tensor_operand("mean", input)
    check_keepdim("mean", keepdim)
    axis = None if dim is None else all_axes("mean", dim, x.ndim)
    if dtype is not None:
        wanted = dtypes.as_dtype(dtype)
        if wanted.numpy.kind not in dtypes.INEXACT:
            raise RuntimeError(_not_averaged("Optional", wanted.numpy))
        input = cast(input, wanted)
    elif x.dtype.kind not in dtypes.INEXACT:
        raise RuntimeError(_not_averaged("Input", x.dtype))
    result = _mean(input, axis=axis, keepdims=keepdim)
    return result if out is None else write_out("mean", out, result)


def _not_averaged(which: str, d: Any) -> str:
    return (
        f"mean(): could not infer output dtype. {which} dtype must be either a floating point or complex "
        f"dtype. Got: {scalar_type(d)}"
    )


@method
def nanmean(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """``mean`` of the elements that are not NaN (``torch.nanmean``)."""
    x = tensor_operand("nanmean", input)
    if x.dtype.kind not in dtypes.INEXACT:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got " + scalar_type(x.dtype)
        )
    count = sum(wrap(~np.isnan(x)), dim, keepdim)
    result = arithmetic.div(nansum(input, dim, keepdim, dtype=dtype), count)
    return result if out is None else write_out("nanmean", out, result)


@method
def prod(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The product of all elements, or over the dimension `dim` (``torch.prod``).

    Integers and bools are multiplied as int64, unless `dtype` says in what. The gradient is right where
    factors are zero, also in higher orders.
    """
    x = tensor_operand("prod", input)
    check_keepdim("prod", keepdim)
    axis = None if dim is None else one_axis("prod", dim, x.ndim)
    wanted = _sum_dtype(x, dtype, out)
    result = _prod(cast(input, wanted), axis=axis, keepdims=keepdim, dtype=_accumulated_in(wanted))
    return result if out is None else write_out("prod", out, result)


def _truth(op: str, ufunc: Any, input: Tensor, dim: Any, keepdim: bool, out: Tensor | None) -> Tensor:
    x = tensor_operand(op, input)
    check_keepdim(op, keepdim)
    if isinstance(dim, (tuple, list)) and not dim:
        # PyTorch's exception: no dimensions are none here, where other reductions take all.
        found = x != 0
    else:
        found = ufunc.reduce(x, all_axes(op, dim, x.ndim), None, keepdims=keepdim)
    # PyTorch answers bytes with bytes.
    result = wrap(found.astype(np.uint8) if x.dtype == np.uint8 else found)
    return result if out is None else write_out(op, out, result)


@method
def all(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Whether all elements, or all over the dimensions `dim`, are nonzero (``torch.all``)."""
    return _truth("all", np.logical_and, input, dim, keepdim, out)


@method
def any(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Whether some element, or some over the dimensions `dim`, is nonzero (``torch.any``)."""
    return _truth("any", np.logical_or, input, dim, keepdim, out)


@method
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements, in all or over the dimensions `dim`, are nonzero (``torch.count_nonzero``)."""
    x = tensor_operand("count_nonzero", input)
    return wrap(np.asarray(np.count_nonzero(x, all_axes("count_nonzero", dim, x.ndim)), np.int64))
