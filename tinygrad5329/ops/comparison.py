"""Questions about elements: comparisons, finite or not, logic and bits. Nothing here has a derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.ops.primitive import misfit
from tinygrad5329.ops.promote import (
    as_tensor_operand,
    broadcast_shape,
    expect_tensor,
    operands,
    result_type,
    write_out,
)
from tinygrad5329.tensor import Tensor, attach, method, wrap

__all__ = [
    "allclose", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "eq", "equal", "ge", "greater",
    "greater_equal", "gt", "isclose", "isfinite", "isinf", "isnan", "le", "less", "less_equal",
    "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "ne", "not_equal",
]  # fmt: skip

_OPERANDS = (Tensor, int, float, complex, np.generic, np.ndarray)


def _array(x: Any) -> Any:
    return x._array if isinstance(x, Tensor) else x


def _apply(name: str, ufunc: Any, x: Any, y: Any) -> Tensor:
    try:
        return wrap(ufunc(x, y))
    except ValueError:
        raise RuntimeError(misfit(name, np.shape(x), np.shape(y))) from None


def _comparison(name: str, about: str, ufunc: Any, operator: str, *aliases: str) -> Callable[..., Tensor]:
    def function(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
        expect_tensor(name, "input", input)
        x, y = (_array(each) for each in operands(name, input, other))
        if name not in ("eq", "ne") and np.result_type(x, y).kind == "c":
            raise NotImplementedError(f'"{name}_cpu" not implemented for complex numbers: they have no order')
        result = _apply(name, ufunc, x, y)
        return result if out is None else write_out(name, out, result)

    def dunder(self: Tensor, other: Any) -> Any:
        return function(self, other) if isinstance(other, _OPERANDS) else NotImplemented

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``input {about} other``, element by element, as bools (``torch.{name}``)."
    for each in (name, *aliases):
        setattr(Tensor, each, function)
    setattr(Tensor, operator, dunder)
    return function


eq = _comparison("eq", "==", np.equal, "__eq__")
ne = not_equal = _comparison("ne", "!=", np.not_equal, "__ne__", "not_equal")
lt = less = _comparison("lt", "<", np.less, "__lt__", "less")
le = less_equal = _comparison("le", "<=", np.less_equal, "__le__", "less_equal")
gt = greater = _comparison("gt", ">", np.greater, "__gt__", "greater")
ge = greater_equal = _comparison("ge", ">=", np.greater_equal, "__ge__", "greater_equal")


def _logical(name: str, about: str, ufunc: Any) -> Callable[..., Tensor]:
    def function(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
        expect_tensor(name, "input", input)
        expect_tensor(name, "other", other)
        result = _apply(name, ufunc, input._array, other._array)
        return result if out is None else write_out(name, out, result)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Whether {about}, element by element; nonzero is true (``torch.{name}``)."
    setattr(Tensor, name, function)
    return function


logical_and = _logical("logical_and", "both are true", np.logical_and)
logical_or = _logical("logical_or", "one is true", np.logical_or)
logical_xor = _logical("logical_xor", "exactly one is true", np.logical_xor)


def _bitwise(name: str, operator: str, ufunc: Any) -> Callable[..., Tensor]:
    def function(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
        if not isinstance(input, Tensor) and not isinstance(other, Tensor):
            expect_tensor(name, "input", input)
        common = result_type(input, other)
        if common.is_floating_point or common.is_complex:
            raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{common.name}': use integers or bools")
        x = as_tensor_operand(name, "input", input, common)
        y = as_tensor_operand(name, "other", other, common)
        result = _apply(name, ufunc, x._array, y._array)
        return result if out is None else write_out(name, out, result)

    def dunder(self: Tensor, other: Any) -> Any:
        return function(self, other) if isinstance(other, _OPERANDS) else NotImplemented

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``{name}`` of integers, the logical operation for bools (``torch.{name}``)."
    setattr(Tensor, name, function)
    setattr(Tensor, f"__{operator}__", dunder)
    setattr(Tensor, f"__r{operator}__", dunder)
    return function


bitwise_and = _bitwise("bitwise_and", "and", np.bitwise_and)
bitwise_or = _bitwise("bitwise_or", "or", np.bitwise_or)
bitwise_xor = _bitwise("bitwise_xor", "xor", np.bitwise_xor)


@method
def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is zero (``torch.logical_not``)."""
    expect_tensor("logical_not", "input", input)
    result = wrap(np.logical_not(input._array))
    return result if out is None else write_out("logical_not", out, result)


@method
def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The bits inverted; the logical not for bools (``torch.bitwise_not``)."""
    expect_tensor("bitwise_not", "input", input)
    if input._array.dtype.kind not in "iub":
        raise NotImplementedError(
            f"\"bitwise_not_cpu\" not implemented for '{input.dtype.name}': use integers or bools"
        )
    result = wrap(np.invert(input._array))
    return result if out is None else write_out("bitwise_not", out, result)


def _invert(self: Tensor) -> Tensor:
    if self._array.dtype.kind not in "iub":
        raise TypeError(
            f"~ (operator.invert) is only implemented on integer and Boolean-type tensors, not {self.dtype}"
        )
    return bitwise_not(self)


attach(__invert__=_invert)


@method
def isnan(input: Tensor) -> Tensor:
    """Whether each element is NaN (``torch.isnan``)."""
    expect_tensor("isnan", "input", input)
    return wrap(np.isnan(input._array))


@method
def isinf(input: Tensor) -> Tensor:
    """Whether each element is infinite (``torch.isinf``)."""
    expect_tensor("isinf", "input", input)
    return wrap(np.isinf(input._array))


@method
def isfinite(input: Tensor) -> Tensor:
    """Whether each element is neither infinite nor NaN (``torch.isfinite``)."""
    expect_tensor("isfinite", "input", input)
    return wrap(np.isfinite(input._array))


@method
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements (``torch.equal``)."""
    expect_tensor("equal", "input", input)
    expect_tensor("equal", "other", other)
    return input._array.shape == other._array.shape and bool(np.all(input._array == other._array))


@method
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether ``|input - other| <= atol + rtol * |other|``, element by element (``torch.isclose``)."""
    expect_tensor("isclose", "input", input)
    expect_tensor("isclose", "other", other)
    if input.dtype is not other.dtype:
        raise RuntimeError(f"{input.dtype} did not match {other.dtype}: isclose needs equal dtypes")
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {value}")
    broadcast_shape("isclose", input._array.shape, other._array.shape)
    return wrap(np.isclose(input._array, other._array, rtol, atol, equal_nan))


@method
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close, see :func:`isclose` (``torch.allclose``)."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())
