"""Exchange of tensors with other libraries, sharing memory, by the DLPack protocol (``torch.utils.dlpack``)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import as_device
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["from_dlpack", "to_dlpack"]

#: DLPack's number of CPU memory.
_CPU = 1


class _Capsule:
    """A capsule that another library has made, for readers that ask an object for it."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CPU, 0


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of another library's array, or of a capsule (``torch.from_dlpack``).

    >>> import numpy as np
    >>> array = np.zeros(2)
    >>> t = from_dlpack(array)
    >>> array[0] = 1
    >>> t
    tensor([1., 0.], dtype=tinygrad5329.float64)
    """
    as_device(device)
    if isinstance(ext_tensor, Tensor):
        return ext_tensor.detach().clone() if copy else ext_tensor.detach()
    if not hasattr(ext_tensor, "__dlpack__"):
        if type(ext_tensor).__name__ != "PyCapsule":
            raise AttributeError(f"from_dlpack: a {type(ext_tensor).__name__} has no __dlpack__ method")
        ext_tensor = _Capsule(ext_tensor)
    if ext_tensor.__dlpack_device__()[0] != _CPU:
        raise RuntimeError(f"from_dlpack: the memory is not on the CPU, but on {ext_tensor.__dlpack_device__()}")
    # The array's dtype is one of NumPy's, so all that can be missing here is a dtype of ours.
    array = np.from_dlpack(ext_tensor, copy=copy)
    dtypes.of_numpy(array.dtype)
    return wrap(array)


def to_dlpack(tensor: Tensor) -> Any:
    """A capsule of the tensor's memory, which one reader may take over (``torch.utils.dlpack.to_dlpack``)."""
    return tensor.__dlpack__()
