"""The largest and the smallest: max, min, amax, amin, aminmax, argmax, argmin.

Over all elements, and in amax and amin, elements that tie share the gradient evenly. ``max(dim)`` and
``min(dim)`` return an index, and the gradient goes to the element there. NaN wins everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import return_types
from tinygrad5329.ops import choosing
from tinygrad5329.ops.dims import (
    all_axes,
    check_keepdim,
    kept_shape,
    one_axis,
    scalar_type,
    spread,
    tensor_operand,
)
from tinygrad5329.ops.primitive import Primitive, Rule
from tinygrad5329.ops.promote import write_out
from tinygrad5329.ops.selection import selecting, write_pair
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "max", "min"]


def _evenly(xp: Any, g: Any, x: Any, at: Any, axis: Any, keepdims: bool) -> Any:
    """The gradient in equal parts to the elements marked by `at`."""
    ties = xp.where(at, xp.ones_like(x), 0.0)
    return spread(xp, g / xp.sum(ties, axis=axis, keepdims=keepdims), x.shape, axis) * ties


def _tied_rule(xp: Any, g: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> Any:
    """To all elements that equal the extremum; a NaN equals nothing and gives NaN, as in PyTorch."""
    return _evenly(xp, g, x, x == spread(xp, out, x.shape, axis), axis, keepdims)


def whole_rule(xp: Any, g: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> Any:
    """The same where one element stands for all; if it is NaN, to the NaNs, as in PyTorch."""
    return _evenly(xp, g, x, xp.isnan(x) if xp.isnan(out).any() else x == out, axis, keepdims)


def _evenly_arrays(g: Any, x: Any, out: Any, axis: Any, keepdims: bool, nans: bool) -> Any:
    """The same on arrays, without temporaries of the size of `x` but the marks and the result."""
    if axis is not None and not keepdims:
        out, g = (each.reshape(kept_shape(x.shape, axis)) for each in (out, g))
    at = np.isnan(x) if nans and np.isnan(out).any() else x == out
    ties: Any = np.add.reduce(at, axis, g.dtype, keepdims=True) if axis is not None else int(np.count_nonzero(at))
    return at * (g / ties)


def _tied_raw(xp: Any, g: Any, needs: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> tuple[Any]:
    return (_evenly_arrays(g, x, out, axis, keepdims, nans=False),)


def whole_raw(xp: Any, g: Any, needs: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> tuple[Any]:
    """``whole_rule`` on arrays."""
    return (_evenly_arrays(g, x, out, axis, keepdims, nans=True),)


def _shared(name: str, node_name: str, reduce: str, rule: Rule, raw: Rule) -> Primitive:
    op = Primitive(
        name,
        lambda xp, x, *, axis, keepdims: getattr(xp, reduce).reduce(x, axis, None, keepdims=keepdims),
        rule,
        raw=raw,
    )
    op.node_name = node_name
    return op


_amax = _shared("amax", "AmaxBackward0", "maximum", _tied_rule, _tied_raw)
_amin = _shared("amin", "AminBackward0", "minimum", _tied_rule, _tied_raw)
_max_of_all = _shared("max_of_all", "MaxBackward1", "maximum", whole_rule, whole_raw)
_min_of_all = _shared("min_of_all", "MinBackward1", "minimum", whole_rule, whole_raw)
_max = selecting(
    "max", lambda xp, x, indices, *, axis: xp.maximum.reduce(x, axis, None, keepdims=indices.ndim == x.ndim)
)
_min = selecting(
    "min", lambda xp, x, indices, *, axis: xp.minimum.reduce(x, axis, None, keepdims=indices.ndim == x.ndim)
)


def nonempty(op: str, x: Any, axis: Any, error: type[Exception] = RuntimeError) -> None:
    """Raise PyTorch's error if a reduction of the empty `x` over `axis` would have to be one of nothing."""
    if axis is None:
        raise error(
            f"{op}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
            "dim with the 'dim' argument."
        )
    for each in axis if type(axis) is tuple else (axis,):
        if x.shape[each] == 0:
            raise IndexError(f"{op}(): Expected reduction dim {each} to have non-zero size.")


def _ordered(op: str, input: Any) -> Any:
    x = tensor_operand(op, input)
    if x.dtype.kind == "c":
        raise NotImplementedError(
            f"\"{op}\" not implemented for '{scalar_type(x.dtype)}': complex numbers have no order; take abs() first"
        )
    return x


def _extremum(
    op: str,
    input: Any,
    dim: Any,
    keepdim: bool,
    other: Any,
    out: Any,
    whole: Primitive,
    along: Primitive,
    find: str,
) -> Any:
    """``max`` and ``min`` in their three forms: of all elements, along a dimension, of two tensors."""
    if isinstance(dim, Tensor):
        dim, other = None, dim
    if other is not None:
        return getattr(choosing, f"{op}imum")(input, other, out=out)
    x = _ordered(op, input)
    check_keepdim(op, keepdim)
    if dim is None:
        if keepdim:
            raise TypeError(f"{op}(): keepdim needs a dim; a{op}(keepdim=True) reduces all dimensions and keeps them")
        if x.size == 0:
            nonempty(op, x, None)
        result = whole(input, axis=None, keepdims=False)
        return result if out is None else write_out(op, out, result)
    axis = one_axis(op, dim, x.ndim)
    if x.size == 0:
        nonempty(op, x, axis)
    indices = wrap(getattr(x, find)(axis, None, keepdims=keepdim))
    pair = getattr(return_types, op)((along(input, indices, axis=axis), indices))
    return pair if out is None else write_pair(op, out, pair)


@method
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Any = None) -> Any:
    """The largest element; with `dim`, values and indices along it; with a tensor, the elementwise maximum.

    Matches ``torch.max``. The gradient of the largest of all is shared by ties; along a dimension it goes
    to the element at the index.

    >>> import tinygrad5329 as tg
    >>> values, indices = tg.max(tg.tensor([[1.0, 3.0], [4.0, 2.0]]), dim=1)
    >>> values, indices
    (tensor([3., 4.]), tensor([1, 0]))
    """
    return _extremum("max", input, dim, keepdim, other, out, _max_of_all, _max, "argmax")


@method
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Any = None) -> Any:
    """The smallest element; with `dim`, values and indices along it; with a tensor, the elementwise minimum.

    Matches ``torch.min``; gradients as in :func:`max`.
    """
    return _extremum("min", input, dim, keepdim, other, out, _min_of_all, _min, "argmin")


def _over(op: str, primitive: Primitive, input: Any, dim: Any, keepdim: bool, out: Tensor | None) -> Tensor:
    x = _ordered(op, input)
    check_keepdim(op, keepdim)
    axis = all_axes(op, dim, x.ndim)
    if x.size == 0:
        nonempty(op, x, tuple(range(x.ndim)) if dim and axis is None else axis)
    result = primitive(input, axis=axis, keepdims=keepdim)
    return result if out is None else write_out(op, out, result)


@method
def amax(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The largest elements over the dimensions `dim`; ties share the gradient (``torch.amax``)."""
    return _over("amax", _amax, input, dim, keepdim, out)


@method
def amin(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The smallest elements over the dimensions `dim`; ties share the gradient (``torch.amin``)."""
    return _over("amin", _amin, input, dim, keepdim, out)


@method
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Any = None) -> Any:
    """:func:`amin` and :func:`amax` as a named pair (``torch.aminmax``)."""
    x = _ordered("aminmax", input)
    check_keepdim("aminmax", keepdim)
    axis = None if dim is None else one_axis("aminmax", dim, x.ndim)
    if x.size == 0:
        if axis is None:
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
            )
        nonempty("aminmax", x, axis)
    for each in out or ():
        if isinstance(each, Tensor) and each.dtype is not input.dtype:
            raise RuntimeError(
                f"Expected out tensor to have dtype {input.dtype.name}, but got {each.dtype.name} instead"
            )
    pair = return_types.aminmax([op(input, axis=axis, keepdims=keepdim) for op in (_amin, _amax)])
    return pair if out is None else write_pair("aminmax", out, pair)


def _index_of(op: str, input: Any, dim: Any, keepdim: bool, out: Tensor | None) -> Tensor:
    x = tensor_operand(op, input)
    check_keepdim(op, keepdim)
    if x.dtype.kind == "c":
        raise RuntimeError(f"{op}(): does not support complex input; take abs() first")
    if x.dtype.kind == "b":
        raise RuntimeError(f"{op}(): does not support bool input; convert it, for example with input.int()")
    axis = None if dim is None else one_axis(op, dim, x.ndim)
    if x.size == 0:
        nonempty(op, x, axis, IndexError)
    result = wrap(getattr(x, op)(axis, None, keepdims=keepdim))
    return result if out is None else write_out(op, out, result)


@method
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The index of the largest element: of the flattened input, or along `dim` (``torch.argmax``)."""
    return _index_of("argmax", input, dim, keepdim, out)


@method
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The index of the smallest element: of the flattened input, or along `dim` (``torch.argmin``)."""
    return _index_of("argmin", input, dim, keepdim, out)
