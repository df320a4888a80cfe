"""Tensors from data: numbers and nested sequences, arrays, buffers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import as_device
from tinygrad5329.dtypes import dtype
from tinygrad5329.factory_options import finish, type_of
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["as_tensor", "asarray", "from_numpy", "frombuffer", "tensor"]


def _infer(data: Any, d: dtype | None = None) -> np.ndarray[Any, Any]:
    """Data as an array in dtype `d`, or in the one that PyTorch infers: Python floats are the default dtype."""
    if isinstance(data, Tensor):
        return data._array
    if isinstance(data, (np.ndarray, np.generic)):
        if data.dtype.kind in "OUSMm":
            raise TypeError(f"can't convert np.ndarray of type {data.dtype.type}; the elements must be numbers")
        return np.asarray(data)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"tensor(): invalid data type '{type(data).__name__}', expected numbers: {_short(data)}")
    wanted = _dtype_of(data) if d is None else d
    try:
        array = np.array(_plain(data))
    except ValueError as error:
        if "one element" in str(error):
            raise
        raise ValueError(f"tensor(): expected sequences of equal length, got a ragged one: {_short(data)}") from None
    if array.dtype.kind == "O" and all(isinstance(each, int) for each in array.flat):
        raise ValueError(f"tensor(): Overflow: an integer does not fit into 64 bits: {_short(data)}")
    if array.dtype.kind in "OUSMm":
        _dtype_of(data)
        raise TypeError(f"tensor(): data must be numbers or nested sequences of them, got {_short(data)}")
    if array.dtype == np.uint64 and wanted is not dtypes.uint64:
        raise ValueError(f"tensor(): Overflow: an integer does not fit into 63 bits: {_short(data)}")
    if d is not None:
        _check_values(array, d)
    # Too large is infinite, not worth a warning.
    with np.errstate(over="ignore"):
        return array.astype(type_of(None) if wanted is None else wanted.numpy, copy=False)


def _of_numbers(data: Any) -> np.ndarray[Any, Any] | None:
    """A number, or a list of numbers of one type, as an array; None for anything else."""
    kind: Any = type(data)
    if kind is list and data:
        kind = type(data[0])
        if any([type(each) is not kind for each in data]):
            return None
    if kind is float:
        return np.array(data, type_of(None))
    if kind is bool:
        return np.array(data, np.bool_)
    if kind is int:
        try:
            return np.array(data, np.int64)
        except OverflowError:
            return None
    return None


def _check_values(array: Any, d: dtype) -> None:
    """Refuse Python numbers that `d` cannot hold."""
    if array.dtype.kind == "c" and not d.is_complex:
        raise TypeError(f"tensor(): must be real number, not complex, for dtype {d.name}")
    if array.size and array.dtype.kind in "iuf" and not (d.is_floating_point or d.is_complex or d is dtypes.bool_):
        if not np.isfinite(array).all():
            raise RuntimeError(f"value cannot be converted to type {d.name} without overflow: nan or infinite")
        for extreme in (array.min(), array.max()):
            dtypes.to_fill(extreme, d.numpy)


_PLAIN = {bool, int, float, complex}


def _dtype_of(data: Any) -> dtype | None:
    """The dtype that holds all of nested data; None where there is none of it."""
    if isinstance(data, Tensor):
        return data.dtype
    if isinstance(data, (np.ndarray, np.generic)):
        return dtypes.of_numpy(data.dtype)
    if isinstance(data, (bool, int, float, complex)):
        return dtypes.of_scalar(data)
    if not isinstance(data, (Sequence, memoryview)) or isinstance(data, (str, bytes)):
        if hasattr(data, "__array__"):
            return dtypes.of_numpy(np.asarray(data).dtype)
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}: expected numbers, got {_short(data)}")
    kinds = set(map(type, data))
    found = {dtypes.of_scalar(kind()) for kind in kinds & _PLAIN}
    if kinds - _PLAIN:
        found |= {_dtype_of(each) for each in data if type(each) not in _PLAIN} - {None}  # type: ignore[arg-type]
    return reduce(dtypes.promote_types, found) if found else None


def _plain(data: Any) -> Any:
    """Nested sequences with the tensors in them as numbers: as in PyTorch, these have one element each."""
    if isinstance(data, Tensor):
        if data._array.size != 1:
            raise ValueError(
                "only one element tensors can be converted to Python scalars; to join tensors of shape "
                f"{tuple(data.shape)}, use stack()"
            )
        return data._array.item()
    if isinstance(data, (list, tuple)):
        return [_plain(each) for each in data] if any(map(_is_nested, data)) else data
    return data


def _is_nested(each: Any) -> bool:
    return isinstance(each, (Tensor, list, tuple))


def _short(data: Any) -> str:
    text = repr(data)
    return text if len(text) < 60 else text[:57] + "..."


def tensor(
    data: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A leaf tensor with a copy of `data` (``torch.tensor``).

    Parameters
    ----------
    data : number, nested sequence, ndarray or Tensor
        Python floats become the default dtype, ints int64, bools bool; arrays keep theirs.
    dtype, device, requires_grad
        As in PyTorch.

    Examples
    --------
    >>> tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    d = None if dtype is None else dtypes.as_dtype(dtype)
    with np.errstate(all="ignore"):
        array = _of_numbers(data) if d is None else None
        if array is None:
            array = np.array(_infer(data, d), None if d is None else d.numpy, order="C")
    return finish("tensor", array, requires_grad, device, None, pin_memory)


def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing memory with a tensor or array where possible (``torch.as_tensor``)."""
    as_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    d = None if dtype is None else dtypes.as_dtype(dtype)
    array = _infer(data, d)
    if isinstance(data, np.ndarray):
        _check_strides(array)
    return wrap(array if d is None else array.astype(d.numpy, copy=False))


def asarray(
    obj: Any, *, dtype: dtype | None = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """`obj` as a tensor (``torch.asarray``).

    Memory of tensors, arrays, buffers and DLPack objects is shared; with ``copy=True`` it never is, with
    ``copy=False`` a ValueError says that it cannot be.
    """
    if isinstance(obj, (bytearray, memoryview)) and not copy:
        return frombuffer(
            obj, dtype=dtypes.get_default_dtype() if dtype is None else dtype, requires_grad=requires_grad
        )
    if not isinstance(obj, (Tensor, np.ndarray)) and hasattr(obj, "__dlpack__"):
        obj = np.from_dlpack(obj)
    if copy is False:
        if not isinstance(obj, (Tensor, np.ndarray)):
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        if dtype is not None and _infer(obj).dtype != type_of(dtype):
            raise ValueError(f"can't alias tensor with dtype '{_infer(obj).dtype}' into dtype '{dtype}'.")
    t = tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype, device)
    return t.detach().requires_grad_() if requires_grad else t


def _check_strides(array: Any) -> None:
    if any(step < 0 for step in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. Make a copy with array.copy() first."
        )


def from_numpy(ndarray: np.ndarray[Any, Any], /) -> Tensor:
    """A tensor over the memory of an array: writes to one are seen in the other (``torch.from_numpy``).

    Raises TypeError for elements that no dtype has, ValueError for strides or a byte order that tensors
    cannot have. Writing to a tensor over a read-only array raises RuntimeError.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if not ndarray.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order; convert it with "
            "array.astype(array.dtype.newbyteorder('='))"
        )
    dtypes.of_numpy(ndarray.dtype)
    _check_strides(ndarray)
    if any(step % ndarray.itemsize for step in ndarray.strides):
        raise ValueError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate "
            "the memory."
        )
    return wrap(ndarray)


def frombuffer(buffer: Any, *, dtype: dtype, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A 1-D tensor over the memory of a buffer, such as a bytearray (``torch.frombuffer``)."""
    d = dtypes.as_dtype(dtype)
    try:
        memory = memoryview(buffer).cast("B")
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    length = memory.nbytes
    if length == 0 or count == 0:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1"
        )
    if count < 0 and (length - offset) % d.itemsize:
        raise ValueError(
            f"buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple of element "
            f"size ({d.itemsize})"
        )
    if count > 0 and count * d.itemsize > length - offset:
        raise ValueError(
            f"requested buffer length ({count} * {d.itemsize} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({length} bytes)"
        )
    return finish("frombuffer", np.frombuffer(memory, d.numpy, count, offset), requires_grad)
