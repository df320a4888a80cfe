"""Matrices made of matrices: kron, block_diag."""

from __future__ import annotations

from typing import Any

from tinygrad5329.ops import arithmetic, joining
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor, method

__all__ = ["block_diag", "kron"]


@method
def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product: every element of `input` times all of `other` (``torch.kron``).

    >>> import tinygrad5329 as tg
    >>> tg.kron(tg.eye(2), tg.tensor([[1.0, 2.0]]))
    tensor([[1., 2., 0., 0.],
            [0., 0., 1., 2.]])
    """
    expect_tensor("kron", "input", input)
    expect_tensor("kron", "other", other)
    ndim = max(input._array.ndim, other._array.ndim)
    left, right = ((1,) * (ndim - t._array.ndim) + t._array.shape for t in (input, other))
    product = arithmetic.mul(
        input.reshape([n for size in left for n in (size, 1)]), other.reshape([n for size in right for n in (1, size)])
    )
    result = product.reshape([n * m for n, m in zip(left, right, strict=True)])
    return result if out is None else write_out("kron", out, result)


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix of zeros with the given matrices along its diagonal; vectors are rows (``torch.block_diag``)."""
    if not tensors:
        raise RuntimeError("torch.block_diag(): expected a non-empty list of tensors")
    rows: list[Any] = []
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"block_diag(): expected Tensor as element {i}, but got {type(t).__name__}")
        if t._array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {t._array.ndim} "
                "dimensions"
            )
        rows.append(t.reshape((1,) * (2 - t._array.ndim) + t._array.shape))
    rows = joining._common(rows)
    width, start, padded = sum(t._array.shape[1] for t in rows), 0, []
    for t in rows:
        height, n = t._array.shape
        left, right = t.new_zeros((height, start)), t.new_zeros((height, width - start - n))
        padded.append(joining.cat([left, t, right], 1))
        start += n
    return joining.cat(padded, 0)
