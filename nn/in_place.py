"""The `inplace` argument of activations and dropout."""

from __future__ import annotations

from collections.abc import Callable

from tinygrad5329.tensor import Tensor


def overwritten(input: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """Write ``function(input)`` into `input`, differentiably, and return it.

    Raises
    ------
    TypeError
        If `input` is not a Tensor.
    RuntimeError
        If `input` is a leaf that requires a gradient.
    """
    # The function may have to remember its input, which is about to be overwritten: it gets a copy to keep.
    kept = input.clone() if isinstance(input, Tensor) and input.requires_grad else input
    return input.copy_(function(kept))
