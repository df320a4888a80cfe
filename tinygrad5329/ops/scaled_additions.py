"""A tensor plus a multiple of a product or a quotient: addcmul, addcdiv."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.ops.inplace import check_writable, direct, in_place
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, expect_tensor, result_type, write_out
from tinygrad5329.tensor import Tensor, bump_version, method

__all__ = ["addcdiv", "addcmul"]


def _scaled(value: Any, x: Any) -> Any:
    return x if value == 1 else value * x


_addcmul = Primitive(
    "addcmul",
    lambda xp, x, a, b, *, value: x + _scaled(value, a * b),
    lambda xp, g: g,
    lambda xp, g, b, value: g * xp.conj(_scaled(value, b)),
    lambda xp, g, a, value: g * xp.conj(_scaled(value, a)),
    broadcasts=True,
)
_addcdiv = Primitive(
    "addcdiv",
    lambda xp, x, a, b, *, value: x + _scaled(value, a / b),
    lambda xp, g: g,
    lambda xp, g, b, value: g * xp.conj(_scaled(value, 1 / b)),
    lambda xp, g, a, b, value: -g * xp.conj(_scaled(value, a / (b * b))),
    broadcasts=True,
)


def _run(op: Primitive, input: Tensor, tensor1: Tensor, tensor2: Tensor, value: Any) -> Tensor:
    """`op` on the operands in their common dtype; integers take the integer part of `value`, as in PyTorch."""
    for name, each in (("input", input), ("tensor1", tensor1), ("tensor2", tensor2)):
        expect_tensor(op.name, name, each)
    common = result_type(input, tensor1, tensor2)
    if isinstance(value, float) and not (common.is_floating_point or common.is_complex):
        value = int(value)
    return op(*[cast(each, common) for each in (input, tensor1, tensor2)], value=value)


@method
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """``input + value * tensor1 * tensor2`` (``torch.addcmul``)."""
    result = _run(_addcmul, input, tensor1, tensor2, value)
    return result if out is None else write_out("addcmul", out, result)


@method
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Tensor | None = None) -> Tensor:
    """``input + value * tensor1 / tensor2`` of floating point tensors (``torch.addcdiv``)."""
    if not any(t.is_floating_point() or t.is_complex() for t in (tensor1, tensor2)):
        # Not even where `input` is of floats.
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported; use input + value * torch.trunc(tensor1 / tensor2) "
            "or input + value * tensor1 / tensor2"
        )
    result = _run(_addcdiv, input, tensor1, tensor2, value)
    return result if out is None else write_out("addcdiv", out, result)


def _define_in_place(name: str, function: Callable[..., Tensor], term: Any) -> None:
    """The method `name`; unrecorded cases write without making tensors."""

    def operation(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        scale = kwargs.get("value", 1)
        plain = len(args) == 2 and kwargs.keys() <= {"value"} and type(scale) in (int, float)
        if not plain or not direct(self, args) or not all([isinstance(a, Tensor) for a in args]):
            return in_place(self, name, function, *args, **kwargs)
        check_writable(self, name)
        arrays = [a._array for a in args]
        with np.errstate(all="ignore"):
            change = term(*arrays)
            np.add(self._array, change if scale == 1 else change * scale, out=self._array)
        bump_version(self, name)
        return self

    operation.__name__ = name
    operation.__doc__ = f"``{name[:-1]}`` in place (``torch.Tensor.{name}``)."
    setattr(Tensor, name, operation)


_define_in_place("addcmul_", addcmul, np.multiply)
_define_in_place("addcdiv_", addcdiv, np.divide)
