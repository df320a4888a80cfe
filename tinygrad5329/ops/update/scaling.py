"""What PyTorch's fused kernels do for a gradient scaler: leave a step out, or undo the scale of the loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygrad5329.tensor import Tensor, bump_versions

__all__ = ["is_found", "unscale"]


def is_found(found_inf: Tensor | None) -> bool:
    """Whether a gradient scaler has found infinities, so that the step is to be left out."""
    return found_inf is not None and float(found_inf) != 0.0


def unscale(grads: Sequence[Tensor], grad_scale: Tensor, op: str) -> None:
    """Divide gradients by the scale of their loss, in place as PyTorch's kernels do."""
    with np.errstate(all="ignore"):
        for grad in grads:
            np.divide(grad._array, grad_scale._array, out=grad._array, casting="same_kind")
    bump_versions(grads, op)
