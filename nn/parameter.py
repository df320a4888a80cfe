"""`Parameter` and `Buffer`: the two kinds of tensor that a `Module` keeps by attribute assignment."""

from __future__ import annotations

from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.creation import empty
from tinygrad5329.nn.uninitialized import UninitializedTensorMixin, is_lazy
from tinygrad5329.tensor import Tensor

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]


def _checked(kind: str, data: Tensor | None) -> Tensor:
    if data is None:
        return empty(0)
    if isinstance(data, Tensor):
        return data
    raise TypeError(
        f"{kind}: data must be a Tensor, got {type(data).__name__}; make one first, e.g. {kind}(tg.tensor(data))"
    )


class Parameter(Tensor):
    """A tensor that a `Module` registers as a parameter when it is assigned as an attribute.

    It is a leaf that shares memory with `data`; optimizers update it and the tape accumulates its gradient.
    Results of operations on it are plain tensors.

    Parameters
    ----------
    data : Tensor, optional
        Values; an empty float tensor when omitted.
    requires_grad : bool
        Whether gradients are recorded. Only floating-point data can require one.

    Raises
    ------
    TypeError
        If `data` is not a Tensor.
    RuntimeError
        If `requires_grad` is true and `data` is not of a floating-point dtype.

    Notes
    -----
    Matches `torch.nn.Parameter`.
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        """Make the leaf; the arguments are described at the class."""
        return Tensor._make_subclass(cls, _checked(cls.__name__, data), requires_grad)

    # Tensor's own __init__ takes no part: __new__ has built the object.
    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        copy = type(self)(self.data.clone(), self.requires_grad)
        memo[id(self)] = copy
        return copy

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that a `Module` registers as a buffer when it is assigned as an attribute.

    A buffer is state without an optimizer, such as running statistics: it follows the module through
    `to()` and, when persistent, through `state_dict()`.

    Parameters
    ----------
    data : Tensor, optional
        Values; an empty float tensor when omitted. Memory is shared.
    persistent : bool
        Whether the buffer is part of the module's `state_dict`.

    Raises
    ------
    TypeError
        If `data` is not a Tensor.

    Notes
    -----
    Matches `torch.nn.Buffer`.
    """

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        """Make the buffer; the arguments are described at the class."""
        data = _checked(cls.__name__, data)
        buffer = Tensor._make_subclass(cls, data, data.requires_grad)
        buffer.persistent = persistent
        return buffer

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Buffer:
        copy = type(self)(self.data.clone(), persistent=self.persistent)
        memo[id(self)] = copy
        return copy


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc]
    """A parameter whose shape is not known yet; `materialize` makes a `Parameter` of it.

    Matches `torch.nn.parameter.UninitializedParameter`.
    """

    cls_to_become = Parameter

    def __new__(
        cls, requires_grad: bool = True, device: Any = None, dtype: dtypes.dtype | None = None
    ) -> UninitializedParameter:
        """Make it; dtype and device are those that `materialize` will use."""
        return cls._new(requires_grad, device, dtype)

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: dtypes.dtype | None = None) -> None:
        pass


class UninitializedBuffer(UninitializedTensorMixin, Tensor):  # type: ignore[misc]
    """A buffer whose shape is not known yet; `materialize` makes a `Tensor` of it.

    Matches `torch.nn.parameter.UninitializedBuffer`.
    """

    cls_to_become = Tensor
    persistent: bool

    def __new__(
        cls,
        requires_grad: bool = False,
        device: Any = None,
        dtype: dtypes.dtype | None = None,
        persistent: bool = True,
    ) -> UninitializedBuffer:
        """Make it; dtype and device are those that `materialize` will use."""
        buffer = cls._new(requires_grad, device, dtype)
        buffer.persistent = persistent
        return buffer

    def __init__(
        self,
        requires_grad: bool = False,
        device: Any = None,
        dtype: dtypes.dtype | None = None,
        persistent: bool = True,
    ) -> None:
        pass
