"""Operands: from what a user passes to tensors of one dtype.

PyTorch's promotion, where it differs from NumPy's, happens here, before a primitive runs. A cast is a
recorded operation of its own, so that gradients come back in the dtype of the input.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.dtypes import INEXACT, can_cast, dtype
from tinygrad5329.grad_mode import state
from tinygrad5329.ops.half_precision import to_copy
from tinygrad5329.ops.primitive import misfit
from tinygrad5329.tensor import Tensor, bump_version, wrap

__all__ = [
    "as_tensor_operand", "broadcast_shape", "cast", "expect_tensor", "operands", "result_type", "to_float", "write_out",
]  # fmt: skip

_NUMBERS = (int, float, complex)


def cast(x: Tensor, d: dtype) -> Tensor:
    """`x` in dtype `d`; `x` itself if it has it already."""
    return x if x._array.dtype == d.numpy else to_copy(x, dtype=d.numpy)


def expect_tensor(op: str, name: str, value: Any) -> None:
    """TypeError unless `value` is a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{op}(): argument '{name}' must be Tensor, not {type(value).__name__}")


def broadcast_shape(op: str, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that two broadcast to; RuntimeError if there is none."""
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        raise RuntimeError(misfit(op, a, b)) from None


def to_float(x: Any, op: str) -> Tensor:
    """`x` as a floating point tensor: integers and bools become the default dtype."""
    if not isinstance(x, Tensor):
        raise _not_a_tensor(op, "input", x)
    return x if x._array.dtype.kind in INEXACT else cast(x, dtypes.get_default_dtype())


def result_type(*values: Any) -> dtype:
    """The dtype of an operation on `values`, tensors and Python numbers (``torch.result_type``).

    >>> import tinygrad5329 as tg
    >>> result_type(tg.tensor([1, 2]), 1.0)
    tinygrad5329.float32
    """
    groups: list[dtype | None] = [None, None, None]
    for value in values:
        if isinstance(value, Tensor):
            kind, d = (0 if value._array.ndim else 1), value.dtype
        else:
            kind, d = 2, dtypes.of_scalar(_operand("result_type", "tensor", value))
        before = groups[kind]
        groups[kind] = d if before is None else dtypes.promote_types(before, d)
    return dtypes.combine(*groups)


def operands(op: str, input: Any, other: Any, *, floats: bool = False) -> tuple[Any, Any]:
    """Two operands in their common dtype; a Python number may stay one, where NumPy treats it alike.

    With `floats`, integers become floating point, as in a true division.
    """
    if isinstance(input, Tensor) and input._array.dtype.kind == "f":
        # The common cases first: this runs for every arithmetic operation.
        if isinstance(other, Tensor):
            if input._array.dtype is other._array.dtype:
                return input, other
        elif type(other) is float or type(other) is int:
            return input, other
    input, other = _operand(op, "input", input), _operand(op, "other", other)
    common = result_type(input, other)
    if floats and not (common.is_floating_point or common.is_complex):
        common = dtypes.get_default_dtype()
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        input = wrap(np.asarray(input, dtype=common.numpy))
    return _in_dtype(input, common), _in_dtype(other, common)


def as_tensor_operand(op: str, name: str, value: Any, d: dtype | None = None) -> Tensor:
    """`value` as a tensor, in dtype `d` if given."""
    value = _operand(op, name, value)
    if not isinstance(value, Tensor):
        d = dtypes.of_scalar(value) if d is None else d
        return wrap(_scalar_array(value, d))
    return value if d is None else cast(value, d)


def _operand(op: str, name: str, value: Any) -> Any:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray):
        return wrap(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, _NUMBERS):
        return value
    raise _not_a_tensor(op, name, value)


def _not_a_tensor(op: str, name: str, value: Any) -> TypeError:
    return TypeError(f"{op}(): argument '{name}' must be Tensor or Number, not {type(value).__name__}")


def _in_dtype(value: Any, common: dtype) -> Any:
    if isinstance(value, Tensor):
        return cast(value, common)
    if common.is_floating_point or common.is_complex:
        # NumPy 2 treats a Python number beside a floating point array as weak, like PyTorch.
        return float(value) if isinstance(value, bool) or common.is_floating_point else value
    # An integer that does not fit wraps around in PyTorch and raises in NumPy.
    return wrap(_scalar_array(value, common))


def _scalar_array(value: Any, d: dtype) -> Any:
    if d.numpy.kind in "iu" and isinstance(value, int):
        bits = 8 * d.itemsize
        value &= (1 << bits) - 1
        if d.numpy.kind == "i" and value >> (bits - 1):
            value -= 1 << bits
    return np.asarray(value, dtype=d.numpy)


def write_out(op: str, out: Tensor, result: Tensor) -> Tensor:
    """Put `result` into the tensor that the caller passed as ``out=`` (resized as PyTorch does)."""
    if not isinstance(out, Tensor):
        raise TypeError(f"{op}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if state.grad and (out.requires_grad or result.requires_grad):
        raise RuntimeError(
            f"{op}(): functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )
    if not can_cast(result.dtype, out.dtype):
        raise RuntimeError(
            f"{op}(): result type {result.dtype.name} can't be cast to the desired output type {out.dtype.name}"
        )
    if out._array.shape != result._array.shape:
        if out._array.size:
            raise RuntimeError(
                f"{op}(): out has shape {tuple(out.shape)} but the result has {tuple(result.shape)}; pass an "
                "out of that shape, or an empty one"
            )
        out._array = np.empty(result._array.shape, out._array.dtype)
    elif (
        out._array.size
        and 0 in out._array.strides
        and any(step == 0 and n > 1 for n, step in zip(out._array.shape, out._array.strides, strict=True))
    ):
        raise RuntimeError(
            f"unsupported operation: more than one element of the written-to tensor refers to a single memory "
            f"location. Please clone() the tensor before passing it to {op} as out"
        )
    np.copyto(out._array, result._array, casting="unsafe")
    bump_version(out, f"{op}(out=...)")
    return out
