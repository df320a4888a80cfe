"""Making tensors: filled, in sequence, and from data. Random ones are in ``randomness.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import as_device
from tinygrad5329.constructor import legacy_array
from tinygrad5329.factory_options import finish, shape_of, type_of
from tinygrad5329.from_data import as_tensor, asarray, from_numpy, frombuffer, tensor
from tinygrad5329.layout import arranged, channels_last, order_of, preserve_format
from tinygrad5329.sequences import arange, linspace, logspace, range
from tinygrad5329.tensor import Tensor, attach, wrap

__all__ = [
    "arange", "as_tensor", "asarray", "empty", "empty_like", "empty_permuted", "empty_strided", "eye", "from_numpy",
    "frombuffer", "full", "full_like", "linspace", "logspace", "one_hot", "ones", "ones_like", "range", "scalar_tensor",
    "tensor", "tril_indices", "triu_indices", "zeros", "zeros_like",
]  # fmt: skip


def check_memory_format(op: str, memory_format: Any) -> None:
    """Refuse an order in memory other than C's."""
    if order_of(op, memory_format, 4 if memory_format is channels_last else 5) is not None:
        raise RuntimeError(f"{op}(): memory_format must be contiguous_format, got {memory_format!r}")


def _filled(name: str, about: str) -> Any:
    def function(
        *sizes: Any, size: Any = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
        device: Any = None, pin_memory: bool = False, requires_grad: bool = False, memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        if memory_format is not None and name != "empty":
            raise TypeError(f"{name}() got an unexpected keyword argument 'memory_format'")
        array = getattr(np, name)(shape_of(sizes, name, size), type_of(dtype, out))
        array = arranged(array, order_of(name, memory_format, array.ndim))
        return finish(name, array, requires_grad, device, layout, pin_memory, out)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"A tensor of the given size, {about} (``torch.{name}``)."
    return function


zeros = _filled("zeros", "of zeros")
ones = _filled("ones", "of ones")
empty = _filled("empty", "uninitialised")


def full(
    size: Any,
    fill_value: Any,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one value, whose dtype it has unless given (``torch.full``)."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    d = dtypes.of_scalar(fill_value).numpy if dtype is None and out is None else type_of(dtype, out)
    shape = shape_of((size,) if isinstance(size, (tuple, list)) else size, "full")
    return finish("full", np.full(shape, dtypes.to_fill(fill_value, d), d), requires_grad, device, layout, out=out)


def _like(name: str, about: str, make: Any) -> Any:
    def function(
        input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        array = make(input._array, None if dtype is None else type_of(dtype))
        if memory_format is not None and memory_format is not preserve_format:
            array = np.ascontiguousarray(arranged(array, None)).reshape(array.shape)
            array = arranged(array, order_of(name, memory_format, array.ndim))
        return finish(name, array, requires_grad, device, layout)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"A tensor of the shape and dtype of `input`, {about} (``torch.{name}``)."
    return function


zeros_like = _like("zeros_like", "of zeros", np.zeros_like)
ones_like = _like("ones_like", "of ones", np.ones_like)
empty_like = _like("empty_like", "uninitialised", np.empty_like)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of the shape and dtype of `input`, of one value (``torch.full_like``)."""
    d = input._array.dtype if dtype is None else type_of(dtype)
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    array = np.full_like(input._array, dtypes.to_fill(fill_value, d), d)
    array = arranged(array, order_of("full_like", memory_format, array.ndim))
    return finish("full_like", array, requires_grad, device, layout)


def eye(
    n: int,
    m: int | None = None,
    *,
    out: Tensor | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The identity matrix, or its ``n x m`` part (``torch.eye``)."""
    array = np.eye(*shape_of((n, n if m is None else m), "eye"), dtype=type_of(dtype, out))
    return finish("eye", array, requires_grad, device, layout, out=out)


def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """An uninitialised tensor of the given size and strides, in elements (``torch.empty_strided``)."""
    shape, steps = tuple(size), tuple(stride)
    if len(shape) != len(steps):
        raise RuntimeError(
            f"empty_strided(): mismatch in length of strides and shape: {len(steps)} strides, {len(shape)} sizes"
        )
    if any(step < 0 for step in steps):
        raise RuntimeError(f"empty_strided(): strides must be non-negative, got {list(steps)}")
    d = type_of(dtype)
    last = sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
    memory = np.empty(0 if 0 in shape else last + 1, d)
    array = np.lib.stride_tricks.as_strided(memory, shape, [step * d.itemsize for step in steps])
    return finish("empty_strided", array, requires_grad, device, layout, pin_memory)


def empty_permuted(
    size: Any, physical_layout: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """An uninitialised tensor whose dimensions lie in memory in the given order (``torch.empty_permuted``)."""
    shape, order = tuple(size), tuple(physical_layout)
    if len(shape) != len(order):
        raise RuntimeError(
            f"Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = "
            f"{len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    if sorted(order) != np.arange(len(shape)).tolist():
        raise RuntimeError(f"empty_permuted(): Dimension out of range or duplicate dim not allowed: {list(order)}")
    array = np.empty([shape[d] for d in order], type_of(dtype)).transpose(np.argsort(order))
    return finish("empty_permuted", array, requires_grad, device, layout, pin_memory)


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of one number (``torch.scalar_tensor``)."""
    return finish("scalar_tensor", np.asarray(dtypes.to_fill(s, type_of(dtype)), type_of(dtype)), requires_grad, device)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Class numbers as rows with a single 1 (``torch.nn.functional.one_hot``).

    Parameters
    ----------
    tensor : Tensor of int64, any shape ``(*)``
    num_classes : int
        Length of the new last dimension; -1 takes the largest class plus one.

    Returns
    -------
    Tensor of int64, shape ``(*, num_classes)``
    """
    labels = tensor._array
    if labels.dtype != np.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, got {tensor.dtype}.")
    if labels.size == 0 and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if labels.size and labels.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    largest = int(labels.max()) if labels.size else -1
    if num_classes == -1:
        num_classes = largest + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif largest >= num_classes:
        raise RuntimeError(
            f"Class values must be smaller than num_classes: found {largest} with {num_classes} classes."
        )
    out = np.zeros((labels.size, num_classes), np.int64)
    out[np.arange(labels.size), labels.reshape(-1)] = 1
    return wrap(out.reshape(*labels.shape, num_classes))


def tril_indices(row: int, col: int, offset: int = 0, **options: Any) -> Tensor:
    """The row and column numbers of a lower triangle (``torch.tril_indices``)."""
    return tensor(np.stack(np.tril_indices(row, offset, col)), **options)


def triu_indices(row: int, col: int, offset: int = 0, **options: Any) -> Tensor:
    """The row and column numbers of an upper triangle (``torch.triu_indices``)."""
    return tensor(np.stack(np.triu_indices(row, offset, col)), **options)


def _new(name: str, make: Any) -> Any:
    def method(self: Tensor, *args: Any, dtype: Any = None, **options: Any) -> Tensor:
        return make(*args, dtype=self.dtype if dtype is None else dtype, **options)

    method.__name__ = name
    method.__doc__ = f"``{make.__name__}`` with this tensor's dtype (``torch.Tensor.{name}``)."
    return method


def _method_new(self: Tensor, *data: Any, device: Any = None) -> Tensor:
    """A tensor of given sizes or data, with this tensor's dtype (``torch.Tensor.new``)."""
    as_device(device)
    return wrap(legacy_array("new", self.dtype, data))


attach(new=_method_new)
for _make in (zeros, ones, empty, full, tensor, empty_strided):
    setattr(Tensor, f"new_{_make.__name__}", _new(f"new_{_make.__name__}", _make))
del _make
