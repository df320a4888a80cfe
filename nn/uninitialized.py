"""Tensors without values: the parameters and buffers of lazy modules before the first input tells their shapes."""

from __future__ import annotations

from typing import Any, Self

from tinygrad5329 import dtypes
from tinygrad5329.backends.device import device as device_type
from tinygrad5329.creation import empty
from tinygrad5329.size import Size
from tinygrad5329.tensor import Tensor


class UninitializedTensorMixin:
    """What uninitialised parameters and buffers share: dtype and device are known, nothing else is.

    They can change dtype, move, be copied by `copy.deepcopy`, and become real with `materialize`; any other use
    raises. Matches ``torch.nn.parameter.UninitializedTensorMixin``.
    """

    #: The class that an object becomes when its shape is known.
    cls_to_become: type[Tensor]

    @classmethod
    def _new(cls, requires_grad: bool, device: Any, dtype: dtypes.dtype | None) -> Self:
        # Tensor.__new__ leaves the array unset, so that whatever asks for it ends up in __getattr__.
        new = Tensor.__new__(cls)  # type: ignore[arg-type, type-var]
        example = empty(0, device=device, dtype=dtype)
        new.__dict__.update(_requires_grad=requires_grad, _dtype=example.dtype, _device=example.device)
        return new  # type: ignore[return-value]

    def materialize(self, shape: Any, device: Any = None, dtype: dtypes.dtype | None = None) -> None:
        """Become an ordinary parameter or buffer of `shape`, with arbitrary values."""
        values = empty(
            shape, device=self.device if device is None else device, dtype=self.dtype if dtype is None else dtype
        )
        requires_grad = self.requires_grad
        for name in ("_requires_grad", "_dtype", "_device"):
            del self.__dict__[name]
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        self.data = values
        self.requires_grad = requires_grad

    def _become(self, other: UninitializedTensorMixin) -> None:
        """Take over the dtype and device of another."""
        self.__dict__.update(_dtype=other.dtype, _device=other.device)

    @property
    def dtype(self) -> dtypes.dtype:
        """The type that the elements will have."""
        return self.__dict__["_dtype"]

    @property
    def device(self) -> device_type:
        """Where the tensor will live."""
        return self.__dict__["_device"]

    @property
    def requires_grad(self) -> bool:
        """Whether operations on the tensor will be recorded."""
        return self.__dict__["_requires_grad"]

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.__dict__["_requires_grad"] = bool(value)

    @property
    def shape(self) -> Size:
        """Nothing is known about it: raises RuntimeError."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call "
            "`forward` to initialize the parameters before accessing their attributes."
        )

    @property
    def grad(self) -> None:
        """Always None: what has no values has no gradient."""
        return None

    @grad.setter
    def grad(self, value: None) -> None:
        if value is not None:
            raise ValueError(self._refusal())

    @property
    def is_leaf(self) -> bool:
        """Always True: no operation makes such a tensor."""
        return True

    def is_floating_point(self) -> bool:
        """Whether the elements will be floating-point numbers."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the elements will be complex numbers."""
        return self.dtype.is_complex

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """An uninitialised tensor of another dtype or on another device, as `Tensor.to` would make it."""
        moved = empty(0, device=self.device, dtype=self.dtype).to(*args, **kwargs)
        return self._new(self.requires_grad, moved.device, moved.dtype)

    def share_memory_(self) -> None:
        """There is no memory yet: raises RuntimeError."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the "
            "parameters before calling `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copy = memo.get(id(self))
        if copy is None:
            copy = memo[id(self)] = self._new(self.requires_grad, self.device, self.dtype)
        return copy

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild, (type(self), self.requires_grad, self.dtype)

    def _refusal(self) -> str:
        return (
            f"Attempted to use an uninitialized parameter: a {type(self).__name__} has no values yet. This error "
            "happens when you are using a `LazyModule` or explicitly manipulating "
            f"`torch.nn.parameter.{type(self).__name__}` objects. When using LazyModules Call `forward` with a dummy "
            "batch to initialize the parameters before calling torch functions"
        )

    # Called only for what is not there; every operation asks for the array.
    def __getattr__(self, name: str) -> Any:
        if name in Tensor.__slots__:
            raise ValueError(self._refusal())
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


def _rebuild(cls: type[UninitializedTensorMixin], requires_grad: bool, dtype: dtypes.dtype) -> Any:
    return cls._new(requires_grad, None, dtype)


def is_lazy(param: Any) -> bool:
    """Whether `param` is an uninitialised parameter or buffer. Matches ``torch.nn.parameter.is_lazy``."""
    return isinstance(param, UninitializedTensorMixin)
