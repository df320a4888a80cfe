"""Dropout. The mask is drawn here, outside the gradient rules, and is an input of the primitives."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from tinygrad5329.dtypes import FLOATING
from tinygrad5329.ops import shaping
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.random import default_generator
from tinygrad5329.tensor import Tensor

__all__ = [
    "alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout",
    "feature_dropout",
]  # fmt: skip

#: Where SELU goes for large negative inputs, the value that alpha dropout puts in place of what it drops.
_SATURATION = -1.7580993408473766

_dropout = Primitive("dropout", lambda xp, x, mask: x * mask, lambda xp, g, mask: g * mask)
_alpha_dropout = Primitive("alpha_dropout", lambda xp, x, mask, shift: x * mask + shift, lambda xp, g, mask: g * mask)


def dropout(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Zero elements with probability `p`, divide the others by ``1 - p`` (``torch.nn.functional.dropout``).

    Parameters
    ----------
    input : Tensor
        Floating point, of any shape.
    p : float
        In [0, 1].
    training : bool
        Otherwise `input` itself is returned, as it is for `p` of 0.

    Raises
    ------
    ValueError
        `p` is not in [0, 1].
    RuntimeError
        `input` holds integers or bools.

    Notes
    -----
    The mask is PyTorch's, from the default generator. Srivastava et al., JMLR 15 (2014), 1929-1958.
    """
    if not _drops("dropout", input, p, training):
        return input
    return _dropout.run(input, default_generator.dropout_mask(p, **_like(input._array)))


def feature_dropout(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Zero whole channels of (N, C, ...) with probability `p` (``torch.feature_dropout``).

    Raises as :func:`dropout`, and RuntimeError for an input of fewer than two dimensions.
    """
    if not _drops("feature_dropout", input, p, training):
        return input
    return _dropout(input, default_generator.dropout_mask(p, **_channels_of(input._array)))


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False) -> Tensor:
    """Dropout that keeps mean and variance of SELU's activations (``torch.nn.functional.alpha_dropout``).

    Raises as :func:`dropout`. Klambauer et al., arXiv:1706.02515.
    """
    if not _drops("alpha_dropout", input, p, training):
        return input
    return _saturate(input, p, _like(input._array))


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False) -> Tensor:
    """Alpha dropout of whole channels of (N, C, ...) (``torch.nn.functional.feature_alpha_dropout``)."""
    if not _drops("feature_alpha_dropout", input, p, training):
        return input
    return _saturate(input, p, _channels_of(input._array))


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Zero whole channels of (N, C, L) or (C, L) (``torch.nn.functional.dropout1d``).

    RuntimeError for another number of dimensions.
    """
    _check("dropout1d", input, p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input: pass (N, C, L) or (C, L)"
        )
    if input.ndim == 3:
        return feature_dropout(input, p, training)
    return shaping.squeeze(feature_dropout(shaping.unsqueeze(input, 0), p, training), 0)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Zero whole channels of (N, C, H, W) (``torch.nn.functional.dropout2d``).

    As in PyTorch, a 3-d input is taken for (N, C, L), with a warning, and other numbers of dimensions
    are warned of.
    """
    _check("dropout2d", input, p)
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input, which is interpreted as (N, C, L); use dropout1d for that",
            stacklevel=3,
        )
    elif input.ndim != 4:
        _warn_of_rank("dropout2d", input, 2)
    return feature_dropout(input, p, training)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Zero whole channels of (N, C, D, H, W) or (C, D, H, W) (``torch.nn.functional.dropout3d``).

    As in PyTorch, other numbers of dimensions are warned of and taken to lack the batch.
    """
    _check("dropout3d", input, p)
    if input.ndim == 5:
        return feature_dropout(input, p, training)
    if input.ndim != 4:
        _warn_of_rank("dropout3d", input, 3)
    return shaping.squeeze(feature_dropout(shaping.unsqueeze(input, 0), p, training), 0)


def _warn_of_rank(op: str, input: Tensor, spatial: int) -> None:
    warnings.warn(
        f"{op}: Received a {input.ndim}-D input, which is deprecated; it takes inputs with {spatial} spatial "
        "dimensions, channels, and optionally a batch. To zero single elements use dropout",
        stacklevel=4,
    )


def _check(op: str, input: Any, p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not isinstance(input, Tensor):
        raise TypeError(f"{op}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")


def _drops(op: str, input: Any, p: float, training: bool) -> bool:
    """Check the arguments; whether there is anything to do."""
    _check(op, input, p)
    if not training or p == 0 or not input._array.size:
        return False
    if input._array.dtype.kind not in FLOATING:
        raise RuntimeError(
            f"{op}: result type Float can't be cast to the desired output type "
            f"{scalar_type(input._array.dtype)}; convert the input first, for example with input.float()"
        )
    return True


def _like(x: Any) -> dict[str, Any]:
    """A draw's target for all of `x`, filled in the order in which `x` lies in memory."""
    if x.flags.c_contiguous:
        return {"shape": x.shape, "dtype": x.dtype}
    return {"out": np.empty_like(x)}


def _channels_of(x: Any) -> dict[str, Any]:
    """A draw's target for the channels of `x`: (N, C, 1, ...)."""
    if x.ndim < 2:
        raise RuntimeError(f"Feature dropout requires at least 2 dimensions in the input, got {tuple(x.shape)}")
    return {"shape": (*x.shape[:2], *(1,) * (x.ndim - 2)), "dtype": x.dtype}


def _saturate(x: Tensor, p: float, target: dict[str, Any]) -> Tensor:
    """``a * x + b`` where kept, ``a * SATURATION + b`` where dropped: of the mean and variance of `x`."""
    if p == 1:
        return _dropout(x, np.zeros((), x._array.dtype))
    a = 1 / math.sqrt((_SATURATION * _SATURATION * p + 1) * (1 - p))
    mask = default_generator.bernoulli(1 - p, **target)
    shift = mask - 1
    shift *= -_SATURATION * a
    shift += -_SATURATION * a * p
    mask *= a
    return _alpha_dropout(x, mask, shift)
