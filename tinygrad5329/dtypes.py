"""Data types and PyTorch's promotion rules over NumPy dtypes.

NumPy and PyTorch disagree on promotion: NumPy makes ``float32 + int64`` a float64, PyTorch keeps
float32; NumPy's 0-d arrays promote fully, PyTorch's only across kinds. Every op of the engine asks
this module, so that the rule is written once.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

__all__ = [
    "as_dtype",
    "dtype",
    "finfo",
    "get_default_dtype",
    "iinfo",
    "promote_types",
    "set_default_dtype",
]


class dtype:
    """The type of a tensor's elements; the counterpart of ``torch.dtype``.

    Instances are singletons, so ``x.dtype is tg.float32`` and ``x.dtype == tg.float32`` agree.
    """

    __slots__ = ("is_complex", "is_floating_point", "is_signed", "itemsize", "name", "numpy")

    def __init__(self, name: str, numpy: Any) -> None:
        self.name = name
        self.numpy: np.dtype[Any] = np.dtype(numpy)
        kind = self.numpy.kind
        self.is_floating_point = kind == "f"
        self.is_complex = kind == "c"
        self.is_signed = kind in "ifc"
        self.itemsize = self.numpy.itemsize

    def __repr__(self) -> str:
        return f"tinygrad5329.{self.name}"

    def __reduce__(self) -> str:
        return self.name

    def __copy__(self) -> dtype:
        return self

    def __deepcopy__(self, memo: Any) -> dtype:
        return self

    def to_complex(self) -> dtype:
        """The complex type whose parts have this type's precision."""
        return complex128 if self is float64 else complex64 if not self.is_complex else self

    def to_real(self) -> dtype:
        """The type of the real and imaginary parts of a complex type; other types are their own."""
        return {complex64: float32, complex128: float64}.get(self, self)


float16 = half = dtype("float16", np.float16)
float32 = float_ = dtype("float32", np.float32)
float64 = double = dtype("float64", np.float64)
int8 = dtype("int8", np.int8)
int16 = short = dtype("int16", np.int16)
int32 = int_ = dtype("int32", np.int32)
int64 = long = dtype("int64", np.int64)
uint8 = dtype("uint8", np.uint8)
bool_ = dtype("bool", np.bool_)
complex64 = cfloat = dtype("complex64", np.complex64)
complex128 = cdouble = dtype("complex128", np.complex128)

#: Every dtype of the engine, in PyTorch's promotion order.
ALL = (bool_, uint8, int8, int16, int32, int64, float16, float32, float64, complex64, complex128)
_OF_NUMPY: dict[np.dtype[Any], dtype] = {each.numpy: each for each in ALL}
_OF_PYTHON: dict[type, dtype] = {bool: bool_, int: int64, float: float64, complex: complex128}
_OF_NAME = {each.name: each for each in ALL} | {
    "half": half, "float": float32, "double": float64, "short": int16, "int": int32, "long": int64,
    "cfloat": complex64, "cdouble": complex128,
}  # fmt: skip

_default: dtype = float32


def get_default_dtype() -> dtype:
    """The dtype of new floating point tensors (``torch.get_default_dtype``); float32 at the start."""
    return _default


def set_default_dtype(d: dtype, /) -> None:
    """Set the dtype of new floating point tensors (``torch.set_default_dtype``)."""
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"set_default_dtype: only floating point types can be the default, got {d!r}")
    _default = d


def of_numpy(numpy_dtype: np.dtype[Any]) -> dtype:
    """The engine's dtype of a NumPy dtype; TypeError where there is none."""
    found = _OF_NUMPY.get(numpy_dtype)
    if found is None:
        names = ", ".join(each.name for each in ALL)
        raise TypeError(
            f"can't convert np.ndarray of type {numpy_dtype}; the supported types are: {names}. "
            "Convert the array first, for example with array.astype(np.float32)"
        )
    return found


def as_dtype(value: Any) -> dtype:
    """The dtype that `value` names: one of ours, a NumPy dtype, or Python's bool, int, float, complex."""
    if isinstance(value, dtype):
        return value
    if isinstance(value, type) and value in _OF_PYTHON:
        return _OF_PYTHON[value]
    try:
        return of_numpy(np.dtype(value))
    except TypeError:
        raise TypeError(f"dtype must be a tinygrad5329.dtype such as tg.float32, got {value!r}") from None


def numpy_dtype(value: Any) -> np.dtype[Any]:
    """The NumPy dtype that `value` names."""
    return as_dtype(value).numpy


def complex_default() -> dtype:
    """The complex dtype that belongs to the default dtype."""
    return complex128 if _default is float64 else complex64


def of_scalar(value: Any) -> dtype:
    """The dtype that a Python scalar has as a tensor: bool, int64, the default or its complex."""
    if isinstance(value, (bool, np.bool_)):
        return bool_
    if isinstance(value, (int, np.integer)):
        return int64
    if isinstance(value, (complex, np.complexfloating)) and not isinstance(value, (float, np.floating)):
        return complex_default()
    return _default


def to_fill(value: Any, numpy_dtype: np.dtype[Any]) -> Any:
    """`value` as an element of an array to be filled with it; negative numbers wrap around in unsigned types.

    Raises
    ------
    RuntimeError
        If an integer type cannot hold it.
    """
    if numpy_dtype.kind in "iu" and isinstance(value, (int, float, np.number)):
        info, whole = np.iinfo(numpy_dtype), int(value)
        if numpy_dtype.kind == "u" and -info.max - 1 <= whole < 0:
            whole += info.max + 1
        if not info.min <= whole <= info.max:
            raise RuntimeError(f"value cannot be converted to type {numpy_dtype} without overflow: {value}")
        return whole
    return value


@cache
def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type that holds both, by PyTorch's lattice (``torch.promote_types``).

    >>> promote_types(int64, float16)
    tinygrad5329.float16
    >>> promote_types(uint8, int8)
    tinygrad5329.int16
    """
    a, b = type1, type2
    rank_a, rank_b = _rank(a), _rank(b)
    if rank_a < rank_b:
        a, b, rank_a, rank_b = b, a, rank_b, rank_a
    if rank_a == rank_b:
        return of_numpy(np.promote_types(a.numpy, b.numpy))
    if a.is_complex and b.is_floating_point:
        return complex128 if float64 in (b, a.to_real()) else complex64
    return a


def _rank(d: dtype) -> int:
    """Kinds in the order in which they win: bool < integers < floats < complex."""
    return "bufc".index(d.numpy.kind.replace("i", "u"))


def combine(dimensioned: dtype | None, zero_dim: dtype | None, scalar: dtype | None) -> dtype:
    """PyTorch's result type from the promoted types of its three categories of operands.

    Tensors with dimensions decide; 0-d tensors, then Python scalars, matter only where they are of a
    higher kind (ATen's ``result_type``).
    """
    return _combine(dimensioned, _combine(zero_dim, scalar))  # type: ignore[return-value]


def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    if higher is None or lower is None:
        return higher or lower
    if higher.is_complex:
        return higher
    if higher.is_floating_point:
        return promote_types(higher, higher.to_complex()) if lower.is_complex else higher
    if higher is bool_ or lower.is_floating_point or lower.is_complex:
        return promote_types(higher, lower)
    return higher


class finfo:
    """Numerical limits of a floating point type (``torch.finfo``)."""

    def __init__(self, type: dtype | None = None) -> None:
        type = _default if type is None else type
        if not (type.is_floating_point or type.is_complex):
            raise TypeError(f"finfo needs a floating point type, got {type}; use iinfo for integers")
        info = np.finfo(type.to_real().numpy)
        self.dtype = type.to_real().name
        self.bits = int(info.bits)
        self.eps = float(info.eps)
        self.max = float(info.max)
        self.min = float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = float(info.resolution)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """Numerical limits of an integer type (``torch.iinfo``)."""

    def __init__(self, type: dtype) -> None:
        if type.numpy.kind not in "iu":
            raise TypeError(f"iinfo needs an integer type, got {type}; use finfo for floating point")
        info = np.iinfo(type.numpy)
        self.dtype, self.bits, self.min, self.max = type.name, int(info.bits), int(info.min), int(info.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
