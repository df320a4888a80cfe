"""``vander``: powers of the elements of a vector, side by side."""

from __future__ import annotations

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.ops import arithmetic, choosing, shaping
from tinygrad5329.ops.promote import cast, expect_tensor
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["vander"]


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The Vandermonde matrix: column j holds the power N - 1 - j of `x`, or with `increasing` j (``torch.vander``).

    >>> import tinygrad5329 as tg
    >>> tg.vander(tg.tensor([2, 3]), N=3)
    tensor([[4, 2, 1],
            [9, 3, 1]])
    """
    expect_tensor("vander", "x", x)
    if x.dim() != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = x._array.shape[0] if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    if not (x.is_floating_point() or x.is_complex()):
        x = cast(x, dtypes.int64)
    exponents = np.arange(count) if increasing else np.arange(count)[::-1]
    powers = arithmetic.pow(shaping.unsqueeze(x, -1), wrap(exponents.astype(x._array.dtype)))
    # A power of 0 is 1 for everything, NaN too.
    return choosing.where(wrap(exponents == 0), 1, powers)
