"""Normalization of each channel over the batch, and of each channel of each sample.

The kernel keeps the centred input for its raw rule. That depends on the input, so a recorded backward
pass differentiates the same function written in tensor operations instead.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.backends import sums
from tinygrad5329.backends.choice import Slot
from tinygrad5329.dtypes import float32
from tinygrad5329.ops import pointwise, reduction, shaping
from tinygrad5329.ops.layer_normalization import affine, check_dtype, floating_array
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast
from tinygrad5329.tensor import Tensor, bump_version, wrap

__all__ = ["batch_norm", "instance_norm"]

_rsqrt = pointwise.rsqrt  # type: ignore[attr-defined]


def _over_channels(x: Any) -> Any:
    """Sums over all dimensions but the second: (N, C) or (N, C, L) to (C,)."""
    return sums.over_rows(x if x.ndim == 2 else sums.sum(x, 2))


def _batch_norm_forward(
    xp: Any, x: Any, weight: Any, bias: Any, *, eps: float, moments: list[Any], keep: bool
) -> tuple[Any, Any]:
    """Normalise each channel by its own mean and variance, which also go into `moments`."""
    shape = x.shape
    if x.ndim > 3:
        x = x.reshape(shape[0], shape[1], -1)
    # Vectors over the channels, as they stand beside x.
    beside = (slice(None), None) if x.ndim == 3 else ()
    count = x.size // shape[1]
    mean = _over_channels(x)
    mean /= count
    centred = x - mean[beside]
    out = centred * centred
    var = _over_channels(out)
    var /= count
    inverse = var + eps
    np.sqrt(inverse, inverse)
    np.divide(1, inverse, inverse)
    np.multiply(centred, (inverse if weight is None else inverse * weight)[beside], out)
    if bias is not None:
        out += bias[beside]
    moments[:] = mean, var
    return out.reshape(shape), (centred, inverse) if keep else None


def _batch_norm_raw(xp: Any, g: Any, needs: Any, weight: Any, aux: Any) -> tuple[Any, Any, Any]:
    """dx = w s (g - mean(g) - c s^2 mean(g c)), with c the centred input and s the inverse deviation."""
    centred, inverse = aux
    shape = g.shape
    g = g.reshape(centred.shape)
    beside = (slice(None), None) if g.ndim == 3 else ()
    product = g * centred
    slope = _over_channels(product)
    slope *= inverse
    total = _over_channels(g)
    if needs[0]:
        count = g.size // inverse.size
        factor = slope * inverse
        factor /= count
        np.multiply(centred, factor[beside], product)
        product += (total / count)[beside]
        np.subtract(g, product, product)
        product *= (inverse if weight is None else inverse * weight)[beside]
    return product.reshape(shape), slope, total


def _batch_norm_composite(x: Tensor, weight: Tensor | None, bias: Tensor | None, *, eps: float, moments: Any) -> Tensor:
    axes = (0, *range(2, x.ndim))
    centred = x - reduction.mean(x, axes, True)
    out = centred * _rsqrt(reduction.mean(centred * centred, axes, True) + eps)
    return affine(out, weight, bias, (-1, *(1,) * (x.ndim - 2)))


def _known_moments_rule(
    xp: Any, g: Any, needs: Any, x: Any, mean: Any, var: Any, weight: Any, eps: float
) -> tuple[Any, ...]:
    axes = (0, *range(2, len(x.shape)))
    beside = (-1, *(1,) * (len(x.shape) - 2))
    inverse = 1 / xp.sqrt(var + eps)
    dx = g * xp.reshape(inverse if weight is None else inverse * weight, beside) if needs[0] else None
    dw = xp.sum(g * (x - xp.reshape(mean, beside)), axis=axes) * inverse if needs[3] else None
    return dx, None, None, dw, xp.sum(g, axis=axes) if needs[4] else None


def _known_moments_forward(xp: Any, x: Any, mean: Any, var: Any, weight: Any, bias: Any, *, eps: float) -> Any:
    beside = (slice(None), *(None,) * (x.ndim - 2))
    scale = 1 / np.sqrt(var + eps)
    if weight is not None:
        scale *= weight
    shift = mean * -scale
    if bias is not None:
        shift += bias
    out = x * scale[beside]
    out += shift[beside]
    return out


_batch_norm = Primitive(
    "native_batch_norm",
    _batch_norm_forward,
    raw=_batch_norm_raw,
    composite=_batch_norm_composite,
    aux=True,
)
_known_moments = Primitive("native_batch_norm_eval", _known_moments_forward, joint=_known_moments_rule)


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """``(x - mean) / sqrt(var + eps) * weight + bias`` for each channel (``torch.nn.functional.batch_norm``).

    Parameters
    ----------
    input : Tensor
        (N, C, ...), floating point.
    running_mean, running_var : Tensor or None
        (C,). Used in evaluation. In training, where the mean and the biased variance of the batch are
        used, they are moved towards the batch's mean and unbiased variance, in place, if given.
    weight, bias : Tensor, optional
        (C,).
    training : bool
        Whether to use the batch's own moments.
    momentum : float
        How much of the batch goes into the running statistics.
    eps : float
        Added to the variance.

    Raises
    ------
    ValueError
        In training: a channel has a single value, `eps` is not positive, or only one of the running
        statistics is given.
    RuntimeError
        In evaluation without running statistics; other tensors do not have C elements, or not the
        dtype of `input` (float32 is allowed beside float16).
    NotImplementedError
        `input` holds integers, bools or complex numbers.

    Notes
    -----
    Ioffe and Szegedy, Batch Normalization, arXiv:1502.03167.
    """
    array = floating_array("batch_norm", input)
    channels = array.shape[1] if array.ndim > 1 else 0
    _check_channels("batch_norm", array, channels, running_mean, running_var, weight, bias)
    if not training:
        for name, value in (("running_mean", running_mean), ("running_var", running_var)):
            if value is None:
                raise RuntimeError(f"batch_norm: {name} must be defined in evaluation mode; pass it or training=True")
    else:
        if not eps > 0:
            raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
        if array.size == channels and channels:
            raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
        if (running_mean is None) != (running_var is None):
            raise ValueError("running_mean and running_var must either both be None or neither be None")
    if array.ndim == 1 and not array.size:
        return input.clone()
    if array.ndim < 2:
        raise RuntimeError(f"batch_norm: expected an input of shape (N, C, ...), got {tuple(array.shape)}")
    if array.itemsize == 2:
        x, w, b = (None if t is None else cast(t, float32) for t in (input, weight, bias))
        return cast(_normalise_batch(x, w, b, running_mean, running_var, training, momentum, eps), input.dtype)
    return _normalise_batch(input, weight, bias, running_mean, running_var, training, momentum, eps)


def _normalise_batch(
    x: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> Tensor:
    array = x._array
    if training and array.size:
        moments: list[Any] = []
        out = _batch_norm.run(x, weight, bias, eps=eps, moments=moments)
        if running_mean is not None:
            count = array.size // array.shape[1]
            running_statistics.run((running_mean._array, running_var._array), moments, momentum, count / (count - 1))
            bump_version(running_mean, "batch_norm")
            bump_version(running_var, "batch_norm")
        return out
    if training:
        # Nothing to take moments of; an empty result, and running statistics as they were.
        mean = var = wrap(np.ones(array.shape[1], array.dtype))
    else:
        # In float32 where the input was float16. Tensors, so that a later update is noticed.
        mean, var = cast(running_mean, x.dtype), cast(running_var, x.dtype)
    return _known_moments.run(x, mean, var, weight, bias, eps=eps)


def _move(running: Any, batch: Any, momentum: float, correction: float) -> None:
    """Bring the batch's mean and unbiased variance into the running ones."""
    for kept, new, share in zip(running, batch, (momentum, momentum * correction), strict=True):
        kept *= 1 - momentum
        kept += new * share


running_statistics = Slot("running_statistics", _move)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each sample (``torch.nn.functional.instance_norm``).

    `input` is (N, C, L, ...), the other tensors (C,). Running statistics are moved towards the samples'
    mean. ValueError if a channel is one value, RuntimeError if the shapes do not fit or the running
    statistics are missing without `use_input_stats`. Ulyanov et al., arXiv:1607.08022.
    """
    array = floating_array("instance_norm", input)
    if array.ndim < 2:
        raise RuntimeError(f"instance_norm: expected an input of shape (N, C, L, ...), got {tuple(array.shape)}")
    n, channels = array.shape[:2]
    if use_input_stats:
        if math.prod(array.shape[2:]) == 1:
            raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    elif running_mean is None or running_var is None:
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    _check_channels("instance_norm", array, channels, running_mean, running_var, weight, bias)
    # One sample of N * C channels; the parameters are the same for all N.
    merged = shaping.reshape(input, (1, n * channels, *array.shape[2:]))
    mean, var, w, b = (None if t is None else t.repeat(n) for t in (running_mean, running_var, weight, bias))
    out = batch_norm(merged, mean, var, w, b, use_input_stats, momentum, eps)
    if use_input_stats and n:
        for running, moved in ((running_mean, mean), (running_var, var)):
            if running is not None and moved is not None:
                np.mean(moved._array.reshape(n, channels), 0, out=running._array)
                bump_version(running, "instance_norm")
    return shaping.reshape(out, input.shape)


def _check_channels(op: str, array: Any, channels: int, *vectors: Any) -> None:
    shape, dtype = (channels,), array.dtype
    for i, value in enumerate(vectors):
        if value is None or (value._array.shape == shape and value._array.dtype == dtype and not (value._rg and i < 2)):
            continue
        name = ("running_mean", "running_var", "weight", "bias")[i]
        if value._array.shape != shape:
            raise RuntimeError(
                f"{name} should contain {channels} elements not {value.numel()}: {op} got an input of shape "
                f"{tuple(array.shape)} and a {name} of shape {tuple(value.shape)}"
            )
        if i < 2 and value._rg:
            raise RuntimeError(f"{op} is not differentiable with respect to argument '{name}'; detach() it")
        check_dtype(op, name, array, value)
