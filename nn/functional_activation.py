"""Activation functions that can work in place; the others are the engine's own functions.

All take a floating-point tensor of any shape (where the engine's function says so, integers too) and return
one of the same shape. `inplace` writes the result into the input.
"""

from __future__ import annotations

from tinygrad5329 import ops
from tinygrad5329.nn.in_place import overwritten
from tinygrad5329.ops.rrelu import rrelu as _rrelu
from tinygrad5329.ops.rrelu import rrelu_ as _rrelu_
from tinygrad5329.tensor import Tensor


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``max(x, 0)``; the gradient at 0 is 0. Matches `torch.nn.functional.relu`."""
    return overwritten(input, ops.relu) if inplace else ops.relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return ``x`` where positive, else ``negative_slope * x``. Matches `torch.nn.functional.leaky_relu`."""
    if inplace:
        return overwritten(input, lambda x: ops.leaky_relu(x, negative_slope))
    return ops.leaky_relu(input, negative_slope)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``min(max(x, 0), 6)``. Matches `torch.nn.functional.relu6`."""
    return overwritten(input, ops.relu6) if inplace else ops.relu6(input)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Return ``min(max(x, min_val), max_val)``, with gradient 0 at the limits.

    Raises ValueError if `min_val` exceeds `max_val`. Matches `torch.nn.functional.hardtanh`.
    """
    if inplace:
        return overwritten(input, lambda x: ops.hardtanh(x, min_val, max_val))
    return ops.hardtanh(input, min_val, max_val)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Return ``x`` where it exceeds `threshold`, else `value`. Matches `torch.nn.functional.threshold`."""
    if inplace:
        return overwritten(input, lambda x: ops.threshold(x, threshold, value))
    return ops.threshold(input, threshold, value)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``min(max(x + 3, 0), 6) / 6``. Matches `torch.nn.functional.hardsigmoid`."""
    return overwritten(input, ops.hardsigmoid) if inplace else ops.hardsigmoid(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``x * hardsigmoid(x)``. Matches `torch.nn.functional.hardswish`."""
    return overwritten(input, ops.hardswish) if inplace else ops.hardswish(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``x * sigmoid(x)``, also called swish. Matches `torch.nn.functional.silu`."""
    return overwritten(input, ops.silu) if inplace else ops.silu(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``x * tanh(softplus(x))``. Matches `torch.nn.functional.mish`."""
    return overwritten(input, ops.mish) if inplace else ops.mish(input)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return ``x`` where positive, else ``alpha * (exp(x) - 1)``. Matches `torch.nn.functional.elu`."""
    return overwritten(input, lambda x: ops.elu(x, alpha)) if inplace else ops.elu(input, alpha)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return ``x`` where positive, else ``alpha * (exp(x / alpha) - 1)``.

    Raises RuntimeError if `alpha` is 0. Matches `torch.nn.functional.celu`.
    """
    return overwritten(input, lambda x: ops.celu(x, alpha)) if inplace else ops.celu(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `elu`, scaled to keep mean 0 and variance 1 from layer to layer.

    Matches `torch.nn.functional.selu`; Klambauer et al., "Self-normalizing neural networks", 2017.
    """
    return overwritten(input, ops.selu) if inplace else ops.selu(input)


def sigmoid(input: Tensor) -> Tensor:
    """Return ``1 / (1 + exp(-x))``. Matches `torch.nn.functional.sigmoid`."""
    return ops.sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent. Matches `torch.nn.functional.tanh`."""
    return ops.tanh(input)  # type: ignore[attr-defined]


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Return ``x`` where positive, else ``a * x`` with `a` drawn from U(lower, upper) in training, else their mean.

    The draws are PyTorch's. Matches `torch.nn.functional.rrelu`; Xu et al., arXiv:1505.00853.
    """
    return (_rrelu_ if inplace else _rrelu)(input, lower, upper, training)


def relu_(input: Tensor) -> Tensor:
    """`relu` in place."""
    return relu(input, True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu` in place."""
    return leaky_relu(input, negative_slope, True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh` in place."""
    return hardtanh(input, min_val, max_val, True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold` in place."""
    # The argument hides the function of that name.
    return overwritten(input, lambda x: ops.threshold(x, threshold, value))


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu` in place."""
    return elu(input, alpha, True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu` in place."""
    return celu(input, alpha, True)


def selu_(input: Tensor) -> Tensor:
    """`selu` in place."""
    return selu(input, True)


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """`rrelu` in place."""
    return _rrelu_(input, lower, upper, training)
