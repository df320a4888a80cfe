"""What the functions on matrices ask of their arguments, and how they hand over several results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.promote import expect_tensor, write_out
from tinygrad5329.tensor import Tensor

__all__ = ["LinAlgError", "deliver", "expand_batches", "floating", "matrices", "same_dtype"]


class LinAlgError(RuntimeError):
    """A matrix has not got what a function needs: it is singular, not positive-definite, or does not converge."""


def floating(op: str, input: Any, name: str = "A", *, half: bool = False) -> Tensor:
    """`input`, if it is a tensor of floating point or complex numbers; float16 only with `half`."""
    expect_tensor(op, name, input)
    d = input.dtype
    if not (d.is_floating_point or d.is_complex):
        raise RuntimeError(f"{op}: Expected a floating point or complex tensor as input. Got {scalar_type(d.numpy)}")
    if d.itemsize == 2 and not half:
        raise RuntimeError(f"{op}: Low precision dtypes not supported. Got {scalar_type(d.numpy)}")
    return input


def matrices(op: str, input: Any, name: str = "A", *, square: bool = False, half: bool = False) -> Tensor:
    """`input`, if it is a stack of matrices of floating point or complex numbers."""
    expect_tensor(op, name, input)
    if input.ndim < 2:
        raise RuntimeError(f"{op}: The input tensor {name} must have at least 2 dimensions.")
    floating(op, input, name, half=half)
    rows, columns = input.shape[-2:]
    if square and rows != columns:
        raise RuntimeError(
            f"{op}: {name} must be batches of square matrices, but they are {rows} by {columns} matrices"
        )
    return input


def same_dtype(op: str, A: Tensor, B: Tensor, names: str = "A and B") -> None:
    """RuntimeError unless the two have one dtype."""
    if A.dtype is not B.dtype:
        first, second = names.split(" and ")
        raise RuntimeError(
            f"{op}: Expected {first} and {second} to have the same dtype, but found {first} of type "
            f"{scalar_type(A.dtype.numpy)} and {second} of type {scalar_type(B.dtype.numpy)} instead"
        )


def expand_batches(op: str, *stacks: Tensor) -> list[Tensor]:
    """The stacks of matrices with their leading dimensions broadcast against each other."""
    try:
        batch = np.broadcast_shapes(*(each.shape[:-2] for each in stacks))
    except ValueError:
        shapes = " and ".join(str(tuple(each.shape)) for each in stacks)
        raise RuntimeError(f"{op}: the batch dimensions of {shapes} do not broadcast") from None
    return [each if tuple(each.shape[:-2]) == batch else each.expand(*batch, *each.shape[-2:]) for each in stacks]


def deliver(op: str, results: Sequence[Tensor], made: Any, out: Any) -> Any:
    """The results as the named tuple `made`, written to the tensors of `out` if the caller passed some."""
    if out is not None:
        if not isinstance(out, (tuple, list)) or len(out) != len(results):
            raise TypeError(f"{op}(): argument 'out' must be tuple of {len(results)} Tensors, got {out!r}")
        results = [write_out(op, target, each) for target, each in zip(out, results, strict=True)]
    return made(results)
