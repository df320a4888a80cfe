"""``Storage``: the whole memory that a tensor is a view of, for code that asks where a tensor lives."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad5329.backends.device import CPU, device

__all__ = ["UntypedStorage", "copied", "is_shared", "root", "shared"]


def root(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array that owns the memory of `array`."""
    base: Any = array
    # Between a view made by as_strided and its array stands an object that is no array.
    while (base := getattr(base, "base", None)) is not None:
        if isinstance(base, np.ndarray):
            array = base
    return array


def copied(array: np.ndarray[Any, Any], memo: dict[Any, Any]) -> np.ndarray[Any, Any]:
    """A deep copy of an array, in which arrays that shared memory share it again."""
    whole = root(array)
    if not whole.flags.forc or array.size == 0:
        return array.copy(order="K")
    key = "memory", id(whole)
    if key not in memo:
        # The original is kept, so that its id stays its own.
        memo[key] = whole, whole.copy(order="K")
    twin = memo[key][1]
    if array is whole:
        return twin
    offset = array.ctypes.data - whole.ctypes.data
    flat = twin.reshape(-1, order="A").view(np.uint8) if whole.ndim else twin.reshape(1).view(np.uint8)
    return np.ndarray(array.shape, array.dtype, flat, offset, array.strides)


def shared(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A copy in memory that processes forked from now on write to together with this one."""
    memory = mmap.mmap(-1, max(array.nbytes, 1))
    out = np.frombuffer(memory, array.dtype, array.size).reshape(array.shape)
    out[...] = array
    return out


def is_shared(array: np.ndarray[Any, Any]) -> bool:
    """Whether the array lies in memory of :func:`shared`."""
    owner = root(array).base
    return isinstance(owner.obj if isinstance(owner, memoryview) else owner, mmap.mmap)


class UntypedStorage:
    """The bytes behind a tensor (``torch.UntypedStorage``); tensors that share memory have equal storages."""

    __slots__ = ("_bytes",)

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        whole = root(array)
        # Not reshape, which would copy memory that is not in C order.
        low, high = np.lib.array_utils.byte_bounds(whole) if whole.size else (whole.ctypes.data, whole.ctypes.data)
        owner = _Memory(whole, low, high - low)
        self._bytes: np.ndarray[Any, Any] = np.asarray(owner) if high > low else np.empty(0, np.uint8)

    @property
    def device(self) -> device:
        """The CPU."""
        return CPU

    def data_ptr(self) -> int:
        """The address of the first byte; 0 where there is none."""
        return int(self._bytes.ctypes.data) if self._bytes.size else 0

    def nbytes(self) -> int:
        """How many bytes there are."""
        return self._bytes.size

    size = nbytes
    __len__ = nbytes

    def element_size(self) -> int:
        """1: the elements are bytes."""
        return 1

    def tolist(self) -> list[int]:
        """The bytes as ints."""
        return self._bytes.tolist()

    def __getitem__(self, index: Any) -> Any:
        found = self._bytes[index]
        return found.tolist() if isinstance(found, np.ndarray) else int(found)

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and (self.data_ptr(), self.nbytes()) == (
            other.data_ptr(),
            other.nbytes(),
        )

    def __hash__(self) -> int:
        return hash((self.data_ptr(), self.nbytes()))

    def __repr__(self) -> str:
        return f"tinygrad5329.UntypedStorage of {self.nbytes()} bytes at {self.data_ptr():#x}"


class _Memory:
    """A span of memory that an array owns, for ``numpy.asarray``."""

    def __init__(self, owner: Any, address: int, nbytes: int) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "data": (address, not owner.flags.writeable), "shape": (nbytes,), "typestr": "|u1", "version": 3,
        }  # fmt: skip
