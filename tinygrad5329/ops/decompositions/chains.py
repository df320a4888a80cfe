"""Products of many matrices, in the order that costs least."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from tinygrad5329.ops.linalg import matmul
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor

__all__ = ["chain_matmul", "multi_dot"]


def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of two or more matrices, multiplied in the cheapest order (``torch.linalg.multi_dot``).

    The first and the last may be vectors, a row and a column.

    >>> import tinygrad5329 as tg
    >>> multi_dot([tg.ones(2, 9), tg.ones(9, 3), tg.ones(3)])
    tensor([27., 27.])
    """
    tensors = list(tensors)
    for each in tensors:
        expect_tensor("multi_dot", "tensors", each)
    if len(tensors) < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got " + str(len(tensors)))
    for i, t in enumerate(tensors):
        ends = i in (0, len(tensors) - 1)
        if t.ndim != 2 and not (ends and t.ndim == 1):
            which = f"tensor {i}" if not ends else ("the first tensor" if i == 0 else "the last tensor")
            wanted = "1D or 2D" if ends else "2D"
            raise RuntimeError(f"multi_dot(): {which} must be {wanted} but got {t.ndim}D")
        if t.dtype is not tensors[0].dtype:
            raise RuntimeError(
                f"multi_dot(): all tensors must have the same dtype but tensor 0 is {tensors[0].dtype} and tensor {i} "
                f"{t.dtype}"
            )
    row, column = tensors[0].ndim == 1, tensors[-1].ndim == 1
    chain = list(tensors)
    if row:
        chain[0] = chain[0].unsqueeze(0)
    if column:
        chain[-1] = chain[-1].unsqueeze(-1)
    for i, (a, b) in enumerate(pairwise(chain)):
        if a.shape[1] != b.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(tensors[i].shape)} and "
                f"{list(tensors[i + 1].shape)} cannot be multiplied"
            )
    result = _multiply(chain)
    if row:
        result = result.squeeze(0)
    if column:
        result = result.squeeze(-1)
    return result if out is None else write_out("multi_dot", out, result)


def _multiply(chain: list[Tensor]) -> Tensor:
    """Cormen et al., "Introduction to algorithms", section 15.2."""
    sizes = [t.shape[0] for t in chain] + [chain[-1].shape[1]]

    @cache
    def best(i: int, j: int) -> tuple[int, int]:
        """The cost of the product of ``chain[i : j + 1]`` and where its last product splits it."""
        if i == j:
            return 0, i
        return min((best(i, s)[0] + best(s + 1, j)[0] + sizes[i] * sizes[s + 1] * sizes[j + 1], s) for s in range(i, j))

    def product(i: int, j: int) -> Tensor:
        if i == j:
            return chain[i]
        split = best(i, j)[1]
        return matmul(product(i, split), product(split + 1, j))

    return product(0, len(chain) - 1)


def chain_matmul(*matrices: Tensor, out: Any = None) -> Tensor:
    """:func:`multi_dot` under its older name (``torch.chain_matmul``)."""
    warnings.warn(
        "chain_matmul is deprecated; use linalg.multi_dot, which takes a list of two or more tensors", stacklevel=3
    )
    if len(matrices) == 1:
        return matrices[0].clone() if out is None else write_out("chain_matmul", out, matrices[0])
    return multi_dot(matrices, out=out)
