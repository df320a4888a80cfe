"""Where a draw goes: the array to fill, its order in memory, and what its dtype can hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

Shape = Sequence[int] | int


class Target:
    """An array to fill with draws: a new one of `shape` and `dtype`, or `out`.

    `flat` is one-dimensional and contiguous, in the array's order in memory; fill it and call `finish`.
    """

    __slots__ = ("_view", "array", "contiguous", "dtype", "flat", "floating", "op", "size")

    def __init__(self, op: str, shape: Shape | None, dtype: DTypeLike | None, out: np.ndarray | None) -> None:
        if out is None:
            if shape is None:
                raise TypeError(f"{op}: give a shape, or an array to fill as out")
            out = np.empty(shape, dtype)
        elif shape is not None:
            raise TypeError(f"{op}: give shape or out, not both")
        self.op = op
        self.array = out
        self.dtype = out.dtype
        self.size = out.size
        self.floating = out.dtype.kind not in "biu"  # ml_dtypes' bfloat16 is of kind "V"
        self.contiguous = out.flags.c_contiguous
        view = self.in_memory_order(out)
        self._view = None if view.flags.c_contiguous else view
        self.flat = view.reshape(-1) if self._view is None else np.empty(out.size, out.dtype)

    def in_memory_order(self, array: np.ndarray) -> np.ndarray:
        """`array` with its axes in the order in which the target's lie in memory, the widest stride first."""
        if self.contiguous:
            return array
        strides = self.array.strides
        return array.transpose(sorted(range(array.ndim), key=lambda axis: -abs(strides[axis])))

    def finish(self) -> np.ndarray:
        """Bring what was filled to its place; returns the array."""
        if self._view is not None:
            self._view[...] = self.flat.reshape(self._view.shape)
        return self.array

    def store(self, part: np.ndarray, values: np.ndarray) -> None:
        """Cast `values` into `part` of `flat`; to two-byte floats by way of float32, as PyTorch's do."""
        if self.floating and self.dtype.itemsize == 2:
            with np.errstate(over="ignore"):  # too large is infinite
                part[...] = values.astype(np.float32, copy=False)
        else:
            part[...] = values

    def require_floating(self, error: type[Exception] = NotImplementedError) -> Target:
        """Raise `error` unless the dtype is a floating one."""
        if not self.floating or self.dtype.kind == "c":
            raise error(f'"{self.op}" not implemented for {self.dtype.name}; expected a floating dtype')
        return self

    def check_finite(self, name: str, bound: float) -> None:
        """Raise RuntimeError where the bound called `name` is beyond the dtype, or NaN."""
        largest = float(np.finfo(self.dtype).max) if self.dtype.kind == "f" else 3.3895313892515355e38
        if not -largest <= bound <= largest:
            raise RuntimeError(f"{self.op}: {name} is out of bounds for {self.dtype.name}: got {bound}")


def significant_bits(dtype: np.dtype) -> int:
    """How many bits every integer below 2**bits needs that `dtype` holds: 7 for int8, 24 for float32."""
    if dtype.kind == "b":
        return 1
    if dtype.kind in "iu":
        return int(np.iinfo(dtype).max).bit_length()
    return np.finfo(dtype).nmant + 1 if dtype.kind == "f" else 8


def integer_bounds(low: int, high: int, target: Target) -> tuple[int, int]:
    """Check [low, high) against the target's dtype; in a floating one, move the bounds to what it holds."""
    dtype = target.dtype
    if low >= high:
        raise RuntimeError(f"{target.op} expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if target.floating:
        target.check_finite("from", low)
        target.check_finite("to - 1", high - 1)
        precision = significant_bits(dtype)
        after, before = int(dtype.type(low + 1)), int(dtype.type(high - 1))
        if after < low:
            low = after + (1 << (abs(low + 1).bit_length() - precision))
        if before >= high:
            high = before - (1 << (abs(high - 1).bit_length() - precision))
        return low, high
    smallest, largest = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if not smallest <= low <= largest:
        raise RuntimeError(f"{target.op}: from is out of bounds for {dtype.name}: got {low}")
    if high - 1 > largest:
        raise RuntimeError(f"{target.op}: to - 1 is out of bounds for {dtype.name}: got {high - 1}")
    return low, high
