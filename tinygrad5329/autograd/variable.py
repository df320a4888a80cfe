"""``Variable``: the name that tensors with gradients had before PyTorch 0.4, for scripts of that age."""

from __future__ import annotations

from typing import Any

from tinygrad5329.tensor import Tensor

__all__ = ["Variable"]


class _AnyTensor(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor)


class Variable(metaclass=_AnyTensor):
    """The tensor itself, sharing its memory, in a graph of its own (``torch.autograd.Variable``)."""

    def __new__(cls, data: Tensor, requires_grad: bool = False) -> Tensor:  # type: ignore[misc]
        """`data` without its history."""
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)
