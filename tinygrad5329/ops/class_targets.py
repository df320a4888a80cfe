"""Class targets of losses: which count, how much, where they are in the input, and whether they fit it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from tinygrad5329.dtypes import FLOATING
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.tensor import Tensor

__all__ = [
    "check_arguments",
    "check_target",
    "check_weight",
    "counting",
    "row_starts",
    "shares",
    "target_shape",
]


def counting(target: Any, classes: int, ignore_index: int) -> tuple[Any, Any]:
    """Class indices that are in range, and a mask of those that count; None stands for all of them."""
    # As unsigned numbers negative ones are large, so that one pass compares with both bounds.
    if not target.size or np.maximum.reduce(target.view(np.uint64)) < classes:
        if not 0 <= ignore_index < classes:
            return target, None
        counted = target != ignore_index
        return target, None if counted.all() else counted
    counted = target != ignore_index
    wrong = counted & ((target < 0) | (target >= classes))
    if wrong.any():
        raise IndexError(
            f"Target {target[wrong][0]} is out of bounds. The input has {classes} classes, so that targets "
            f"must be from 0 to {classes - 1}, or ignore_index ({ignore_index})"
        )
    return np.where(counted, target, 0), counted


def shares(target: Any, counted: Any, weight: Any, dtype: Any) -> tuple[Any, Any]:
    """How much each row counts, None for all alike, and the sum of that."""
    if weight is None:
        return (None, len(target)) if counted is None else (counted.astype(dtype), int(np.count_nonzero(counted)))
    share = weight[target]
    if counted is not None:
        share *= counted
    return share, np.add.reduce(share)


@lru_cache(16)
def row_starts(rows: int, classes: int) -> Any:
    """Where the rows of a (rows, classes) matrix begin in its flat form; read-only."""
    starts = np.arange(rows)
    starts *= classes
    starts.flags.writeable = False
    return starts


def check_arguments(op: str, input: Any, target: Any, weight: Any, reduction: Any) -> None:
    """Raise unless input, target and weight are tensors of a kind that `op` takes."""
    if not (
        isinstance(input, Tensor) and isinstance(target, Tensor) and (weight is None or isinstance(weight, Tensor))
    ):
        for position, (name, value) in enumerate([("input", input), ("target", target), ("weight", weight)], 1):
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"{op}(): argument '{name}' (position {position}) must be Tensor, not {type(value).__name__}"
                )
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction: pass 'mean', 'sum' or 'none'")
    if input._array.dtype.kind not in FLOATING and target._array.shape != input._array.shape:
        raise NotImplementedError(
            f"\"{op}\" not implemented for '{scalar_type(input._array.dtype)}': expected a floating point input"
        )


def target_shape(x: Any) -> tuple[int, ...]:
    """The shape of the class indices for an input `x`."""
    return x.shape[:1] + x.shape[2:] if x.ndim > 1 else ()


def check_target(op: str, x: Any, t: Any) -> None:
    """Raise what PyTorch raises unless the indices `t` fit the input `x`."""
    where = f"{op} got an input of shape {tuple(x.shape)} and class indices of shape {tuple(t.shape)}"
    if x.ndim == 0:
        raise ValueError(f"Expected 1 or more dimensions (got 0): {where}")
    if x.ndim == 1:
        if t.size != 1 or t.ndim > 1:
            raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {t.size}: {where}")
        return
    batch = t.shape[0] if t.ndim else 0
    if batch != x.shape[0]:
        raise ValueError(f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({batch}). {where}")
    if x.ndim == 2 and t.ndim > 1:
        raise RuntimeError(f"0D or 1D target tensor expected, multi-target not supported: {where}")
    if t.shape != target_shape(x):
        raise RuntimeError(f"Expected target size {list(target_shape(x))}, got {list(t.shape)}: {where}")


def check_weight(op: str, x: Any, weight: Tensor) -> None:
    """Raise unless `weight` has an element for each class of the input `x`."""
    classes = x.shape[0 if x.ndim == 1 else 1]
    if weight._array.shape != (classes,):
        raise RuntimeError(
            f"{op}: weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight.shape)}"
        )
