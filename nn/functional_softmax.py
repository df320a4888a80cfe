"""Softmax and its relatives."""

from __future__ import annotations

import warnings

from tinygrad5329 import dtypes, ops
from tinygrad5329.creation import arange, empty_like
from tinygrad5329.tensor import Tensor


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None) -> Tensor:
    """Return ``exp(x) / sum(exp(x))`` along `dim`, computed without overflow.

    Parameters
    ----------
    input : Tensor
        Of any shape.
    dim : int
        The dimension along which the results sum to 1. Leaving it out is deprecated: it then is 0 for inputs
        of 0, 1 or 3 dimensions and 1 for others.
    dtype : dtype, optional
        Convert the input to it first.

    Raises
    ------
    TypeError
        If `input` is not a Tensor.
    IndexError
        If `dim` is out of range.
    NotImplementedError
        If `input` holds integers and no `dtype` is given.

    Notes
    -----
    Matches `torch.nn.functional.softmax`.
    """
    return ops.softmax(input, _dim("softmax", input, dim, _stacklevel), dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None
) -> Tensor:
    """Return the logarithm of `softmax`, computed without overflow or loss of precision.

    Arguments and errors as for `softmax`. Matches `torch.nn.functional.log_softmax`.
    """
    return ops.log_softmax(input, _dim("log_softmax", input, dim, _stacklevel), dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None) -> Tensor:
    """Return the `softmax` of ``-input``. Arguments and errors as for `softmax`.

    Matches `torch.nn.functional.softmin`.
    """
    return ops.softmax(-input, _dim("softmin", input, dim, _stacklevel), dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Sample from the Gumbel-softmax distribution: ``softmax((logits + noise) / tau)``.

    Parameters
    ----------
    logits : Tensor
        Unnormalised log-probabilities.
    tau : float
        The temperature.
    hard : bool
        Return one-hot samples, with the gradient of the soft ones.
    eps : float
        Deprecated, without effect.
    dim : int
        The dimension along which the results sum to 1.

    Notes
    -----
    Matches `torch.nn.functional.gumbel_softmax`, noise included; Jang et al., arXiv:1611.00712.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    noise = -empty_like(logits.detach()).contiguous().exponential_().log()
    soft = ops.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    shape = [1] * soft.ndim
    shape[dim] = -1
    best = soft.detach().argmax(dim, keepdim=True)
    one_hot = (arange(soft.shape[dim]).reshape(shape) == best).to(soft.dtype)
    return one_hot - soft.detach() + soft


def _dim(name: str, input: Tensor, dim: int | None, stacklevel: int) -> int:
    if dim is not None or not isinstance(input, Tensor):
        return 0 if dim is None else dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if input.ndim in (0, 1, 3) else 1
