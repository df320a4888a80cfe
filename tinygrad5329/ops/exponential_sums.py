"""Sums of exponentials, computed without overflow: logsumexp, softmax, log_softmax, logcumsumexp.

All subtract the largest element before they exponentiate. float16 is computed in float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends import sums
from tinygrad5329.dtypes import dtype as Dtype
from tinygrad5329.ops.dims import (
    all_axes,
    check_keepdim,
    one_axis,
    scalar_type,
    spread,
    tensor_operand,
)
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, to_float, write_out
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["log_softmax", "logcumsumexp", "logsumexp", "softmax"]


def _logsumexp_arrays(x: Any, axis: Any, keepdims: Any) -> Any:
    if x.dtype == np.float16:
        return _logsumexp_arrays(x.astype(np.float32), axis, keepdims).astype(np.float16)
    if x.size == 0:
        return np.log(np.add.reduce(x, axis, None, keepdims=keepdims))
    top = np.maximum.reduce(x, axis, None, keepdims=True)
    # An infinite maximum is the result itself; subtracting it would give NaN.
    shift = np.where(np.isfinite(top), top, np.zeros_like(top))
    total = np.log(sums.sum(np.exp(x - shift), axis, keepdims=True)) + shift
    return total if keepdims else total.squeeze(axis)


def _softmax_arrays(x: Any, axis: int | None) -> Any:
    if x.dtype == np.float16:
        return _softmax_arrays(x.astype(np.float32), axis).astype(np.float16)
    if x.size == 0:
        return x.copy()
    if axis is None:
        return _softmax_arrays(x.reshape(1), 0).reshape(())
    # Contiguous as PyTorch's result is, so that a dropout behind it draws in the same order.
    y = np.subtract(x, np.maximum.reduce(x, axis, None, keepdims=True), order="C")
    np.exp(y, y)
    y /= sums.sum(y, axis, keepdims=True)
    return y


def _softmax_raw(xp: Any, g: Any, needs: Any, out: Any, axis: int | None) -> tuple[Any]:
    if axis is None or out.dtype == np.float16:
        return (_softmax_rule(xp, g, out, axis),)
    y = g * out
    total = sums.sum(y, axis, keepdims=True)
    np.subtract(g, total, y)
    y *= out
    return (y,)


def _softmax_rule(xp: Any, g: Any, out: Any, axis: int | None) -> Any:
    return out * (g - xp.sum(g * out, axis=axis, keepdims=True))


def _log_softmax_arrays(x: Any, axis: int | None) -> Any:
    if x.dtype == np.float16:
        return _log_softmax_arrays(x.astype(np.float32), axis).astype(np.float16)
    if x.size == 0:
        return x.copy()
    if axis is None:
        return _log_softmax_arrays(x.reshape(1), 0).reshape(())
    y = np.subtract(x, np.maximum.reduce(x, axis, None, keepdims=True), order="C")
    y -= np.log(sums.sum(np.exp(y), axis, keepdims=True))
    return y


def _log_softmax_raw(xp: Any, g: Any, needs: Any, out: Any, axis: int | None) -> tuple[Any]:
    if axis is None or out.dtype == np.float16:
        return (_log_softmax_rule(xp, g, out, axis),)
    y = np.exp(out)
    y *= sums.sum(g, axis, keepdims=True)
    np.subtract(g, y, y)
    return (y,)


def _log_softmax_rule(xp: Any, g: Any, out: Any, axis: int | None) -> Any:
    return g - xp.exp(out) * xp.sum(g, axis=axis, keepdims=True)


def _logcumsumexp_arrays(x: Any, axis: int | None) -> Any:
    return x.copy() if axis is None else np.logaddexp.accumulate(x, axis)


def _logcumsumexp_rule(xp: Any, g: Any, x: Any, out: Any, axis: int | None) -> Any:
    """Each element's share in each of the sums it is part of: (..., n, n), no exponent above 0."""
    if axis is None:
        return g
    rows, ends, slopes = (xp.moveaxis(each, axis, -1) for each in (x, out, g))
    n = rows.shape[-1]
    within = xp.asarray(np.tri(n, dtype=bool).T)
    exponents = xp.expand_dims(rows, -1) - xp.expand_dims(ends, -2)
    shares = xp.exp(xp.where(within, exponents, -np.inf))
    return xp.moveaxis(xp.sum(xp.expand_dims(slopes, -2) * shares, axis=-1), -1, axis)


def _logcumsumexp_raw(xp: Any, g: Any, needs: Any, x: Any, out: Any, axis: int | None) -> tuple[Any]:
    """The same in linear time: sums from the end, of positive and negative gradients apart, in logarithms."""
    if axis is None:
        return (g,)

    def from_the_end(part: Any) -> Any:
        logs = np.log(part) - out
        return np.exp(np.flip(np.logaddexp.accumulate(np.flip(logs, axis), axis), axis) + x)

    return ((from_the_end(np.maximum(g, 0)) - from_the_end(np.maximum(-g, 0))).astype(x.dtype, copy=False),)


_logsumexp = Primitive(
    "logsumexp",
    lambda xp, x, *, axis, keepdims: _logsumexp_arrays(x, axis, keepdims),
    lambda xp, g, x, out, axis: spread(xp, g, x.shape, axis) * xp.exp(x - spread(xp, out, x.shape, axis)),
)
_softmax = Primitive("softmax", lambda xp, x, *, axis: _softmax_arrays(x, axis), _softmax_rule, raw=_softmax_raw)
_log_softmax = Primitive(
    "log_softmax",
    lambda xp, x, *, axis: _log_softmax_arrays(x, axis),
    _log_softmax_rule,
    raw=_log_softmax_raw,
)
_logcumsumexp = Primitive(
    "logcumsumexp",
    lambda xp, x, *, axis: _logcumsumexp_arrays(x, axis),
    _logcumsumexp_rule,
    raw=_logcumsumexp_raw,
)


@method
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """``log(sum(exp(input)))`` over the dimensions `dim` (``torch.logsumexp``).

    Integers are computed in the default dtype; a sum of nothing is -inf.

    >>> import tinygrad5329 as tg
    >>> tg.logsumexp(tg.tensor([1000.0, 1000.0]), 0)
    tensor(1000.6932)
    """
    x = to_float(input, "logsumexp")
    check_keepdim("logsumexp", keepdim)
    if dim is None:
        raise TypeError("logsumexp(): argument 'dim' must be tuple of ints, not NoneType")
    axis = all_axes("logsumexp", dim, x._array.ndim)
    result = (_logsumexp_complex if x.is_complex() else _logsumexp)(x, axis=axis, keepdims=keepdim)
    return result if out is None else write_out("logsumexp", out, result)


def _normalised(
    op: str, primitive: Primitive, input: Tensor, dim: Any, dtype: Dtype | None, out: Tensor | None
) -> Tensor:
    x = tensor_operand(op, input)
    if dtype is not None:
        input = cast(input, dtypes.as_dtype(dtype))
        x = input._array
    axis = one_axis(op, dim, x.ndim)
    if x.dtype.kind not in dtypes.FLOATING:
        raise NotImplementedError(
            f"\"{op}_kernel_impl\" not implemented for '{scalar_type(x.dtype)}': pass a floating point "
            "tensor, or the dtype to compute in"
        )
    result = primitive(input, axis=axis)
    return result if out is None else write_out(op, out, result)


def _logsumexp_complex(x: Tensor, *, axis: Any, keepdims: bool) -> Tensor:
    if axis is None:
        axis = tuple(range(x._array.ndim))
    # The largest real part is taken out, which leaves no number to overflow.
    real = x._array.real
    largest = np.max(real, axis, keepdims=True, initial=-np.inf)
    shift = wrap(np.where(np.isfinite(largest), largest, 0).astype(real.dtype))
    total = (x - shift).exp().sum(axis, True).log() + shift
    return total if keepdims or axis == () else total.squeeze(axis)


@method
def softmax(input: Tensor, dim: int, dtype: Dtype | None = None, *, out: Tensor | None = None) -> Tensor:
    """``exp(input)`` divided by its sum over the dimension `dim` (``torch.softmax``).

    With `dtype` the input is converted first. Raises NotImplementedError for integers without it.

    >>> import tinygrad5329 as tg
    >>> tg.softmax(tg.tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    return _normalised("softmax", _softmax, input, dim, dtype, out)


@method
def log_softmax(input: Tensor, dim: int, dtype: Dtype | None = None, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of :func:`softmax`, precise where that is tiny (``torch.log_softmax``)."""
    return _normalised("log_softmax", _log_softmax, input, dim, dtype, out)


@method
def logcumsumexp(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the running sum of ``exp(input)`` along `dim` (``torch.logcumsumexp``)."""
    x = tensor_operand("logcumsumexp", input)
    axis = one_axis("logcumsumexp", dim, x.ndim)
    if x.dtype.kind not in dtypes.FLOATING:
        raise NotImplementedError(
            f"\"logcumsumexp_out_cpu\" not implemented for '{scalar_type(x.dtype)}': pass a floating point tensor"
        )
    result = _logcumsumexp(input, axis=axis)
    return result if out is None else write_out("logcumsumexp", out, result)
