"""Functions of integers: gcd, lcm, and shifts of bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.ops.defining import named, on_class, two_operands
from tinygrad5329.ops.primitive import misfit
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor, attach, wrap

__all__ = ["bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm"]


def _define(name: str, about: str, forward: Callable[..., Any], refuse: str, numbers: bool) -> Callable[..., Tensor]:
    def function(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        x, y = (t._array for t in two_operands(name, input, other, floats=False, refuse=refuse, numbers=numbers))
        try:
            result = wrap(forward(x, y))
        except ValueError:
            raise RuntimeError(misfit(name, x.shape, y.shape)) from None
        return result if out is None else write_out(name, out, result)

    return named(function, name, f"{about} (``torch.{name}``).")


def _lcm(x: Any, y: Any) -> Any:
    # Through the gcd, since NumPy's own raises nothing but overflows differently.
    common = np.gcd(x, y)
    return np.abs(np.where(common == 0, 0, x // np.where(common == 0, 1, common) * y).astype(common.dtype))


def _left(x: Any, y: Any) -> Any:
    """Bits shifted out on either side are lost; counts that the type has no room for give 0."""
    bits = 8 * x.dtype.itemsize
    beyond = (y < 0) | (y >= bits)
    return np.where(beyond, 0, np.left_shift(x, np.where(beyond, 0, y))).astype(x.dtype)


def _right(x: Any, y: Any) -> Any:
    """The sign stays; counts that the type has no room for leave nothing but it."""
    bits = 8 * x.dtype.itemsize - (x.dtype.kind == "i")
    beyond = (y < 0) | (y >= bits)
    # A shift by all bits of an unsigned type in two steps, since one is undefined.
    half = np.where(beyond, bits // 2, 0)
    return np.right_shift(np.right_shift(x, half), np.where(beyond, bits - half, y)).astype(x.dtype)


gcd = _define("gcd", "The greatest common divisor", np.gcd, "bfcV", False)
lcm = _define("lcm", "The least common multiple", _lcm, "bfcV", False)
bitwise_left_shift = _define("bitwise_left_shift", "The bits shifted to the left", _left, "bfcV", True)
bitwise_right_shift = _define("bitwise_right_shift", "The bits shifted to the right", _right, "bfcV", True)
on_class(gcd, lcm, bitwise_left_shift, bitwise_right_shift)

attach(
    __lshift__=lambda self, other: bitwise_left_shift(self, other),
    __rshift__=lambda self, other: bitwise_right_shift(self, other),
    __rlshift__=lambda self, other: bitwise_left_shift(other, self),
    __rrshift__=lambda self, other: bitwise_right_shift(other, self),
)
