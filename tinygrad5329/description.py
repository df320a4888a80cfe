"""What a tensor says about itself: shape, dtype, strides, and its values as Python's own objects.

``Tensor`` inherits from :class:`Described`; everything here only reads the array.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import CPU, device
from tinygrad5329.layout import channels_last, is_arranged, order_of, strided
from tinygrad5329.layout import layout as Layout
from tinygrad5329.size import Size
from tinygrad5329.storage import UntypedStorage, is_shared, root

if TYPE_CHECKING:
    from tinygrad5329.tensor import Tensor

__all__ = ["Described", "check_dim"]


def check_dim(dim: int, ndim: int) -> int:
    """`dim` counted from the front; IndexError if a tensor of `ndim` dimensions has none such.

    As in PyTorch, a 0-d tensor counts as having one dimension here.
    """
    if type(dim) is not int:
        if isinstance(dim, bool) or not hasattr(dim, "__index__"):
            raise TypeError(f"argument 'dim' must be int, not {type(dim).__name__}")
        dim = dim.__index__()
    n = ndim or 1
    if not -n <= dim < n:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
    return dim % n


class Described:
    """The part of ``Tensor`` that answers questions about its array."""

    __slots__ = ()

    _array: np.ndarray[Any, Any]

    @property
    def dtype(self) -> dtypes.dtype:
        """The type of the elements."""
        return dtypes.of_numpy(self._array.dtype)

    @property
    def shape(self) -> Size:
        """The lengths of the dimensions."""
        # Past the checks of Size: an array's shape holds ints.
        return tuple.__new__(Size, self._array.shape)

    @property
    def device(self) -> device:
        """Where the tensor lives; always ``cpu`` with the NumPy backend."""
        return CPU

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._array.nbytes

    @property
    def is_cuda(self) -> bool:
        """Whether the tensor lives on a CUDA device."""
        return False

    is_cpu = property(lambda self: True)
    is_sparse = is_sparse_csr = is_mkldnn = is_quantized = is_meta = is_nested = property(lambda self: False)
    is_mps = is_xpu = is_ipu = is_xla = is_mtia = is_vulkan = is_maia = is_cuda
    name = property(lambda self: None)

    @property
    def layout(self) -> Layout:
        """How the elements are stored: always ``strided``."""
        return strided

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of dimension `dim`."""
        return self.shape if dim is None else self._array.shape[check_dim(dim, self._array.ndim)]

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        """Bytes of one element."""
        return self._array.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """How many elements lie between neighbours along each dimension, or along `dim`."""
        strides = tuple(step // self._array.itemsize for step in self._array.strides)
        return strides if dim is None else strides[check_dim(dim, self._array.ndim)]

    def storage_offset(self) -> int:
        """How many elements lie in the storage before the first of this tensor."""
        whole = root(self._array)
        return (self._array.ctypes.data - whole.ctypes.data) // self._array.itemsize if self._array.size else 0

    def untyped_storage(self) -> UntypedStorage:
        """The memory that this tensor is a view of (``torch.Tensor.untyped_storage``)."""
        return UntypedStorage(self._array)

    storage = untyped_storage

    def is_shared(self) -> bool:
        """Whether the memory is shared with forked processes (``torch.Tensor.is_shared``)."""
        return is_shared(self._array)

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements lie in memory without gaps, in C order or that of `memory_format`."""
        if memory_format is None:
            return self._array.flags.c_contiguous
        if isinstance(memory_format, type(channels_last)) and memory_format.order is not None:
            if len(memory_format.order) != self._array.ndim:
                return False
            return is_arranged(self._array, memory_format.order)
        return is_arranged(self._array, order_of("is_contiguous", memory_format, self._array.ndim))

    def dim_order(self) -> tuple[int, ...]:
        """The dimensions in the order in which they lie in memory, the widest stride first."""
        return tuple(sorted(range(self._array.ndim), key=lambda axis: -self._array.strides[axis]))

    def is_set_to(self, tensor: Tensor) -> bool:
        """Whether the two are the same elements of the same memory, in the same arrangement."""
        ours, theirs = self._array, tensor._array
        return (ours.ctypes.data, ours.shape, ours.strides, ours.dtype) == (
            theirs.ctypes.data,
            theirs.shape,
            theirs.strides,
            theirs.dtype,
        )

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating point type."""
        return self._array.dtype.kind in dtypes.FLOATING

    def is_complex(self) -> bool:
        """Whether the dtype is a complex type."""
        return self._array.dtype.kind == "c"

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(self._array.ctypes.data)

    def get_device(self) -> int:
        """-1, as PyTorch says for tensors on the CPU."""
        return -1

    def item(self) -> Any:
        """The value of a tensor with one element, as a Python number."""
        if self._array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self._array.size} elements cannot be converted to Scalar: item() needs "
                f"exactly one, the shape is {tuple(self.shape)}"
            )
        return self._array.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers; a number for a 0-d tensor."""
        return self._array.tolist()

    # --- Python's protocols ------------------------------------------------------------------------------

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self) -> bool:
        if self._array.size != 1:
            what = "no values" if self._array.size == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous; use .any() or .all()")
        return bool(self._array)

    def _only_element(self) -> Any:
        # PyTorch raises another type here than item() does.
        if self._array.size != 1:
            raise ValueError(
                "only one element tensors can be converted to Python scalars; this one has shape "
                f"{tuple(self.shape)}: use .tolist() for a list of numbers"
            )
        return self._array.item()

    def _only_real(self, kind: str) -> Any:
        value = self._only_element()
        if isinstance(value, complex):
            if value.imag:
                raise RuntimeError(f"value cannot be converted to type {kind} without overflow: {value}")
            value = value.real
        return value

    def __float__(self) -> float:
        return float(self._only_real("double"))

    def __int__(self) -> int:
        return int(self._only_real("int64_t"))

    def __complex__(self) -> complex:
        return complex(self._only_element())

    def __index__(self) -> int:
        if self._array.size != 1 or self._array.dtype.kind not in "iub":
            raise TypeError(
                "only integer tensors of a single element can be converted to an index; this one is "
                f"{self.dtype} of shape {tuple(self.shape)}"
            )
        return int(self._array.item())

    def __reversed__(self) -> Tensor:
        return self.flip(0) if self._array.ndim else self  # type: ignore[return-value]

    def __contains__(self, element: Any) -> bool:
        if isinstance(element, (Described, int, float, complex, np.generic)):
            return bool((self._array == (element._array if isinstance(element, Described) else element)).any())
        raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")

    if TYPE_CHECKING:
        # What ops/ puts on the class, for type checkers.
        def __getattr__(self, name: str) -> Any: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __eq__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
