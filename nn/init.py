"""Initial values of parameters. Every function changes its tensor in place, outside the graph, and returns
it.

The draws are PyTorch's: with the same seed the same call gives the same values.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from tinygrad5329 import linalg, ops
from tinygrad5329.creation import empty, empty_like, eye
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.random import Generator
from tinygrad5329.randomness import randperm
from tinygrad5329.tensor import Tensor

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    # As PyTorch has it: found by experiment, not by the derivation of the others.
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which weights before `nonlinearity` are scaled to keep the variance of the signal.

    Parameters
    ----------
    nonlinearity : str
        "linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu" or a kind of convolution.
    param : float, optional
        The negative slope of "leaky_relu", 0.01 when omitted.

    Raises
    ------
    ValueError
        If `nonlinearity` is unknown or `param` is not a number.

    Examples
    --------
    >>> calculate_gain("leaky_relu", 1)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise ValueError(f"negative_slope {slope} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}; known are leaky_relu, {', '.join(_GAINS)}")
    return _GAINS[nonlinearity]


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs feed one output and how many outputs one input feeds.

    `tensor` is a weight (out, in, ...), where the further dimensions are a convolution's receptive field.
    """
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions; got shape "
            f"{tuple(tensor.shape)}"
        )
    receptive_field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive_field, tensor.shape[0] * receptive_field


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws from the uniform distribution U(a, b)."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws from the normal distribution N(mean, std**2)."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with draws from the normal distribution N(mean, std**2), those outside [a, b] drawn again.

    A warning says when `mean` is more than two `std` outside [a, b].
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=2,
        )
    inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
    with no_grad():
        if inside > 0.3:
            return _draw_until_accepted(
                tensor,
                draw=lambda t: t.normal_(mean, std, generator=generator),
                rejects=lambda t: (t < a) | (t > b),
            )
        # Few normal draws would fall inside: uniform ones do, and are accepted in proportion to the density.
        mode = max(a, min(mean, b))
        log_peak = -0.5 * ((mode - mean) / std) ** 2

        def rejects(t: Tensor) -> Tensor:
            log_density = ((t - mean) / std).pow(2) * -0.5 - log_peak
            return empty_like(t).uniform_(generator=generator).log() > log_density

        return _draw_until_accepted(tensor, lambda t: t.uniform_(a, b, generator=generator), rejects)


def _normal_cdf(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def _draw_until_accepted(
    tensor: Tensor, draw: Callable[[Tensor], Tensor], rejects: Callable[[Tensor], Tensor]
) -> Tensor:
    draw(tensor)
    pending = rejects(tensor)
    while pending.any():
        # A draw for every element, also for those that need none: so PyTorch consumes its stream.
        fresh = draw(empty_like(tensor))
        tensor.copy_(ops.where(pending, fresh, tensor))
        pending = pending & rejects(fresh)
    return tensor


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with the value `val`."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    with no_grad():
        return tensor.zero_()


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity: a linear layer then passes on as many inputs as it can.

    Raises
    ------
    ValueError
        If the tensor does not have two dimensions.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        return tensor.copy_(eye(*tensor.shape, dtype=tensor.dtype))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution's weight with Dirac deltas: it then passes on as many input channels as it can.

    Parameters
    ----------
    tensor : Tensor
        (out, in, ...) with one to three spatial dimensions.
    groups : int
        The number of groups of the convolution; each preserves its channels.

    Raises
    ------
    ValueError
        If the tensor has another number of dimensions, or `groups` does not divide `out`.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    per_group = tensor.shape[0] // groups
    centre = tuple(size // 2 for size in tensor.shape[2:])
    with no_grad():
        tensor.zero_()
        for group in range(groups):
            for channel in range(min(per_group, tensor.shape[1])):
                tensor[(group * per_group + channel, channel, *centre)] = 1
    return tensor


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill from U(-k, k) with ``k = gain * sqrt(6 / (fan_in + fan_out))``.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / (fan_in + fan_out))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill from N(0, std**2) with ``std = gain * sqrt(2 / (fan_in + fan_out))``.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (fan_in + fan_out)), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan_in if mode == "fan_in" else fan_out)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill from U(-k, k) with ``k = gain * sqrt(3 / fan)``: He initialisation.

    Parameters
    ----------
    tensor : Tensor
        A weight (out, in, ...).
    a : float
        The negative slope of the leaky ReLU that follows.
    mode : {"fan_in", "fan_out"}
        Preserve the variance in the forward or in the backward pass.
    nonlinearity : str
        What follows; see `calculate_gain`.
    generator : Generator, optional
        Where to draw from.

    Raises
    ------
    ValueError
        If `mode` or `nonlinearity` is unknown, or the tensor has fewer than two dimensions.

    Notes
    -----
    He et al., "Delving deep into rectifiers", 2015, equations 10 and 14.
    """
    if tensor.numel() == 0:
        return _nothing_to_do(tensor)
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill from N(0, std**2) with ``std = gain / sqrt(fan)``: He initialisation.

    Arguments and errors as for `kaiming_uniform_`.
    """
    if tensor.numel() == 0:
        return _nothing_to_do(tensor)
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a random matrix of orthonormal rows or columns, whichever are fewer, times `gain`.

    All dimensions but the first count as one. ValueError for less than two dimensions. Saxe et al., "Exact solutions
    to the nonlinear dynamics of learning in deep linear neural networks", 2013.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    with no_grad():
        drawn = empty((rows, tensor.numel() // rows), dtype=tensor.dtype).normal_(0, 1, generator=generator)
        wide = rows < drawn.shape[1]
        q, r = linalg.qr(drawn.t() if wide else drawn)
        # With a positive diagonal of r the distribution is uniform: arXiv:math-ph/0609050.
        q = q * r.diagonal().sign()
        tensor.copy_((q.t() if wide else q).reshape(tensor.shape))
        return tensor.mul_(gain)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix from N(0, std**2) and set the fraction `sparsity` of each column to zero.

    Raises
    ------
    ValueError
        If the tensor does not have two dimensions.

    Notes
    -----
    Martens, "Deep learning via Hessian-free optimization", 2010. As in PyTorch the rows are chosen by the
    default generator, whatever `generator` is.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        tensor.normal_(0, std, generator=generator)
        for column in range(columns):
            tensor[randperm(rows)[:zeros], column] = 0
    return tensor


def _nothing_to_do(tensor: Tensor) -> Tensor:
    warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return tensor


def _under_old_name(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    new = function.__name__
    old = new[:-1]

    def renamed(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.", FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    renamed.__name__ = renamed.__qualname__ = old
    renamed.__doc__ = f"The old name of `{new}`; deprecated."
    return renamed


uniform = _under_old_name(uniform_)
normal = _under_old_name(normal_)
constant = _under_old_name(constant_)
dirac = _under_old_name(dirac_)
sparse = _under_old_name(sparse_)
orthogonal = _under_old_name(orthogonal_)
xavier_uniform = _under_old_name(xavier_uniform_)
xavier_normal = _under_old_name(xavier_normal_)
kaiming_uniform = _under_old_name(kaiming_uniform_)
kaiming_normal = _under_old_name(kaiming_normal_)
