"""How elements lie in memory: PyTorch's layouts and memory formats, as objects to pass and compare.

Every tensor is ``strided``. A memory format names the order of the dimensions in memory; ``channels_last``
has the channels of an image side by side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.spelling import spelled

__all__ = [
    "arranged", "channels_last", "channels_last_3d", "check_layout", "contiguous_format", "layout", "memory_format",
    "preserve_format", "strided",
]  # fmt: skip


class layout:
    """A way of storing a tensor (``torch.layout``)."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return spelled(self.name)

    def __reduce__(self) -> str:
        return self.name


class memory_format:
    """An order of the dimensions in memory (``torch.memory_format``)."""

    __slots__ = ("name", "order")

    def __init__(self, name: str, order: tuple[int, ...] | None = None) -> None:
        self.name = name
        self.order = order

    def __repr__(self) -> str:
        return spelled(self.name)

    def __reduce__(self) -> str:
        return self.name


strided = layout("strided")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last", (0, 2, 3, 1))
channels_last_3d = memory_format("channels_last_3d", (0, 2, 3, 4, 1))


def check_layout(op: str, value: Any) -> None:
    """Refuse anything but dense memory."""
    if value is not None and value is not strided:
        if isinstance(value, layout):
            raise RuntimeError(f"{op}(): layout must be strided (dense), got {value!r}")
        raise TypeError(f"{op}(): argument 'layout' must be layout, not {type(value).__name__}")


def order_of(op: str, value: Any, ndim: int) -> tuple[int, ...] | None:
    """The order of the dimensions in memory that a format asks for; None for one that is no more than C order."""
    if value is None or value is contiguous_format or value is preserve_format:
        return None
    if not isinstance(value, memory_format):
        raise TypeError(f"{op}(): argument 'memory_format' must be memory_format, not {type(value).__name__}")
    assert value.order is not None
    if len(value.order) != ndim:
        raise RuntimeError(
            f"{op}(): required rank {len(value.order)} tensor to use {value.name} format, got {ndim} dimensions"
        )
    return value.order


def is_arranged(array: np.ndarray[Any, Any], order: tuple[int, ...] | None) -> bool:
    """Whether the memory is dense, with the dimensions in this order (None: C order)."""
    return bool((array if order is None else array.transpose(order)).flags.c_contiguous)


def arranged(array: np.ndarray[Any, Any], order: tuple[int, ...] | None) -> np.ndarray[Any, Any]:
    """`array` itself or a copy with its dimensions in this order in memory."""
    if order is None or is_arranged(array, order):
        return array
    return np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order))
