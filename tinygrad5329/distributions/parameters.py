"""Parameters of distributions: broadcasting them, and probabilities in their two forms.

PyTorch's ``torch.distributions.utils``.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Number
from typing import Any

import tinygrad5329 as tg
from tinygrad5329.grad_mode import enable_grad
from tinygrad5329.tensor import Tensor

__all__ = ["broadcast_all", "clamp_probs", "lazy_property", "logits_to_probs", "probs_to_logits", "tril_matrix_to_vec"]
__all__ += ["vec_to_tril_matrix"]


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors as tensors of one shape.

    Numbers take the dtype of the first tensor, or the default dtype where there is none.
    """
    if not all(isinstance(v, (Tensor, Number)) for v in values):
        kinds = ", ".join(type(v).__name__ for v in values)
        raise ValueError(f"Input arguments must all be instances of Number or torch.Tensor, but got {kinds}.")
    first = next((v for v in values if isinstance(v, Tensor)), None)
    dtype = tg.get_default_dtype() if first is None else first.dtype
    tensors = [v if isinstance(v, Tensor) else tg.tensor(v, dtype=dtype) for v in values]
    if all(t.shape == tensors[0].shape for t in tensors):
        return tuple(tensors)  # themselves, so that leaves stay leaves
    return tuple(tg.broadcast_tensors(*tensors))


def broadcast_shape(*shapes: Any) -> tg.Size:
    """The shape that tensors of these shapes have together."""
    return tg.broadcast_tensors(*(tg.empty(()).expand(shape) for shape in shapes))[0].shape


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities from log-odds, or along the last dimension from unnormalised log probabilities."""
    return tg.sigmoid(logits) if is_binary else logits.softmax(-1)


def clamp_probs(probs: Tensor) -> Tensor:
    """`probs` moved away from 0 and 1 by the dtype's epsilon."""
    eps = tg.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Log-odds, or log probabilities, of clamped probabilities."""
    clamped = clamp_probs(probs)
    return clamped.log() - (-clamped).log1p() if is_binary else clamped.log()


def sum_rightmost(value: Tensor, dims: int) -> Tensor:
    """`value` summed over its last `dims` dimensions."""
    return value if dims == 0 else value.flatten(value.dim() - dims).sum(-1)


class lazy_property:
    """A property that is computed once, and may be set instead (``torch.distributions.utils.lazy_property``)."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__
        self.__name__ = wrapped.__name__

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with enable_grad():
            value = self.wrapped(instance)
        instance.__dict__[self.__name__] = value
        return value


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """A batch of vectors as lower triangular matrices, row by row."""
    n = round((-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * vec.shape[-1] + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2)
    matrix = vec.new_zeros((*vec.shape[:-1], n, n))
    rows, columns = tg.tril_indices(n, n, diag)
    matrix[..., rows, columns] = vec
    return matrix


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The lower triangles of matrices as vectors, row by row."""
    n = mat.shape[-1]
    if not -n < diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows, columns = tg.tril_indices(n, n, diag)
    return mat[..., rows, columns]
