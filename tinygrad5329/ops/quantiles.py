"""Quantiles along a dimension, interpolated: quantile, nanquantile."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops import arithmetic, shaping
from tinygrad5329.ops.dims import one_axis, tensor_operand
from tinygrad5329.ops.ordering import order
from tinygrad5329.ops.promote import write_out
from tinygrad5329.ops.selection import pick_arrays, selecting
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["nanquantile", "quantile"]

# Two quantiles may fall on the same element.
_quantile = selecting("quantile", distinct=False)
_MODES = ("linear", "lower", "higher", "midpoint", "nearest")


@method
def quantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """The `q`-quantiles of all elements, or along `dim` (``torch.quantile``).

    Parameters
    ----------
    input : Tensor
        float32 or float64; where there is a NaN the result is NaN.
    q : float or Tensor
        In [0, 1]. A tensor (Q,) of the input's dtype gives Q results along a new first dimension.
    interpolation : {"linear", "lower", "higher", "midpoint", "nearest"}
        What to return between two elements.

    Raises
    ------
    RuntimeError
        The input is empty or of another dtype, or `q` is outside [0, 1].

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> tg.quantile(tg.tensor([0.0, 1.0, 2.0, 4.0]), 0.5)
    tensor(1.5000)
    """
    result = _quantiles("quantile", input, q, dim, keepdim, interpolation, ignore=False)
    return result if out is None else write_out("quantile", out, result)


@method
def nanquantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """:func:`quantile` of the elements that are not NaN (``torch.nanquantile``)."""
    result = _quantiles("nanquantile", input, q, dim, keepdim, interpolation, ignore=True)
    return result if out is None else write_out("nanquantile", out, result)


def _quantiles(op: str, input: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, ignore: bool) -> Tensor:
    x = tensor_operand(op, input)
    fractions = _fractions(op, x, q)
    if interpolation not in _MODES:
        raise RuntimeError(
            f"{op}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    shape, axis = x.shape, 0 if dim is None else one_axis(op, dim, x.ndim) or 0
    if dim is None or not shape:
        input = shaping.reshape(input, (-1,))
        x = input._array
    # (..., Q, ...): the result, with the quantiles along `axis`.
    column = fractions._array.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
    last = np.full([1 if i == axis else n for i, n in enumerate(x.shape)], x.shape[axis] - 1, x.dtype)
    nans = np.add.reduce(np.isnan(x), axis, x.dtype, keepdims=True)
    ranks = column * np.maximum(last - nans, 0) if ignore else np.where(nans > 0, last, column * last)
    if interpolation == "nearest":
        ranks = np.round(ranks)
    indices = order(x, axis)

    def at(rank: Any) -> Tensor:
        return _quantile(input, wrap(pick_arrays(indices, rank.astype(np.int64), axis)), axis=axis)

    if interpolation in ("linear", "midpoint") and (ranks != np.floor(ranks)).any():
        low, high = np.floor(ranks), np.ceil(ranks)
        weights = ranks - low if interpolation == "linear" else np.where(ranks == low, 0, 0.5).astype(x.dtype)
        result = arithmetic.lerp(at(low), at(high), wrap(weights))
    else:
        result = at(np.ceil(ranks) if interpolation == "higher" else np.floor(ranks))
    kept = [1] * len(shape) if dim is None else [1 if i == axis else n for i, n in enumerate(shape)]
    gone = kept if keepdim else [] if dim is None else [n for i, n in enumerate(shape) if i != axis]
    return shaping.reshape(shaping.movedim(result, axis, 0), (*fractions._array.shape, *gone))


def _fractions(op: str, x: Any, q: Any) -> Tensor:
    """`q` as a tensor in the dtype of `x`, checked."""
    if x.dtype.name not in ("float32", "float64"):
        raise RuntimeError(f"{op}() input tensor must be either float or double dtype")
    if x.size == 0:
        raise RuntimeError(f"{op}() input tensor must be non-empty")
    if isinstance(q, Tensor):
        if q._array.ndim > 1:
            raise RuntimeError(f"{op}() q must be a scalar or 1D tensor")
        if q._array.dtype != x.dtype:
            raise RuntimeError(f"{op}() q tensor must be same dtype as the input tensor")
        if q.requires_grad:
            raise RuntimeError(f"{op}(): the derivative for 'q' is not implemented; detach() it first")
        if not ((q._array >= 0) & (q._array <= 1)).all():
            raise RuntimeError(f"{op}() q values must be in the range [0, 1]")
        return q
    if not isinstance(q, (int, float)):
        raise TypeError(f"{op}(): argument 'q' must be Tensor or float, not {type(q).__name__}")
    if not 0 <= q <= 1:
        raise RuntimeError(f"{op}() q must be in the range [0, 1] but got {q}")
    return wrap(np.asarray(q, x.dtype))
