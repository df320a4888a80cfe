"""Dropout, with the masks of the default generator.

All have the parameters `input`; `p`, the probability to drop, between 0 and 1; `training`, without which the
input is returned unchanged; and `inplace`, which writes the result into the input. They raise ValueError if
`p` is out of range.
"""

from __future__ import annotations

from collections.abc import Callable

from tinygrad5329 import ops
from tinygrad5329.nn.in_place import overwritten
from tinygrad5329.ops.dropout import dropout as _dropout
from tinygrad5329.tensor import Tensor


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set each element to zero with probability `p` and divide the others by ``1 - p``.

    Matches `torch.nn.functional.dropout`.
    """
    # Written out, unlike the others: it stands on the hot path.
    if inplace and training:
        return overwritten(input, lambda x: _dropout(x, p, True))
    return _dropout(input, p, training)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Drop whole channels of (N, C, L) or (C, L). Matches `torch.nn.functional.dropout1d`."""
    return _call(ops.dropout1d, input, p, training, inplace)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Drop whole channels of (N, C, H, W). Matches `torch.nn.functional.dropout2d`."""
    return _call(ops.dropout2d, input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Drop whole channels of (N, C, D, H, W) or (C, D, H, W). Matches `torch.nn.functional.dropout3d`."""
    return _call(ops.dropout3d, input, p, training, inplace)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Drop elements so that mean 0 and variance 1, as SELU gives them, are kept.

    Matches `torch.nn.functional.alpha_dropout`; Klambauer et al., "Self-normalizing neural networks", 2017.
    """
    return _call(ops.alpha_dropout, input, p, training, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Drop whole channels of (N, C, ...) as `alpha_dropout` drops elements.

    Matches `torch.nn.functional.feature_alpha_dropout`.
    """
    return _call(ops.feature_alpha_dropout, input, p, training, inplace)


def _call(function: Callable[..., Tensor], input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    if inplace and training:
        return overwritten(input, lambda x: function(x, p, True))
    result = function(input, p, training)
    return input if inplace else result
