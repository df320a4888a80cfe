"""Moving a module's parameters and buffers to another dtype or device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from tinygrad5329 import dtypes
from tinygrad5329.creation import empty_like
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn.module_tree import ModuleTree
from tinygrad5329.nn.uninitialized import is_lazy
from tinygrad5329.tensor import Tensor


class ModuleConversion(ModuleTree):
    """The part of `Module` that converts its members in place."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the values of every parameter, its gradient, and every buffer by ``fn(values)``.

        Parameters stay the same objects, so that optimizers and shared references go on working.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is None:
                continue
            if is_lazy(parameter):
                parameter._become(fn(parameter))
                continue
            with no_grad():
                values = fn(parameter.data)
                grad = None if parameter.grad is None else fn(parameter.grad.data)
            # A gradient has the dtype of its tensor, so the two cannot change one after the other.
            parameter.grad = None
            parameter.data = values
            parameter.grad = grad
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move and cast the parameters and buffers in place.

        Call forms are ``to(device=None, dtype=None, non_blocking=False)``, ``to(dtype, non_blocking=False)``,
        ``to(tensor, non_blocking=False)`` and ``to(memory_format=...)``, which lays out the members of 4 or 5
        dimensions. The dtype applies to floating-point and complex members only.

        Returns
        -------
        Module
            This module.

        Raises
        ------
        TypeError
            If the dtype is neither a floating-point nor a complex one, or an argument is not understood.
        """
        memory_format = kwargs.pop("memory_format", None)
        device, dtype = _parse_to(*args, **kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )

        def convert(tensor: Tensor) -> Tensor:
            inexact = tensor.is_floating_point() or tensor.is_complex()
            wanted = dtype if dtype is not None and inexact else tensor.dtype
            tensor = tensor.to(device if device is not None else tensor.device, wanted)
            return (
                tensor.contiguous(memory_format=memory_format) if memory_format and tensor.dim() in (4, 5) else tensor
            )

        return self._apply(convert)

    def type(self, dst_type: dtypes.dtype) -> Self:
        """Cast all parameters and buffers, integer ones included, to `dst_type`."""
        return self._apply(lambda tensor: tensor.to(dst_type))

    def float(self) -> Self:
        """Cast floating-point parameters and buffers to float32."""
        return self._cast(dtypes.float32)

    def double(self) -> Self:
        """Cast floating-point parameters and buffers to float64."""
        return self._cast(dtypes.float64)

    def half(self) -> Self:
        """Cast floating-point parameters and buffers to float16."""
        return self._cast(dtypes.float16)

    def bfloat16(self) -> Self:
        """Cast floating-point parameters and buffers to bfloat16."""
        return self._cast(dtypes.bfloat16)

    def cuda(self, device: int | str | None = None) -> Self:
        """Move to a CUDA device, as far as the engine has one: RuntimeError without."""
        return self._move("cuda", device)

    def xpu(self, device: int | str | None = None) -> Self:
        """Move to an XPU, as far as the engine has one: RuntimeError without."""
        return self._move("xpu", device)

    def mtia(self, device: int | str | None = None) -> Self:
        """Move to an MTIA device, as far as the engine has one: RuntimeError without."""
        return self._move("mtia", device)

    def ipu(self, device: int | str | None = None) -> Self:
        """Move to an IPU, as far as the engine has one: RuntimeError without."""
        return self._move("ipu", device)

    def _move(self, kind: str, device: int | str | None) -> Self:
        if device is None or isinstance(device, int):
            device = kind if device is None else f"{kind}:{device}"
        return self._apply(lambda tensor: tensor.to(device))

    def share_memory(self) -> Self:
        """Move the members to memory that processes share (`Tensor.share_memory_`)."""
        return self._apply(lambda tensor: tensor.share_memory_())

    def cpu(self) -> Self:
        """Move all parameters and buffers to the CPU."""
        return self._apply(lambda tensor: tensor.to("cpu"))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move to `device` without copying: parameters and buffers hold arbitrary values afterwards.

        Parameters
        ----------
        device : str, device or None
            Where to; the device each tensor is on when None.
        recurse : bool
            Include all modules below.
        """
        return self._apply(lambda tensor: empty_like(tensor, device=device), recurse)

    def _cast(self, dtype: dtypes.dtype) -> Self:
        return self._apply(lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor)


def _parse_to(*args: Any, **kwargs: Any) -> tuple[Any, dtypes.dtype | None]:
    """Return the device and dtype that the arguments of `to` ask for."""
    names = ("device", "dtype", "non_blocking")
    if args and isinstance(args[0], Tensor):
        args = (args[0].device, args[0].dtype, *args[1:])
    elif args and isinstance(args[0], dtypes.dtype):
        args = (None, *args)
    elif "tensor" in kwargs:
        tensor = kwargs.pop("tensor")
        args = (tensor.device, tensor.dtype, *args)
    if len(args) > len(names):
        raise TypeError(f"to() takes at most {len(names)} arguments, got {len(args)}")
    given = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names:
            raise TypeError(
                f"to() got an unexpected keyword argument '{name}'; it takes {', '.join(names)} or a tensor"
            )
        if given.get(name) is not None:
            raise TypeError(f"to() got multiple values for argument '{name}'")
        given[name] = value
    dtype = given.get("dtype")
    if dtype is not None and not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"to(): argument 'dtype' must be a dtype such as tg.float32, got {type(dtype).__name__}")
    return given.get("device"), dtype
