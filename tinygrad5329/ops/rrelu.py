"""Randomised leaky ReLU. The slopes are drawn here, outside the gradient rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.ops import arithmetic, choosing
from tinygrad5329.ops.inplace import in_place
from tinygrad5329.ops.rectifiers import leaky_relu, not_a_tensor, not_implemented
from tinygrad5329.random import default_generator
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["rrelu", "rrelu_"]


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    generator: Any = None,
) -> Tensor:
    """``x`` where positive, else ``a * x``, the slope `a` drawn from U(lower, upper) for each element in training.

    Otherwise `a` is the mean of the two. RuntimeError if `lower` exceeds `upper` or one is not finite. The draws are
    PyTorch's, from `generator` or the default one. Matches ``torch.rrelu``; Xu et al., arXiv:1505.00853.
    """
    if not isinstance(input, Tensor):
        raise not_a_tensor("rrelu", input)
    if not input.is_floating_point():
        raise not_implemented("rrelu", input)
    if not (np.isfinite(lower) and np.isfinite(upper) and lower <= upper):
        raise RuntimeError(f"rrelu: expected finite bounds with lower <= upper, got {lower} and {upper}")
    if not training:
        return leaky_relu(input, (lower + upper) / 2)
    x = input._array
    below = x <= 0
    slopes = np.ones(x.shape, x.dtype)
    source = default_generator if generator is None else generator
    # One double for each element that needs a slope, in the order of the elements.
    slopes[below] = source.uniform((int(below.sum()),), lower, upper, np.float64)
    return choosing.where(wrap(below), arithmetic.mul(input, wrap(slopes)), input)


def rrelu_(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    generator: Any = None,
) -> Tensor:
    """`rrelu`, written over its input (``torch.rrelu_``)."""
    return in_place(input, "rrelu_", rrelu, lower, upper, training, generator)
