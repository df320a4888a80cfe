"""In-place update kernels of the optimizers, on raw arrays.

The rules themselves are documented where a reader looks for them, as Tensor formulas in ``optim/``; tests hold the
two equal. What is here is the same arithmetic arranged for speed: every pass writes into an array that exists
already, work arrays are kept between calls, and large parameters are updated block by block, so that a block stays in
the cache for all passes of the rule. Optimizers reach the kernels through a :class:`Roster`, which remembers from step
to step what it has checked of a group's arrays. The functions exported here have the names and signatures of
PyTorch's internal operators.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygrad5329.ops.update.adam import _fused_adam_, _fused_adamw_
from tinygrad5329.ops.update.sgd import _fused_sgd_
from tinygrad5329.tensor import Tensor, bump_versions

__all__ = ["_foreach_add_", "_fused_adam_", "_fused_adamw_", "_fused_sgd_"]


def _foreach_add_(tensors: Sequence[Tensor], scalar: float) -> None:
    """Add `scalar` to each of `tensors`, in place (``torch._foreach_add_`` with a number)."""
    for t in tensors:
        array = t._array
        np.add(array, scalar, out=array, casting="same_kind")
    bump_versions(tensors, "_foreach_add_")
