"""PyTorch's old constructors, one a dtype: ``FloatTensor(2, 3)``, ``LongTensor([1, 2])``."""

from __future__ import annotations

import warnings
from typing import Any

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import as_device
from tinygrad5329.constructor import legacy_array
from tinygrad5329.dtypes import TITLES, dtype
from tinygrad5329.spelling import spelled
from tinygrad5329.tensor import Tensor, wrap

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor",
    "IntTensor", "LongTensor", "ShortTensor", "set_default_tensor_type",
]  # fmt: skip


class _OfDtype(type):
    """The type of the constructors: a tensor is an instance of the one for its dtype."""

    dtype: dtype

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype

    def __call__(cls, *data: Any, device: Any = None) -> Tensor:
        as_device(device)
        return wrap(legacy_array(cls.__name__, cls.dtype, data))

    def __repr__(cls) -> str:
        return f"<class '{spelled(cls.__name__)}'>"


def _constructor(d: dtype) -> Any:
    name = f"{TITLES[d.name]}Tensor"
    about = f"A {d.name} tensor of given sizes, uninitialised, or of given data (``torch.{name}``)."
    return _OfDtype(name, (), {"dtype": d, "__doc__": about, "__module__": __name__})


FloatTensor = _constructor(dtypes.float32)
DoubleTensor = _constructor(dtypes.float64)
HalfTensor = _constructor(dtypes.float16)
BFloat16Tensor = _constructor(dtypes.bfloat16)
ByteTensor = _constructor(dtypes.uint8)
CharTensor = _constructor(dtypes.int8)
ShortTensor = _constructor(dtypes.int16)
IntTensor = _constructor(dtypes.int32)
LongTensor = _constructor(dtypes.int64)
BoolTensor = _constructor(dtypes.bool_)


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by the name or the constructor of a tensor type (``torch.set_default_tensor_type``)."""
    warnings.warn(
        "set_default_tensor_type() is deprecated; use set_default_dtype() and set_default_device() instead",
        UserWarning,
        stacklevel=2,
    )
    d = dtypes.of_type_name(t) if isinstance(t, str) else getattr(t, "dtype", None)
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"set_default_tensor_type: only floating-point types are supported as the default, got {t!r}")
    dtypes.set_default_dtype(d)
