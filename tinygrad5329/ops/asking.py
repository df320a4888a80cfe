"""Questions about a whole tensor: its size, its dtype, its truth, as functions."""

from __future__ import annotations

from typing import Any

from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.storage import UntypedStorage
from tinygrad5329.tensor import Tensor, attach, method

__all__ = [
    "get_device", "is_complex", "is_floating_point", "is_inference", "is_nonzero", "is_same_size", "is_signed",
    "is_storage", "numel", "typename",
]  # fmt: skip


def numel(input: Tensor) -> int:
    """The number of elements (``torch.numel``)."""
    expect_tensor("numel", "input", input)
    return int(input._array.size)


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a real floating point one (``torch.is_floating_point``)."""
    expect_tensor("is_floating_point", "input", input)
    return input.dtype.is_floating_point


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex (``torch.is_complex``)."""
    expect_tensor("is_complex", "input", input)
    return input.dtype.is_complex


def is_signed(input: Tensor) -> bool:
    """Whether the dtype holds negative numbers (``torch.is_signed``)."""
    expect_tensor("is_signed", "input", input)
    return input.dtype.is_signed


attach(is_signed=is_signed)


@method
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero (``torch.is_nonzero``)."""
    expect_tensor("is_nonzero", "input", input)
    if input._array.size != 1:
        raise RuntimeError(
            "Boolean value of Tensor with no values is ambiguous"
            if input._array.size == 0
            else "Boolean value of Tensor with more than one value is ambiguous"
        )
    return bool(input._array.reshape(-1)[0] != 0)


@method
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape (``torch.is_same_size``)."""
    expect_tensor("is_same_size", "input", input)
    expect_tensor("is_same_size", "other", other)
    return input._array.shape == other._array.shape


@method
def is_inference(input: Tensor) -> bool:
    """Whether the tensor was made in inference mode; none is marked as such here (``torch.is_inference``)."""
    expect_tensor("is_inference", "input", input)
    return False


def is_storage(obj: Any, /) -> bool:
    """Whether `obj` is the storage of a tensor (``torch.is_storage``)."""
    return isinstance(obj, UntypedStorage)


def get_device(input: Tensor) -> int:
    """The number of the tensor's GPU: -1, the CPU (``torch.get_device``)."""
    expect_tensor("get_device", "input", input)
    return -1


def typename(obj: Any, /) -> str:
    """The name of the type of `obj`, of a tensor's type with its dtype (``torch.typename``)."""
    if isinstance(obj, Tensor):
        return str(obj.type())
    return f"{type(obj).__module__}.{type(obj).__qualname__}".removeprefix("builtins.")
