"""``intercept``: let tensors through unchanged and see their gradients together on the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinygrad5329.autograd.function import Function
from tinygrad5329.tensor import Tensor

__all__ = ["intercept"]

Gradients = tuple[Tensor | None, ...]


class _Intercept(Function):
    @staticmethod
    def forward(ctx: Any, react: Any, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.react = react
        ctx.set_materialize_grads(False)
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        replaced = ctx.react(gradients)
        return None, *(gradients if replaced is None else replaced)


def intercept(tensors: Sequence[Tensor], react: Callable[[Gradients], Gradients | None]) -> tuple[Tensor, ...]:
    """The same values, whose gradients pass through `react` once all of them are complete.

    What module backward hooks are made of. `react` gets a gradient, or None, for each tensor, and returns
    such a tuple to go on with, or None to leave them as they are. Without a tensor that requires grad
    nothing is recorded and `react` is never called.
    """
    return _Intercept.apply(react, *tensors)
