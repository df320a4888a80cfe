"""Vector norms: ``norm`` for every order, over all elements or over dimensions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends import sums
from tinygrad5329.dtypes import dtype as Dtype
from tinygrad5329.ops.dims import (
    all_axes,
    check_keepdim,
    kept_shape,
    scalar_type,
    spread,
    tensor_operand,
)
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, write_out
from tinygrad5329.tensor import Tensor, method

__all__ = ["norm"]

#: Elements up to which the 2-norm is one dot product; beyond, pairwise sums are more exact.
_DOT = 1 << 14


def _norm_arrays(x: Any, order: float, axis: Any, keepdims: Any) -> Any:
    if x.dtype == np.float16:
        return _norm_arrays(x.astype(np.float32), order, axis, keepdims).astype(np.float16)
    if order == 2:
        if axis is None and not keepdims and x.size <= _DOT and x.dtype.kind == "f":
            flat = x.reshape(-1)
            return np.sqrt(np.dot(flat, flat))
        squares = np.square(x) if x.dtype.kind == "f" else (x * x.conj()).real
        return np.sqrt(sums.sum(squares, axis, keepdims=keepdims))
    sizes = np.abs(x)
    if math.isinf(order):
        return (np.maximum if order > 0 else np.minimum).reduce(sizes, axis, None, keepdims=keepdims)
    if order == 0:
        return sums.sum((sizes != 0).astype(sizes.dtype), axis, keepdims=keepdims)
    if order == 1:
        return sums.sum(sizes, axis, keepdims=keepdims)
    return sums.sum(sizes**order, axis, keepdims=keepdims) ** (1 / order)


def _norm_rule(xp: Any, g: Any, x: Any, out: Any, order: float, axis: Any, keepdims: bool) -> Any:
    """PyTorch's subgradients: 0 where the norm or, in the power rule, the element is 0; ties share."""
    if order == 0:
        return xp.zeros_like(x)
    if order == 1:
        return spread(xp, g, x.shape, axis) * xp.sign(x)
    if math.isinf(order):
        at = xp.abs(x) == spread(xp, out, x.shape, axis)
        ties = xp.where(at, xp.ones_like(x), 0.0)
        share = g / xp.sum(ties, axis=axis, keepdims=keepdims)
        return spread(xp, share, x.shape, axis) * (ties * xp.sign(x))
    flat = out == 0
    length = xp.where(flat, 1.0, out)
    if order == 2:
        return x * spread(xp, xp.where(flat, 0.0, g / length), x.shape, axis)
    zero = x == 0
    powers = xp.sign(x) * xp.where(zero, 1.0, xp.abs(x)) ** (order - 1)
    return xp.where(zero, 0.0, powers) * spread(xp, xp.where(flat, 0.0, g * length ** (1 - order)), x.shape, axis)


def _norm_arrays_rule(xp: Any, g: Any, x: Any, out: Any, order: float, axis: Any, keepdims: bool) -> Any:
    if order != 2 or not np.all(out):
        return _norm_rule(xp, g, x, out, order, axis, keepdims)
    scale = g / out
    return x * (scale if axis is None or keepdims else scale.reshape(kept_shape(x.shape, axis)))


_vector_norm = Primitive(
    "linalg_vector_norm",
    lambda xp, x, *, order, axis, keepdims: _norm_arrays(x, order, axis, keepdims),
    _norm_rule,
    raw=lambda xp, g, needs, x, out, order, axis, keepdims: (_norm_arrays_rule(xp, g, x, out, order, axis, keepdims),),
)


@method
def norm(
    input: Tensor,
    p: Any = "fro",
    dim: Any = None,
    keepdim: bool = False,
    out: Tensor | None = None,
    dtype: Dtype | None = None,
) -> Tensor:
    """The p-norm of all elements, or over the dimensions `dim` as one vector (``torch.norm``).

    Parameters
    ----------
    input : Tensor
        Floating point.
    p : float, "fro", "nuc" or None
        Any order: ``inf`` and ``-inf`` are the largest and smallest absolute value, 0 counts nonzero
        elements; "fro" and None are 2. The gradient at a norm of 0 is 0. "nuc" is the sum of the singular
        values of a matrix in two dimensions.
    dim, keepdim
        The dimensions that go into one norm, all of them if None, and whether they stay with length 1.
    dtype
        Convert to this type first.

    Raises
    ------
    RuntimeError
        The tensor holds integers, or is empty where the order has no value for nothing.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> tg.norm(tg.tensor([3.0, -4.0]))
    tensor(5.)
    """
    x = tensor_operand("norm", input)
    check_keepdim("norm", keepdim)
    if type(p) is str and p == "nuc":
        from tinygrad5329.ops.decompositions.matrix_norms import matrix_norm

        return matrix_norm(input, p, tuple(range(x.ndim)) if dim is None else dim, keepdim, dtype=dtype, out=out)
    if x.dtype.kind not in dtypes.INEXACT:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got " + scalar_type(x.dtype)
        )
    if dtype is not None:
        wanted = dtypes.as_dtype(dtype)
        if wanted.numpy.kind not in dtypes.INEXACT:
            raise RuntimeError(
                "linalg.vector_norm: dtype should be floating point or complex, but got " + scalar_type(wanted.numpy)
            )
        input = cast(input, wanted)
    axis = all_axes("norm", dim, x.ndim)
    order = _order(p, dim)
    if x.size == 0 and (order < 0 or order == math.inf):
        _refuse_empty(x, axis, order)
    result = _vector_norm(input, order=order, axis=axis, keepdims=keepdim)
    return result if out is None else write_out("norm", out, result)


def _order(p: Any, dim: Any) -> float:
    if p is None or p == "fro":
        if isinstance(dim, (tuple, list)) and len(dim) > 2:
            raise RuntimeError(
                f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}; p=2 takes any number of dimensions"
            )
        return 2.0
    if isinstance(p, str):
        raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
    try:
        return float(p)
    except TypeError:
        raise TypeError(f"norm(): argument 'p' must be a number, 'fro' or None, not {type(p).__name__}") from None


def _refuse_empty(x: Any, axis: Any, order: float) -> None:
    if axis is None:
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {order:g} norm on an empty tensor because the operation "
            "does not have an identity"
        )
    for each in axis if type(axis) is tuple else (axis,):
        if x.shape[each] == 0:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {order:g} norm on the dimension {each} because this "
                "dimension is empty and the operation does not have an identity"
            )
