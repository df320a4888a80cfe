"""From a tensor to the same values elsewhere: clone, detach, to, and the dtype names as methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import as_device, device
from tinygrad5329.dtypes import dtype
from tinygrad5329.layout import contiguous_format, is_arranged, order_of
from tinygrad5329.ops.promote import cast, expect_tensor
from tinygrad5329.ops.shaping import _contiguous, permute
from tinygrad5329.spelling import spelled
from tinygrad5329.storage import shared
from tinygrad5329.tape import Version
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["clone", "detach"]


def _laid_out(op: str, x: Tensor, memory_format: Any) -> Tensor:
    """`x` in the order in memory that `memory_format` asks for, moved there if need be."""
    order = order_of(op, memory_format, x._array.ndim)
    if order is not None and not is_arranged(x._array, order):
        return permute(_contiguous(permute(x, order)), tuple(order.index(i) for i in range(len(order))))
    if memory_format is contiguous_format and not x._array.flags.c_contiguous:
        return _contiguous(x)
    return x


@method
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy, recorded, so that gradients reach the original (``torch.clone``)."""
    expect_tensor("clone", "input", input)
    if order_of("clone", memory_format, input._array.ndim) is not None:
        return _laid_out("clone", _contiguous(input), memory_format)
    # In PyTorch's "preserve" format a dense tensor keeps the order of its dimensions in memory.
    dense = memory_format is not contiguous_format and 0 not in input._array.strides
    return _contiguous(input, order="K" if dense else "C")


@method
def detach(input: Tensor) -> Tensor:
    """The same memory outside of the graph (``torch.Tensor.detach``).

    Writes in place are seen by both, and a backward pass that needs the old values refuses.
    """
    expect_tensor("detach", "input", input)
    if input._version is None:
        input._version = Version()
    out = wrap(input._array)
    out._version = input._version
    return out


def _method_to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The tensor in another dtype or on another device; itself if it is so already (``torch.Tensor.to``).

    ``to(dtype)``, ``to(device)``, ``to(device, dtype)`` and ``to(other)``, with `non_blocking` and `copy`.
    """
    wanted, copy = parse_to("to", args, kwargs)
    target = self.dtype if wanted is None else wanted
    result = (clone(self) if copy else self) if target is self.dtype else cast(self, target)
    return _laid_out("to", result, kwargs.get("memory_format"))


def parse_to(op: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[dtype | None, bool]:
    """The dtype (None: unchanged) and ``copy`` that the arguments of a ``to`` ask for."""
    kwargs = dict(kwargs)
    wanted: dtype | None = kwargs.pop("dtype", None)
    if wanted is not None:
        if isinstance(wanted, str):
            raise TypeError(f"{op}(): argument 'dtype' must be a dtype, not str")
        wanted = dtypes.as_dtype(wanted)
    place = kwargs.pop("device", None)
    other: Tensor | None = kwargs.pop("other", None)
    copy = kwargs.pop("copy", False)
    kwargs.pop("non_blocking", None)
    order_of(op, kwargs.pop("memory_format", None), 4)
    if kwargs:
        raise TypeError(f"{op}() got an unexpected keyword argument '{next(iter(kwargs))}'")
    types = sum(isinstance(arg, (dtype, type, np.dtype, Tensor)) for arg in args)
    if types + (wanted is not None) + (other is not None) > 1:
        raise TypeError(f"{op}() received an invalid combination of arguments: the dtype is given more than once")
    if not isinstance(copy, bool):
        raise TypeError(f"{op}(): argument 'copy' must be bool, not {type(copy).__name__}")
    flags = []
    for arg in args:
        if isinstance(arg, Tensor):
            other = arg
        elif isinstance(arg, (device, str)):
            place = arg
        elif isinstance(arg, bool):
            flags.append(arg)
        elif isinstance(arg, (dtype, type, np.dtype)):
            wanted = dtypes.as_dtype(arg)
        elif arg is not None:
            raise TypeError(
                f"{op}() received an invalid combination of arguments: expected a dtype, a device or a tensor, got "
                f"{type(arg).__name__}"
            )
    if other is not None:
        wanted = other.dtype
    as_device(place)
    if len(flags) > 1:
        copy = flags[1]
    return wanted, copy


for _name, _dtype in {
    "float": dtypes.float32, "double": dtypes.float64, "half": dtypes.float16, "int": dtypes.int32,
    "long": dtypes.int64, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8, "bool": dtypes.bool_,
    "bfloat16": dtypes.bfloat16, "cfloat": dtypes.complex64, "cdouble": dtypes.complex128,
}.items():  # fmt: skip

    def _conversion(self: Tensor, *, memory_format: Any = None, _to: dtype = _dtype) -> Tensor:
        return _laid_out(_to.name, cast(self, _to), memory_format)

    _conversion.__name__ = _name
    _conversion.__doc__ = f"The tensor as {_dtype.name} (``torch.Tensor.{_name}``)."
    setattr(Tensor, _name, _conversion)


def _method_type(self: Tensor, dtype: Any = None) -> Any:
    """The type's name, or the tensor in another type (``torch.Tensor.type``).

    A type may be given by its name too: ``x.type("torch.DoubleTensor")``.
    """
    if dtype is None:
        return spelled(f"{dtypes.TITLES[self.dtype.name]}Tensor")
    if isinstance(dtype, str):
        return cast(self, dtypes.of_type_name(dtype))
    return cast(self, dtypes.as_dtype(getattr(dtype, "dtype", dtype)))


def _cuda(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
    """Refused with the AssertionError of a PyTorch without CUDA (``torch.Tensor.cuda``)."""
    raise AssertionError("Torch not compiled with CUDA enabled: this engine computes on the CPU")


def _share_memory(self: Tensor) -> Tensor:
    """Move the elements to memory shared with processes forked later (``torch.Tensor.share_memory_``).

    Views made before stay where they are.
    """
    if not self.is_shared():
        self._array = shared(self._array)
    return self


def _method_type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype of `other` (``torch.Tensor.type_as``)."""
    expect_tensor("type_as", "other", other)
    return cast(self, other.dtype)


for _name, _member in {
    "to": _method_to,
    "type": _method_type,
    "type_as": _method_type_as,
    "cuda": _cuda,
    "share_memory_": _share_memory,
    "is_pinned": lambda self: False,
    "pin_memory": lambda self: self,
}.items():
    setattr(Tensor, _name, _member)
del _name, _member
