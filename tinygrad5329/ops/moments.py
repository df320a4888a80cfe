"""Variance and standard deviation: var, std, var_mean, std_mean.

Two passes: the mean, then the squares of the deviations, divided by their number less `correction`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.dtypes import INEXACT
from tinygrad5329.ops import totals
from tinygrad5329.ops.dims import (
    all_axes,
    check_keepdim,
    reduced_count,
    spread,
    tensor_operand,
)
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor, method

__all__ = ["std", "std_mean", "var", "var_mean"]


def _var_arrays(x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    if x.dtype == np.float16:
        return _var_arrays(x.astype(np.float32), axis, correction, keepdims).astype(np.float16)
    count = reduced_count(x.shape, axis)
    deviations = x - (sums.sum(x, axis, keepdims=True) / count if count else 0)
    squares = (deviations * deviations.conj()).real if x.dtype.kind == "c" else np.square(deviations)
    total = sums.sum(squares, axis, keepdims=keepdims)
    if count > correction:
        return total / (count - correction)
    with np.errstate(divide="ignore", invalid="ignore"):
        return total / total.dtype.type(0)


def _var_rule(xp: Any, g: Any, x: Any, axis: Any, correction: float) -> Any:
    count = reduced_count(x.shape, axis)
    if count == correction == 1:
        # 0 / 0, whatever the element is.
        return spread(xp, g * np.nan, x.shape, axis)
    deviations = x - xp.sum(x, axis=axis, keepdims=True) / max(count, 1)
    if axis is None and 0 < count < correction:
        return g * xp.where(deviations == 0, np.nan, np.inf)
    scale = 2 / (count - correction) if count != correction else np.inf
    return spread(xp, g, x.shape, axis) * (deviations * scale)


def _std_rule(xp: Any, g: Any, x: Any, out: Any, axis: Any, correction: float) -> Any:
    """Through the variance; the root at 0 passes on 0, as in PyTorch."""
    flat = out == 0
    return _var_rule(xp, xp.where(flat, 0.0, g / xp.where(flat, 1.0, 2 * out)), x, axis, correction)


_var = Primitive(
    "var",
    lambda xp, x, *, axis, correction, keepdims: _var_arrays(x, axis, correction, keepdims),
    _var_rule,
)
_std = Primitive(
    "std",
    lambda xp, x, *, axis, correction, keepdims: np.sqrt(_var_arrays(x, axis, correction, keepdims)),
    _std_rule,
)


def _moment(
    op: str, primitive: Primitive, input: Any, dim: Any, unbiased: Any, keepdim: bool, correction: Any
) -> Tensor:
    x = tensor_operand(op, input)
    check_keepdim(op, keepdim)
    if isinstance(dim, bool):
        # The old form: var(unbiased).
        dim, unbiased = None, dim
    if unbiased is not None:
        if correction is not None:
            raise TypeError(f"{op}() takes correction or unbiased, not both: unbiased=True is correction=1")
        correction = int(unbiased)
    elif correction is None:
        correction = 1
    if x.dtype.kind not in INEXACT:
        what = f"{op} only support" if op.endswith("mean") else "std and var only support"
        raise RuntimeError(f"{what} floating point and complex dtypes; this tensor is {input.dtype}")
    axis = all_axes(op, dim, x.ndim)
    if reduced_count(x.shape, axis) <= correction:
        warnings.warn(
            f"{op}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction "
            "factor (input numel divided by output numel).",
            UserWarning,
            stacklevel=4,
        )
    return primitive(input, axis=axis, correction=correction, keepdims=keepdim)


@method
def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The variance of all elements, or over the dimensions `dim` (``torch.var``).

    The sum of squared deviations is divided by their number less `correction`, 1 unless given;
    ``unbiased=False`` is ``correction=0``. Warns, and returns NaN or infinity, where nothing remains.

    >>> import tinygrad5329 as tg
    >>> tg.var(tg.tensor([1.0, 2.0, 3.0, 4.0]), correction=0)
    tensor(1.2500)
    """
    result = _moment("var", _var, input, dim, unbiased, keepdim, correction)
    return result if out is None else write_out("var", out, result)


@method
def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The square root of :func:`var` (``torch.std``); where it is 0, so is its gradient."""
    result = _moment("std", _std, input, dim, unbiased, keepdim, correction)
    return result if out is None else write_out("std", out, result)


def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """:func:`var` and the mean (``torch.var_mean``)."""
    variance = _moment("var_mean", _var, input, dim, unbiased, keepdim, correction)
    return variance, totals.mean(input, None if isinstance(dim, bool) else dim, keepdim)


def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """:func:`std` and the mean (``torch.std_mean``)."""
    deviation = _moment("std_mean", _std, input, dim, unbiased, keepdim, correction)
    return deviation, totals.mean(input, None if isinstance(dim, bool) else dim, keepdim)
