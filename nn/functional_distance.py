"""Norms of vectors, and distances and similarities between them."""

from __future__ import annotations

from tinygrad5329 import ops
from tinygrad5329.creation import arange
from tinygrad5329.ops.distances import length
from tinygrad5329.tensor import Tensor


def normalize(
    input: Tensor,
    p: float = 2.0,
    dim: int | tuple[int, ...] = 1,
    eps: float = 1e-12,
    out: Tensor | None = None,
) -> Tensor:
    """Return ``input / max(norm(input), eps)`` with the p-norm taken over `dim`.

    Parameters
    ----------
    input : Tensor
        Of any shape.
    p : float
        The exponent of the norm.
    dim : int or tuple of int
        What the norm is taken over.
    eps : float
        Smallest divisor.
    out : Tensor, optional
        Where to write the result; not differentiable.

    Notes
    -----
    Matches `torch.nn.functional.normalize`.
    """
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps)
    return input / norm if out is None else ops.div(input, norm, out=out)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return ``x1 . x2 / (max(|x1|, eps) * max(|x2|, eps))`` along `dim`.

    Parameters
    ----------
    x1, x2 : Tensor
        Broadcast against each other.
    dim : int
        The dimension of the vectors; it vanishes.
    eps : float
        Smallest norm.

    Notes
    -----
    Matches `torch.nn.functional.cosine_similarity`.
    """
    if x1.shape != x2.shape:
        x1, x2 = ops.broadcast_tensors(x1, x2)
    return (x1 / _norm_above(x1, dim, eps) * (x2 / _norm_above(x2, dim, eps))).sum(dim)


def _norm_above(x: Tensor, dim: int, eps: float) -> Tensor:
    """The norm, at least `eps`; as in PyTorch its gradient is the norm's even where `eps` is larger."""
    norm = x.norm(2, dim, keepdim=True)
    constant = norm.detach()
    return norm + (constant.clamp_min(eps) - constant)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Return the p-norm of ``x1 - x2 + eps`` along the last dimension.

    Parameters
    ----------
    x1, x2 : Tensor
        (N, D) or (D,), broadcast against each other.
    p : float
        The exponent of the norm.
    eps : float
        Added to the difference: it keeps the gradient finite where the two are equal.
    keepdim : bool
        Keep the last dimension with size 1.

    Notes
    -----
    Matches `torch.nn.functional.pairwise_distance`.
    """
    return (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """Return the p-norm distances between all pairs of rows, (N * (N - 1) / 2,), for an input (N, D).

    Raises RuntimeError for another number of dimensions or a negative `p`. Matches `torch.nn.functional.pdist`.
    """
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if p < 0:
        raise RuntimeError(f"pdist only supports non-negative p values, got {p}")
    row = arange(input.shape[0])
    first, second = (row.unsqueeze(1) < row).nonzero(as_tuple=True)
    return length(input[first] - input[second], p)
