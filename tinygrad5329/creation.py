"""Making tensors: from data, filled, in sequence. Random ones are in ``randomness.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import as_device
from tinygrad5329.dtypes import dtype
from tinygrad5329.ops.promote import write_out
from tinygrad5329.tensor import Tensor, wrap

__all__ = [
    "arange", "as_tensor", "asarray", "empty", "empty_like", "eye", "from_numpy", "full", "full_like", "linspace",
    "logspace", "one_hot", "ones", "ones_like", "scalar_tensor", "tensor", "tril_indices", "triu_indices", "zeros",
    "zeros_like",
]  # fmt: skip


def finish(
    op: str, array: Any, requires_grad: bool, device: Any = None, layout: Any = None, pin_memory: bool = False,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """A tensor around a new array, or `out` filled with it, with the options that all factories share."""
    as_device(device)
    if layout is not None:
        raise TypeError(f"{op}(): layout must be None, which is dense (strided) memory, but got {layout!r}")
    if pin_memory:
        raise RuntimeError("pin_memory=True needs a CUDA device; there is none")
    t = wrap(array) if out is None else write_out(op, out, wrap(array))
    if requires_grad:
        t.requires_grad = True
    return t


def shape_of(sizes: Sequence[Any], op: str, size: Any = None) -> tuple[int, ...]:
    """``zeros(2, 3)``, ``zeros((2, 3))`` and ``zeros(size=(2, 3))`` alike, as a tuple of ints."""
    if size is not None:
        if sizes:
            raise TypeError(f"{op}() got multiple values for argument 'size'")
        if not isinstance(size, (tuple, list)):
            raise TypeError(f"{op}(): argument 'size' must be tuple of ints, not {type(size).__name__}")
        sizes = size
    elif not sizes:
        raise TypeError(f"{op}() missing 1 required positional argument: 'size'; a scalar has the size ()")
    elif len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[0]
    try:
        shape = tuple([n.__index__() for n in sizes])
    except AttributeError:
        bad = next(n for n in sizes if not hasattr(n, "__index__"))
        raise TypeError(f"{op}(): argument 'size' must be tuple of ints, but found {type(bad).__name__}") from None
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def _type(d: Any, out: Tensor | None = None) -> np.dtype[Any]:
    if d is None and out is not None:
        return out._array.dtype
    return dtypes.numpy_dtype(dtypes.get_default_dtype() if d is None else d)


def _infer(data: Any, d: np.dtype[Any] | None = None) -> np.ndarray[Any, Any]:
    """Data as an array in dtype `d`, or in the one that PyTorch infers: Python floats are the default dtype."""
    if isinstance(data, Tensor):
        return data._array
    if isinstance(data, (np.ndarray, np.generic)):
        return np.asarray(data)
    if isinstance(data, set) or data is None or isinstance(data, str):
        raise TypeError(f"tensor(): data must be numbers or nested sequences of them, got {_short(data)}")
    try:
        array = np.array(_plain(data))
    except ValueError:
        raise ValueError(f"tensor(): expected sequences of equal length, got a ragged one: {_short(data)}") from None
    if array.dtype.kind == "O" and all(isinstance(each, int) for each in array.flat):
        raise ValueError(f"tensor(): an integer does not fit into 64 bits: {_short(data)}")
    if array.dtype.kind == "O" or array.dtype.kind in "USMm":
        raise TypeError(f"tensor(): data must be numbers or nested sequences of them, got {_short(data)}")
    if d is not None or _holds_arrays(data):
        return array
    if array.dtype.kind == "f" or array.size == 0:
        return array.astype(_type(None))
    if array.dtype.kind == "c":
        return array.astype(dtypes.complex_default().numpy)
    return array.astype(np.int64) if array.dtype.kind in "iu" else array


def _plain(data: Any) -> Any:
    """Nested sequences with the tensors in them as arrays."""
    if isinstance(data, Tensor):
        return data._array
    if isinstance(data, (list, tuple)):
        return [_plain(each) for each in data] if _mixed(data) else data
    return data


def _mixed(data: Any) -> bool:
    return any(isinstance(each, (Tensor, list, tuple)) for each in data)


def _holds_arrays(data: Any) -> bool:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic, Tensor))


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
    d = None if dtype is None else _type(dtype)
    array = np.array(_infer(data, d), d, order="C")
    return finish("tensor", array, requires_grad, device, None, pin_memory)


def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing memory with a tensor or array where possible (``torch.as_tensor``)."""
    as_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    array = _infer(data, None if dtype is None else _type(dtype))
    return wrap(array if dtype is None else array.astype(_type(dtype), copy=False))


def asarray(
    obj: Any, *, dtype: dtype | None = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """`obj` as a tensor; `copy` says whether memory may be shared (``torch.asarray``)."""
    t = tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype, device)
    return t.detach().requires_grad_() if requires_grad else t


def from_numpy(ndarray: np.ndarray[Any, Any], /) -> Tensor:
    """A tensor over the memory of an array: writes to one are seen in the other (``torch.from_numpy``)."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    dtypes.of_numpy(ndarray.dtype)
    if any(step < 0 for step in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. Make a copy with array.copy() first."
        )
    return wrap(ndarray)


def check_memory_format(op: str, memory_format: Any) -> None:
    """Refuse the memory formats of images: there is one way only that elements lie in memory."""
    if memory_format is not None:
        raise TypeError(f"{op}(): memory_format must be None, got {memory_format!r}")


def _filled(name: str, about: str, make: Any) -> Any:
    def function(
        *sizes: Any, size: Any = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
        device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
    ) -> Tensor:  # fmt: skip
        array = make(shape_of(sizes, name, size), _type(dtype, out))
        return finish(name, array, requires_grad, device, layout, pin_memory, out)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"A tensor of the given size, {about} (``torch.{name}``)."
    return function


zeros = _filled("zeros", "of zeros", np.zeros)
ones = _filled("ones", "of ones", np.ones)
empty = _filled("empty", "uninitialised", np.empty)


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
    d = dtypes.of_scalar(fill_value).numpy if dtype is None and out is None else _type(dtype, out)
    shape = shape_of((size,) if isinstance(size, (tuple, list)) else size, "full")
    return finish("full", np.full(shape, dtypes.to_fill(fill_value, d), d), requires_grad, device, layout, out=out)


def _like(name: str, about: str, make: Any) -> Any:
    def function(
        input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        check_memory_format(name, memory_format)
        array = make(input._array, None if dtype is None else _type(dtype))
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
) -> Tensor:
    """A tensor of the shape and dtype of `input`, of one value (``torch.full_like``)."""
    d = input._array.dtype if dtype is None else _type(dtype)
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    array = np.full_like(input._array, dtypes.to_fill(fill_value, d), d)
    return finish("full_like", array, requires_grad, device, layout)


def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Values from `start` up to, not including, `end` (``torch.arange``).

    >>> arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    if end is None:
        start, end = None, start
    if end is None:
        raise TypeError("arange() missing 1 required argument: 'end'")
    start = 0 if start is None else start
    start, end, step = (v.item() if isinstance(v, Tensor) else v for v in (start, end, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (step > 0) != (end >= start) and start != end:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    whole = all(isinstance(v, (int, np.integer)) for v in (start, end, step))
    d = np.dtype(np.int64) if whole and dtype is None and out is None else _type(dtype, out)
    if whole:
        values = np.arange(start, end, step).astype(d, copy=False)
    else:
        count = int(np.ceil((end - start) / step))
        values = (start + np.arange(count, dtype=np.float64) * step).astype(d)
    return finish("arange", values, requires_grad, device, layout, out=out)


def linspace(
    start: Any, end: Any, steps: int, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` values from `start` to `end`, both included (``torch.linspace``)."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    start, end = (v.item() if isinstance(v, Tensor) else v for v in (start, end))
    d = _type(dtype, out)
    # PyTorch computes in the dtype of the result, from both ends towards the middle.
    work = d if d.kind in "fc" else np.dtype(np.float64)
    step = work.type((end - start) / (steps - 1)) if steps > 1 else work.type(0)
    index = np.arange(steps, dtype=work)
    low = work.type(start) + step * index
    high = work.type(end) - step * (steps - 1 - index)
    values = np.where(np.arange(steps) < steps // 2, low, high if steps > 1 else low)
    return finish("linspace", values.astype(d), requires_grad, device, layout, out=out)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` values from ``base ** start`` to ``base ** end``, evenly spaced in the exponent (``torch.logspace``)."""
    exponents = linspace(start, end, steps, dtype=dtypes.float64)._array
    return finish("logspace", (base**exponents).astype(_type(dtype)), requires_grad, device)


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
    array = np.eye(*shape_of((n, n if m is None else m), "eye"), dtype=_type(dtype, out))
    return finish("eye", array, requires_grad, device, layout, out=out)


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of one number (``torch.scalar_tensor``)."""
    return finish("scalar_tensor", np.asarray(s, _type(dtype)), requires_grad, device)


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


for _make in (zeros, ones, empty, full, tensor):
    setattr(Tensor, f"new_{_make.__name__}", _new(f"new_{_make.__name__}", _make))
del _make
