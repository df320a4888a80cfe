"""Data types and PyTorch's promotion rules over NumPy dtypes.

NumPy and PyTorch disagree on promotion: NumPy makes ``float32 + int64`` a float64, PyTorch keeps
float32; NumPy's 0-d arrays promote fully, PyTorch's only across kinds. Every op of the engine asks
this module, so that the rule is written once.

bfloat16 is no dtype of NumPy's: its arrays come from the package ml_dtypes, whose dtype NumPy files under
kind "V" (void). No other such array ever is in a tensor, so code that looks at ``array.dtype.kind`` asks
whether it is in :data:`FLOATING` or :data:`INEXACT`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tinygrad5329.spelling import spelled

__all__ = [
    "as_dtype",
    "dtype",
    "finfo",
    "get_default_dtype",
    "iinfo",
    "promote_types",
    "set_default_dtype",
]


#: The kinds (NumPy's letters) of floating point arrays, and of floating point and complex ones.
FLOATING = "fV"
INEXACT = "fcV"


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
        return spelled(self.name)

    def __reduce__(self) -> str:
        # The name in this module, where `bool` is Python's own.
        return "bool_" if self.name == "bool" else self.name

    def __copy__(self) -> dtype:
        return self

    def __deepcopy__(self, memo: Any) -> dtype:
        return self

    def to_complex(self) -> dtype:
        """The complex type whose parts have this type's precision."""
        if not (self.is_floating_point or self.is_complex):
            raise RuntimeError(f"Unknown Complex ScalarType for {TITLES[self.name]}")
        return self if self.is_complex else complex128 if self is float64 else complex64

    def to_real(self) -> dtype:
        """The type of the real and imaginary parts of a complex type; other types are their own."""
        return {complex64: float32, complex128: float64}.get(self, self)


class _BFloat16(dtype):
    """bfloat16, whose arrays need ml_dtypes; the object itself does not."""

    __slots__ = ()

    def __init__(self) -> None:
        self.name, self.itemsize = "bfloat16", 2
        self.is_floating_point, self.is_complex, self.is_signed = True, False, True

    @property
    def numpy(self) -> np.dtype[Any]:  # type: ignore[override]
        """The dtype of ml_dtypes; ImportError without that package."""
        return _bfloat16_of_ml_dtypes()


@cache
def _bfloat16_of_ml_dtypes() -> np.dtype[Any]:
    try:
        import ml_dtypes
    except ImportError:
        raise ImportError("bfloat16 tensors need ml_dtypes: pip install 'tinygrad5329[bfloat16]'") from None
    found = np.dtype(ml_dtypes.bfloat16)
    _OF_NUMPY[found] = bfloat16
    return found


#: PyTorch's names of the types in the names of its classes and in some messages.
TITLES = {
    "bool": "Bool", "uint8": "Byte", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64", "int8": "Char",
    "int16": "Short", "int32": "Int", "int64": "Long", "float16": "Half", "bfloat16": "BFloat16", "float32": "Float",
    "float64": "Double", "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip

float16 = half = dtype("float16", np.float16)
float32 = float_ = dtype("float32", np.float32)
float64 = double = dtype("float64", np.float64)
int8 = dtype("int8", np.int8)
int16 = short = dtype("int16", np.int16)
int32 = int_ = dtype("int32", np.int32)
int64 = long = dtype("int64", np.int64)
uint8 = dtype("uint8", np.uint8)
uint16 = dtype("uint16", np.uint16)
uint32 = dtype("uint32", np.uint32)
uint64 = dtype("uint64", np.uint64)
bfloat16 = _BFloat16()
bool_ = dtype("bool", np.bool_)
complex64 = cfloat = dtype("complex64", np.complex64)
complex128 = cdouble = dtype("complex128", np.complex128)

#: Every dtype of the engine, in PyTorch's promotion order.
ALL = (
    bool_, uint8, int8, int16, int32, int64, uint16, uint32, uint64, float16, bfloat16, float32, float64, complex64,
    complex128,
)  # fmt: skip
_OF_NUMPY: dict[np.dtype[Any], dtype] = {each.numpy: each for each in ALL if each is not bfloat16}
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
    if found is None and numpy_dtype.name == "bfloat16":
        return _OF_NUMPY.setdefault(numpy_dtype, bfloat16)
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


def of_type_name(name: str) -> dtype:
    """The dtype of a tensor type's name, such as ``"torch.FloatTensor"``; ValueError for another string."""
    package, _, last = name.rpartition(".")
    for each in ALL:
        if package in ("torch", "tinygrad5329") and last == f"{TITLES[each.name]}Tensor":
            return each
    raise ValueError(f"invalid type: {name!r}; expected a name such as 'torch.FloatTensor' or 'torch.LongTensor'")


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
    TypeError
        If it is no number.
    """
    if value is None or isinstance(value, (str, bytes, tuple, list, dict)):
        raise TypeError(f"argument 'fill_value' must be Number, not {type(value).__name__}")
    if isinstance(value, complex) and numpy_dtype.kind != "c":
        if value.imag:
            raise RuntimeError(f"value cannot be converted to type {numpy_dtype} without overflow: {value}")
        value = value.real
    if numpy_dtype.kind in "iu" and isinstance(value, (int, float, np.number)):
        info, whole = np.iinfo(numpy_dtype), int(value)
        if numpy_dtype.kind == "u" and -info.max - 1 <= whole < 0:
            whole += info.max + 1
        if not info.min <= whole <= info.max:
            raise RuntimeError(f"value cannot be converted to type {numpy_dtype} without overflow: {value}")
        return whole
    return value


def is_half(numpy_dtype: np.dtype[Any]) -> bool:
    """Whether it is float16 or bfloat16."""
    return numpy_dtype.itemsize == 2 and numpy_dtype.kind in FLOATING


@cache
def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type that holds both, by PyTorch's lattice (``torch.promote_types``).

    >>> promote_types(int64, float16)
    tinygrad5329.float16
    >>> promote_types(uint8, int8)
    tinygrad5329.int16
    """
    if type1 is type2:
        return type1
    low, high = sorted((type1, type2), key=rank)
    if high.is_complex and low.is_floating_point:
        return complex128 if low is float64 else high
    if rank(low) < rank(high):
        if {low, high} & _BARE and not high.is_floating_point:
            raise _unpromoted(type1, type2)
        return high
    if high.is_floating_point:
        # float16 and bfloat16 hold different numbers; the next type holds both.
        return float32 if low.itemsize == high.itemsize else max(low, high, key=lambda each: each.itemsize)
    if {low, high} & _BARE:
        raise _unpromoted(type1, type2)
    return of_numpy(np.promote_types(low.numpy, high.numpy))


#: Unsigned types that PyTorch stores and converts, and lets promote with floating point types only.
_BARE = {uint16, uint32, uint64}


def _unpromoted(a: dtype, b: dtype) -> RuntimeError:
    return RuntimeError(
        "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
        f"{TITLES[a.name]} and {TITLES[b.name]}; convert one of them first"
    )


def rank(d: dtype) -> int:
    """Kinds in the order in which they win: bool < integers < floats < complex."""
    return 3 if d.is_complex else 2 if d.is_floating_point else 0 if d is bool_ else 1


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether an in-place result may be stored: not from a higher kind to a lower (``torch.can_cast``)."""
    return rank(from_) <= rank(to)


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
        if not isinstance(type, dtype):
            raise TypeError(f"finfo(): argument 'type' must be a dtype, not {type!r}")
        if not (type.is_floating_point or type.is_complex):
            raise TypeError(f"finfo() requires a floating point input type, got {type}; use iinfo for integers")
        type = type.to_real()
        self.dtype, self.bits = type.name, 8 * type.itemsize
        if type is bfloat16:
            # float32 with 7 bits of fraction.
            self.eps, self.max, self.tiny, digits = 2.0**-7, (2 - 2.0**-7) * 2.0**127, 2.0**-126, 2
        else:
            info = np.finfo(type.numpy)
            self.eps, self.max, self.tiny = float(info.eps), float(info.max), float(info.tiny)
            digits = int(info.precision)
        self.min, self.smallest_normal, self.resolution = -self.max, self.tiny, 10.0**-digits

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and other.dtype == self.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


class iinfo:
    """Numerical limits of an integer type (``torch.iinfo``)."""

    def __init__(self, type: dtype) -> None:
        if not isinstance(type, dtype):
            raise TypeError(f"iinfo(): argument 'type' must be a dtype, not {type!r}")
        if type is bool_:
            raise TypeError("bool is not supported by iinfo")
        if type.is_floating_point or type.is_complex:
            raise TypeError(f"iinfo() requires an integer input type, got {type}; use finfo for floating point")
        info = np.iinfo(type.numpy)
        self.dtype, self.bits, self.min, self.max = type.name, int(info.bits), int(info.min), int(info.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and other.dtype == self.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)
