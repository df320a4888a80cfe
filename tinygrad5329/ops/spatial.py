"""Arguments of operations on (N, C, *sizes): one number for every dimension, inputs without a batch."""

from __future__ import annotations

from typing import Any

from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.tensor import Tensor

__all__ = ["expect_rank", "per_dimension", "with_batch"]


def per_dimension(op: str, name: str, value: Any, dims: int) -> tuple[int, ...]:
    """One int for each of `dims` dimensions, from a single one or a sequence.

    Raises TypeError for anything but ints, RuntimeError for a sequence of another length.
    """
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if any(isinstance(each, bool) or not hasattr(each, "__index__") for each in values):
        raise TypeError(f"{op}(): argument '{name}' must be tuple of ints, not {_kind(value)}")
    if len(values) == 1:
        values *= dims
    if len(values) != dims:
        raise RuntimeError(
            f"{op}: expected {name} to be a single integer value or a list of {dims} values, but got "
            f"{name}={list(values)}"
        )
    return tuple([each if type(each) is int else each.__index__() for each in values])


def _kind(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__} of {', '.join(type(each).__name__ for each in value)}"
    return type(value).__name__


def expect_rank(op: str, input: Any, dims: int) -> bool:
    """Whether `input` lacks the batch dimension before C and `dims` more; RuntimeError for another number."""
    expect_tensor(op, "input", input)
    rank = input._array.ndim
    if rank not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {op}, but got input of size: "
            f"{list(input._array.shape)}"
        )
    return rank == dims + 1


def with_batch(input: Tensor, dims: int) -> Tensor:
    """`input` as (N, C, *sizes) with N of 1 if it lacks the batch."""
    return input if input._array.ndim == dims + 2 else input.unsqueeze(0)
