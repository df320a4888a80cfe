"""Public functions around primitives: operands promoted, ``out=`` written, names and docstrings set.

For families of many small functions of one or two operands, such as the special functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.dtypes import INEXACT
from tinygrad5329.ops.dims import scalar_type
from tinygrad5329.ops.primitive import REGISTRY, Primitive
from tinygrad5329.ops.promote import as_tensor_operand, cast, expect_tensor, result_type, to_float, write_out
from tinygrad5329.tensor import Tensor

__all__ = ["binary", "named", "not_differentiable", "on_class", "refused", "two_operands", "unary"]


def refused(name: str) -> Callable[..., Any]:
    """A gradient rule for what PyTorch does not differentiate: NotImplementedError in the backward pass."""

    def rule(xp: Any, g: Any) -> Any:
        raise NotImplementedError(f"derivative for {name} is not implemented; detach() its inputs")

    return rule


def not_differentiable(name: str, forward: Callable[..., Any], *, broadcasts: bool = False) -> Primitive:
    """A primitive whose backward pass raises NotImplementedError, as PyTorch's does.

    Its result requires grad if an input does, so that a gradient cannot get lost without notice. It is not
    kept in the registry, which lists what can be differentiated.
    """
    op = Primitive(name, forward, joint=refused(name), broadcasts=broadcasts)
    del REGISTRY[name]
    return op


def unary(
    op: Primitive, about: str, *, name: str = "", home: str = "torch", floats: bool = True, refuse: str = "c"
) -> Callable[..., Tensor]:
    """The function of one tensor that runs `op`; with `floats`, integers become the default dtype first.

    `refuse` holds the kinds of dtypes (NumPy's letters) for which PyTorch has no such function.
    """
    name = name or op.name

    def function(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        expect_tensor(name, "input", input)
        if input._array.dtype.kind in refuse:
            raise NotImplementedError(f"\"{name}\" not implemented for '{scalar_type(input._array.dtype)}'")
        result = op(to_float(input, name) if floats else input)
        return result if out is None else write_out(name, out, result)

    return named(function, name, f"{about} (``{home}.{name}``).")


def binary(
    op: Primitive,
    about: str,
    *,
    name: str = "",
    home: str = "torch",
    floats: bool = True,
    refuse: str = "c",
    numbers: bool = False,
) -> Callable[..., Tensor]:
    """The function of two tensors, broadcast, that runs `op`; `numbers` permits one to be a Python number."""
    name = name or op.name

    def function(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        result = op(*two_operands(name, input, other, floats=floats, refuse=refuse, numbers=numbers))
        return result if out is None else write_out(name, out, result)

    return named(function, name, f"{about} (``{home}.{name}``).")


def two_operands(
    name: str, input: Any, other: Any, *, floats: bool = True, refuse: str = "c", numbers: bool = False
) -> tuple[Tensor, Tensor]:
    """Two operands as tensors of their common dtype."""
    if not numbers or not (isinstance(input, Tensor) or isinstance(other, Tensor)):
        expect_tensor(name, "input", input)
        expect_tensor(name, "other", other)
    common = result_type(input, other)
    if common.numpy.kind in refuse:
        raise NotImplementedError(f"\"{name}\" not implemented for '{scalar_type(common.numpy)}'")
    if floats and common.numpy.kind not in INEXACT:
        common = dtypes.get_default_dtype()
    x, y = (
        cast(each, common) if isinstance(each, Tensor) else as_tensor_operand(name, "other", each, common)
        for each in (input, other)
    )
    return x, y


def named(function: Any, name: str, doc: str) -> Any:
    """`function` under its public name and with its docstring."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


def on_class(*functions: Any, **aliases: Any) -> None:
    """Put functions on Tensor under their own names, and under other ones."""
    for function in functions:
        setattr(Tensor, function.__name__, function)
    for name, function in aliases.items():
        setattr(Tensor, name, function)
