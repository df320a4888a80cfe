"""From a tensor to the same values elsewhere: clone, detach, to, and the dtype names as methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import as_device, device
from tinygrad5329.dtypes import dtype
from tinygrad5329.ops.primitive import Primitive
from tinygrad5329.ops.promote import cast, expect_tensor
from tinygrad5329.ops.shaping import _contiguous
from tinygrad5329.tape import Version
from tinygrad5329.tensor import Tensor, method, wrap

__all__ = ["clone", "conj", "detach", "imag", "real"]

_conj = Primitive("conj", lambda xp, x: np.conj(x), lambda xp, g: xp.conj(g))
_real = Primitive("real", lambda xp, x: x.real.copy(), lambda xp, g, x_dtype: cast_array(xp, g, x_dtype))
_imag = Primitive("imag", lambda xp, x: x.imag.copy(), lambda xp, g, x_dtype: cast_array(xp, g, x_dtype) * 1j)


def cast_array(xp: Any, g: Any, numpy_dtype: Any) -> Any:
    """`g` in another dtype, inside a rule."""
    return g.astype(numpy_dtype) if isinstance(g, np.ndarray) else cast(g, dtypes.of_numpy(numpy_dtype))


def _check_memory_format(op: str, memory_format: Any) -> None:
    if memory_format is not None:
        raise TypeError(f"{op}(): memory_format must be None, got {memory_format!r}")


@method
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy, recorded, so that gradients reach the original (``torch.clone``)."""
    expect_tensor("clone", "input", input)
    _check_memory_format("clone", memory_format)
    return _contiguous(input)


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
    if target is self.dtype:
        return clone(self) if copy else self
    return cast(self, target)


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
    _check_memory_format(op, kwargs.pop("memory_format", None))
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
    "cfloat": dtypes.complex64, "cdouble": dtypes.complex128,
}.items():  # fmt: skip

    def _conversion(self: Tensor, *, memory_format: Any = None, _to: dtype = _dtype) -> Tensor:
        _check_memory_format(_to.name, memory_format)
        return cast(self, _to)

    _conversion.__name__ = _name
    _conversion.__doc__ = f"The tensor as {_dtype.name} (``torch.Tensor.{_name}``)."
    setattr(Tensor, _name, _conversion)


def _method_type(self: Tensor, dtype: Any = None) -> Any:
    """The type's name, or the tensor in another type (``torch.Tensor.type``)."""
    if dtype is not None:
        return cast(self, dtypes.as_dtype(dtype))
    names = {"float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long", "int32": "Int",
             "int16": "Short", "int8": "Char", "uint8": "Byte", "bool": "Bool",
             "complex64": "ComplexFloat", "complex128": "ComplexDouble"}  # fmt: skip
    return f"tinygrad5329.{names[self.dtype.name]}Tensor"


def _method_type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype of `other` (``torch.Tensor.type_as``)."""
    expect_tensor("type_as", "other", other)
    return cast(self, other.dtype)


@method
def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own (``torch.conj``)."""
    expect_tensor("conj", "input", input)
    return _conj(input) if input.is_complex() else input


def real(input: Tensor) -> Tensor:
    """The real part; a real tensor is its own (``torch.real``)."""
    expect_tensor("real", "input", input)
    return _real(input) if input.is_complex() else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part of a complex tensor (``torch.imag``)."""
    expect_tensor("imag", "input", input)
    if not input.is_complex():
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return _imag(input)


for _name, _member in {
    "to": _method_to,
    "type": _method_type,
    "type_as": _method_type_as,
    "real": property(real),
    "imag": property(imag),
    "is_signed": lambda self: self.dtype.is_signed,
    "is_pinned": lambda self: False,
    "pin_memory": lambda self: self,
}.items():
    setattr(Tensor, _name, _member)
del _name, _member
