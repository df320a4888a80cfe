"""``Size``: the shape of a tensor, a tuple with PyTorch's few extras."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, SupportsIndex

from tinygrad5329.spelling import spelled

__all__ = ["Size"]


class Size(tuple[int, ...]):
    """The shape of a tensor (``torch.Size``): a tuple of ints that knows its number of elements.

    >>> Size([2, 3]).numel()
    6
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[SupportsIndex] = (), /) -> Size:
        sizes = tuple(sizes)
        for place, n in enumerate(sizes):
            if not hasattr(n, "__index__"):
                raise TypeError(f"Size() takes an iterable of 'int' (item {place} is '{type(n).__name__}')")
        return tuple.__new__(cls, [n.__index__() for n in sizes])

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return math.prod(self)

    def __repr__(self) -> str:
        return spelled(f"Size([{', '.join(map(str, self))}])")

    def __add__(self, other: Any) -> Size:
        if not isinstance(other, tuple):
            raise TypeError(f"can only concatenate tuple (not {type(other).__name__}) to Size")
        return Size(tuple(self) + other)

    def __radd__(self, other: Any) -> Size:
        return Size(other + tuple(self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: Any) -> Size:
        return Size(tuple(self) * times)

    __rmul__ = __mul__

    def __getitem__(self, index: Any) -> Any:
        item = tuple.__getitem__(self, index)
        return Size(item) if isinstance(index, slice) else item

    def __reduce__(self) -> Any:
        return Size, (tuple(self),)
