"""Normalization of each sample by itself: over its last dimensions, or over groups of its channels.

The kernel keeps the normalised input for its raw rule. That depends on the input, so a recorded backward
pass differentiates the same function written in tensor operations instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.dtypes import FLOATING, finfo, float32
from tinygrad5329.ops import arithmetic, pointwise, reduction, shaping
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast
from tinygrad5329.tensor import Tensor

__all__ = ["group_norm", "layer_norm", "rms_norm"]

_rsqrt = pointwise.rsqrt  # type: ignore[attr-defined]


#: Elements of the rows that the backward pass takes at a time, so that its intermediates stay in the cache.
_BLOCK = 1 << 18
#: Along rows shorter than this NumPy's loops cost more than their elements.
_SHORT = 64


def _by_columns(function: Any, x: Any, row: Any, out: Any) -> Any:
    """``function(x, row, out)`` for matrices and a row; several short rows are taken as one."""
    rows, width = x.shape
    together = min(rows & -rows, 8 * _SHORT // width) if width < _SHORT else 1
    if together > 1:
        together = 1 << together.bit_length() - 1
        row = np.broadcast_to(row, (together, width)).reshape(-1)
        x, out = x.reshape(-1, together * width), out.reshape(-1, together * width)
    return function(x, row, out)


def _inverse_root_mean_square(rows: Any, eps: float) -> Any:
    width = rows.shape[1]
    inverse = sums.sum(np.square(rows), 1) if width < _SHORT else np.vecdot(rows, rows)
    inverse /= width
    inverse += eps
    np.sqrt(inverse, inverse)
    return np.divide(1, inverse, inverse)


def _layer_norm_forward(
    xp: Any, x: Any, weight: Any, bias: Any, *, shape: tuple[int, ...], eps: float, keep: bool
) -> tuple[Any, Any]:
    """Normalise over the last dimensions, which have `shape`."""
    width = math.prod(shape)
    rows = x.reshape(-1, width)
    mean = sums.sum(rows, 1)
    mean /= width
    normal = np.subtract(rows, mean[:, None], order="C")
    inverse = _inverse_root_mean_square(normal, eps)
    normal *= inverse[:, None]
    # The rule's cache must not be what the caller may write to.
    out = np.empty_like(normal) if keep else normal
    if weight is not None:
        _by_columns(np.multiply, normal, weight.reshape(-1), out)
        if bias is not None:
            _by_columns(np.add, out, bias.reshape(-1), out)
    elif bias is not None:
        _by_columns(np.add, normal, bias.reshape(-1), out)
    elif keep:
        out[...] = normal
    return out.reshape(x.shape), (normal, inverse) if keep else None


def _layer_norm_raw(xp: Any, g: Any, needs: Any, weight: Any, shape: tuple[int, ...], aux: Any) -> tuple[Any, Any, Any]:
    """dx = s (h - mean(h) - n mean(h n)), with h = g w, n the normalised input, s the inverse deviation."""
    normal, inverses = aux
    whole = g.shape
    rows, width = normal.shape
    step = max(1, _BLOCK // width)
    slopes = g.reshape(normal.shape)
    row = None if weight is None else weight.reshape(-1)
    dx = np.empty(normal.shape, normal.dtype)
    dw = db = None
    for start in range(0, rows, step):
        block = slice(start, start + step)
        n, g, s, product = normal[block], slopes[block], inverses[block], dx[block]
        np.multiply(g, n, product)
        if needs[1]:
            part = sums.sum(product, 0)
            dw = part if dw is None else dw + part
        if needs[2]:
            part = sums.sum(g, 0)
            db = part if db is None else db + part
        if not needs[0]:
            continue
        if row is None:
            mean, slope = sums.sum(g, 1), sums.sum(product, 1)
            h = g * s[:, None]
        else:
            mean, slope = g.dot(row), product.dot(row)
            # An outer product by BLAS: broadcasting along the rows and along the columns takes two passes.
            h = s[:, None].dot(row[None])
            h *= g
        for each in (mean, slope):
            each *= s
            each /= width
        np.multiply(n, slope[:, None], product)
        product += mean[:, None]
        np.subtract(h, product, product)
    return dx.reshape(whole), None if dw is None else dw.reshape(shape), None if db is None else db.reshape(shape)


def _rms_norm_forward(
    xp: Any, x: Any, weight: Any, *, shape: tuple[int, ...], eps: float, keep: bool
) -> tuple[Any, Any]:
    """Divide by the root of the mean square over the last dimensions, which have `shape`."""
    rows = x.reshape(-1, math.prod(shape))
    inverse = _inverse_root_mean_square(rows, eps)
    normal = np.multiply(rows, inverse[:, None], order="C")
    # As above.
    out = np.empty_like(normal) if keep else normal
    if weight is not None:
        _by_columns(np.multiply, normal, weight.reshape(-1), out)
    elif keep:
        out[...] = normal
    return out.reshape(x.shape), (normal, inverse) if keep else None


def _rms_norm_raw(xp: Any, g: Any, needs: Any, weight: Any, shape: tuple[int, ...], aux: Any) -> tuple[Any, Any]:
    """dx = s (h - n mean(h n)), with h = g w, n the normalised input, s the inverse root of the mean square."""
    normal, inverse = aux
    whole = g.shape
    g = g.reshape(normal.shape)
    product = g * normal
    dw = sums.sum(product, 0).reshape(shape) if needs[1] else None
    if weight is None:
        slope = sums.sum(product, 1)
        h = g * inverse[:, None]
    else:
        row = weight.reshape(-1)
        slope = product.dot(row)
        h = inverse[:, None].dot(row[None])
        h *= g
    slope *= inverse
    slope /= normal.shape[1]
    np.multiply(normal, slope[:, None], product)
    return np.subtract(h, product, product).reshape(whole), dw


def _rms_norm_composite(x: Tensor, weight: Tensor | None, *, shape: tuple[int, ...], eps: float) -> Tensor:
    axes = tuple(range(-len(shape), 0))
    return affine(x * _rsqrt(reduction.mean(x * x, axes, True) + eps), weight, None, shape)


def _layer_norm_composite(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, *, shape: tuple[int, ...], eps: float
) -> Tensor:
    rows = shaping.reshape(x, (-1, math.prod(shape)))
    centred = rows - reduction.mean(rows, 1, True)
    out = centred * _rsqrt(reduction.mean(centred * centred, 1, True) + eps)
    return shaping.reshape(affine(out, weight, bias, (-1,)), x.shape)


def affine(x: Tensor, weight: Tensor | None, bias: Tensor | None, shape: Any) -> Tensor:
    """``x * weight + bias``, the two seen in `shape`."""
    if weight is not None:
        x = arithmetic.mul(x, shaping.reshape(weight, shape))
    return x if bias is None else arithmetic.add(x, shaping.reshape(bias, shape))


_layer_norm = Primitive(
    "native_layer_norm",
    _layer_norm_forward,
    raw=_layer_norm_raw,
    composite=_layer_norm_composite,
    aux=True,
)
_rms_norm = Primitive("rms_norm", _rms_norm_forward, raw=_rms_norm_raw, composite=_rms_norm_composite, aux=True)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over the last dimensions (``torch.layer_norm``).

    Parameters
    ----------
    input : Tensor
        (..., *normalized_shape), floating point.
    normalized_shape : sequence of int
        The dimensions over which the mean and the biased variance are taken.
    weight, bias : Tensor, optional
        Of shape `normalized_shape`.
    eps : float
        Added to the variance.

    Raises
    ------
    TypeError
        `normalized_shape` is not a sequence of integers.
    RuntimeError
        Shapes or dtypes do not fit.
    NotImplementedError
        `input` holds integers, bools or complex numbers.

    Notes
    -----
    Ba, Kiros and Hinton, Layer Normalization, arXiv:1607.06450.
    """
    array = floating_array("layer_norm", input)
    shape = _check_trailing("layer_norm", array, normalized_shape, weight, bias)
    if array.size == 0:
        return affine(arithmetic.mul(input, 1.0), weight, bias, shape)
    if array.itemsize == 2:
        wide = [None if t is None else cast(t, float32) for t in (input, weight, bias)]
        return cast(_layer_norm(*wide, shape=shape, eps=eps), input.dtype)
    return _layer_norm(input, weight, bias, shape=shape, eps=eps)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """``x / sqrt(mean(x^2) + eps) * weight`` over the last dimensions (``torch.rms_norm``).

    `eps` is the dtype's machine epsilon unless given. Raises as :func:`layer_norm`. Zhang and Sennrich,
    arXiv:1910.07467.
    """
    array = floating_array("rms_norm", input)
    shape = _check_trailing("rms_norm", array, normalized_shape, weight, None)
    if eps is None:
        eps = finfo(input.dtype).eps
    if array.size == 0:
        return affine(arithmetic.mul(input, 1.0), weight, None, shape)
    if array.itemsize == 2:
        out = _rms_norm(cast(input, float32), None, shape=shape, eps=eps)
        return cast(affine(out, weight, None, shape), input.dtype)
    return _rms_norm(input, weight, shape=shape, eps=eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Layer normalization of each of `num_groups` groups of channels (``torch.group_norm``).

    `input` is (N, C, ...), `weight` and `bias` (C,). RuntimeError if C is not divisible by `num_groups` or
    the shapes do not fit, ValueError if a group is one value. Wu and He, arXiv:1803.08494.
    """
    array = floating_array("group_norm", input)
    if array.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {array.ndim}")
    n, channels = array.shape[:2]
    if num_groups <= 0 or channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(array.shape)} and num_groups={num_groups}"
        )
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and value._array.shape != (channels,):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got "
                f"{name} of shape {list(value.shape)} and input of shape {list(array.shape)}"
            )
    if array.size == n * num_groups == num_groups:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(array.shape)}")
    beside = (-1, *(1,) * (array.ndim - 2))
    if array.size == 0:
        return affine(arithmetic.mul(input, 1.0), weight, bias, beside)
    width = array.size // (n * num_groups)
    rows = layer_norm(shaping.reshape(input, (n * num_groups, width)), (width,), eps=eps)
    return cast(affine(shaping.reshape(rows, input.shape), weight, bias, beside), input.dtype)


def floating_array(op: str, input: Any) -> Any:
    """The array of a floating point tensor."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{op}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    array = input._array
    if array.dtype.kind not in FLOATING:
        raise NotImplementedError(
            f"\"{op}\" not implemented for '{scalar_type(array.dtype)}': expected a floating point tensor"
        )
    return array


def check_dtype(op: str, name: str, array: Any, value: Any) -> None:
    """Raise unless the parameter `value` is of the input's dtype, or of float32 beside float16."""
    if value._array.dtype != array.dtype and not (array.itemsize == 2 and value._array.dtype == np.float32):
        raise RuntimeError(
            f"mixed dtype (CPU): expect parameter to have scalar type of {scalar_type(array.dtype)}: {op} "
            f"got an input of {array.dtype} and a {name} of {value._array.dtype}"
        )


def _check_trailing(op: str, array: Any, normalized_shape: Any, weight: Any, bias: Any) -> tuple[int, ...]:
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            f"{op}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            f"{type(normalized_shape).__name__}"
        )
    shape = tuple(normalized_shape)
    if not shape or array.shape[-len(shape) :] != shape:
        _explain_trailing(op, array, shape)
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None:
            if value._array.shape != shape:
                raise RuntimeError(
                    f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                    f"{list(value.shape)} and normalized_shape = {list(shape)}"
                )
            if value._array.dtype != array.dtype:
                check_dtype(op, name, array, value)
    return shape


def _explain_trailing(op: str, array: Any, shape: tuple[Any, ...]) -> None:
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, "
            "but got normalized_shape = []"
        )
    for i, n in enumerate(shape):
        if not isinstance(n, (int, np.integer)):
            raise TypeError(
                f"{op}(): argument 'normalized_shape' (position 2) must be tuple of ints, but found element "
                f"of type {type(n).__name__} at pos {i}"
            )
    raise RuntimeError(
        f"Given normalized_shape={list(shape)}, expected input with shape [*, {', '.join(map(str, shape))}]"
        f", but got input of size{list(array.shape)}"
    )
