"""``Tensor``: an array, its gradient, and its place on the tape.

This file holds what a tensor is. What can be done with one is in ``ops/``: each family of operations
defines functions and puts them on the class as methods (see ``method``).
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np

from tinygrad5329 import dtypes, printing
from tinygrad5329.backends.device import as_device
from tinygrad5329.constructor import legacy_array
from tinygrad5329.description import Described
from tinygrad5329.grad_mode import state
from tinygrad5329.hooks import Hooks, RemovableHandle, add_hook
from tinygrad5329.storage import copied
from tinygrad5329.tape import Node, Port, Version, clock, tick

__all__ = ["Tensor", "attach", "bump_version", "bump_versions", "is_tensor", "method", "recording", "wrap"]

F = TypeVar("F", bound=Callable[..., Any])


class View:
    """That a tensor is a view: of which base, and which node the base had when the view was recorded."""

    __slots__ = ("base", "seen")

    def __init__(self, base: Tensor) -> None:
        self.base = base
        self.seen = base._node


class Tensor(Described):
    """An n-dimensional array that records what is done with it (``torch.Tensor``).

    Make one with :func:`tinygrad5329.tensor`, :func:`~tinygrad5329.zeros` and the like. The class itself
    behaves as PyTorch's legacy constructor: ``Tensor(2, 3)`` is an uninitialised float tensor of that
    shape, ``Tensor([1, 2])`` a float copy of the data.

    >>> import tinygrad5329 as tg
    >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    # The tape reads _array, _node and _rg for every operation: slots are the cheapest attributes.
    __slots__ = ("__dict__", "__weakref__", "_array", "_grad", "_hooks", "_node", "_rg", "_version", "_view")

    _array: np.ndarray[Any, Any]
    _node: Node | Port | None
    _rg: bool
    _grad: Tensor | None
    _version: Version | None
    _view: View | None
    _hooks: Hooks | None

    # Above NumPy arrays' own priority, so that `array * tensor` asks the tensor.
    __array_priority__ = 1000

    def __new__(cls, *args: Any, **kwargs: Any) -> Tensor:
        t = object.__new__(cls)
        t._node = t._grad = t._version = t._view = t._hooks = None
        t._rg = False
        return t

    def __init__(self, *data: Any, device: Any = None) -> None:
        as_device(device)
        shared = len(data) == 1 and isinstance(data[0], Tensor)
        self._array = data[0]._array if shared else legacy_array("Tensor", dtypes.get_default_dtype(), data)

    # --- making tensors inside the engine ------------------------------------------------------------

    @staticmethod
    def _make_subclass(cls: type, data: Tensor, require_grad: bool = False) -> Any:
        """A leaf of class `cls` that shares the memory of `data` (``torch.Tensor._make_subclass``)."""
        t = Tensor.__new__(cls)
        t._array = data._array
        if require_grad:
            t.requires_grad = True
        return t

    # --- what it is ----------------------------------------------------------------------------------

    @property
    def data(self) -> Tensor:
        """A tensor outside the graph that shares this one's memory."""
        return wrap(self._array)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        self._array = value._array
        self._version = None

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward passes have accumulated here; None before the first."""
        if self._grad is None and self._node is not None and not self._keeps_grad():
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
                "won't be populated during autograd.backward(). If you want it, call .retain_grad() on "
                "this tensor; if you meant a leaf, access the leaf.",
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got {type(value).__name__}")
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value._array.shape != self._array.shape:
                raise RuntimeError(
                    f"assigned grad has data of a different size: the tensor is {tuple(self.shape)}, the "
                    f"grad {tuple(value.shape)}"
                )
            if value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"assigned grad has data of a different type: the tensor is {self.dtype}, the grad {value.dtype}"
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        if self._view is not None:
            self._fresh_node()
        return self._rg

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if self._fresh_node() is not None:
            if not value:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a "
                    "computed variable in a subgraph that doesn't require differentiation use "
                    "var_no_grad = var.detach()."
                )
        elif value and self._array.dtype.kind not in dtypes.INEXACT:
            raise RuntimeError(f"only Tensors of floating point dtype can require gradients; this one is {self.dtype}")
        self._rg = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Switch recording for this leaf on or off, in place (``torch.Tensor.requires_grad_``)."""
        self.requires_grad = requires_grad
        return self

    @property
    def grad_fn(self) -> Node | None:
        """The node that made this tensor; None for a leaf."""
        node = self._fresh_node()
        return node.node if type(node) is Port else node  # type: ignore[return-value]

    @property
    def output_nr(self) -> int:
        """Which output of its ``grad_fn`` this tensor is."""
        return self._node.index if type(self._node) is Port else 0

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was made by the user and not by a recorded operation."""
        return self._fresh_node() is None

    @property
    def _base(self) -> Tensor | None:
        """The tensor of which this one is a view, or None."""
        return None if self._view is None else self._view.base

    @property
    def _version_count(self) -> int:
        return 0 if self._version is None else self._version.count

    # --- leaving the engine --------------------------------------------------------------------------

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The array itself, sharing memory (``torch.Tensor.numpy``).

        Raises RuntimeError for a tensor that requires grad, unless `force`: writing to the array would
        change it behind the tape's back.
        """
        if not force and self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return np.array(self._array, dtype, copy=copy)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
        # What NumPy's functions make of a tensor. Bools become bytes, as in PyTorch.
        array = np.asarray(array)
        return wrap(array.astype(np.uint8) if array.dtype == np.bool_ else array)

    def __dlpack__(self, *, stream: Any = None, **options: Any) -> Any:
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        if self.dtype is dtypes.bfloat16:
            raise BufferError("NumPy exports no bfloat16 by DLPack; convert it with float(), or view it as int16")
        return self._array.__dlpack__(stream=stream, **options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()

    def cpu(self, memory_format: Any = None) -> Tensor:
        """The tensor itself: it is on the CPU already."""
        return self if memory_format is None else self.to(memory_format=memory_format)

    # --- Python's protocols --------------------------------------------------------------------------

    __hash__ = object.__hash__

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0:
            return format(self._array.item(), spec)
        return object.__format__(self, spec)

    def __repr__(self) -> str:
        node = self.grad_fn
        return printing.format_tensor(
            self._array,
            requires_grad=self.requires_grad and node is None,
            grad_fn_name=None if node is None else node.name(),
            default_dtype=dtypes.get_default_dtype().numpy,
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol "
                "at the moment; detach() this one first"
            )
        copy = Tensor.__new__(type(self))
        memo[id(self)] = copy
        copy._array = copied(self._array, memo)
        copy._rg = self._rg
        if self._grad is not None:
            copy._grad = self._grad.__deepcopy__(memo)
        if self.__dict__:
            from copy import deepcopy

            copy.__dict__.update(deepcopy(self.__dict__, memo))
        return copy

    def __reduce_ex__(self, protocol: Any) -> Any:
        # A plain array and plain values; what comes back is a leaf, as in PyTorch.
        return _rebuild, (type(self), self._array, self.requires_grad, dict(self.__dict__))

    # --- hooks ---------------------------------------------------------------------------------------

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Run `hook` on this tensor's gradient whenever it has been computed (``torch.Tensor.register_hook``).

        The hook may return a gradient to use instead; it must not change its argument. The returned
        handle's ``remove()`` takes the hook away.
        """
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return self._add_hook(_tensor_hook(hook))

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Run `hook` on this leaf after a backward pass has accumulated its ``grad``."""
        if not self._rg or self._node is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return add_hook(self.__dict__.setdefault("_post_accumulate_grad_hooks", Hooks()), hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in ``grad`` too (``torch.Tensor.retain_grad``)."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self._keeps_grad():
            return
        # The node must not own its output, or dropping the graph would need the garbage collector.
        owner = weakref.ref(self)

        def keep(g: Any) -> Any:
            tensor = owner()
            if tensor is not None:
                new = g if isinstance(g, Tensor) else wrap(np.array(g))
                tensor._grad = new if tensor._grad is None else tensor._grad + new
            return g

        self.__dict__["_retains_grad"] = self._node
        self._add_hook(keep)

    @property
    def retains_grad(self) -> bool:
        """Whether ``retain_grad`` was called on this non-leaf."""
        return self._node is not None and self._keeps_grad()

    def _keeps_grad(self) -> bool:
        return self.__dict__.get("_retains_grad") is not None

    def _add_hook(self, adapted: Callable[[Any], Any]) -> RemovableHandle:
        node = self._fresh_node()
        if node is None:
            if self._hooks is None:
                self._hooks = Hooks()
            return add_hook(self._hooks, adapted)
        target = node.node if isinstance(node, Port) else node
        if target.hooks is None:
            target.hooks = Hooks()
        return add_hook(target.hooks, _at(node.index, adapted) if isinstance(node, Port) else adapted)

    # --- views ---------------------------------------------------------------------------------------

    def _fresh_node(self) -> Node | Port | None:
        """This tensor's node, renewed first if it is a view whose base was written in place."""
        if self._view is not None and self._view.seen is not self._view.base._node:
            renew_view(self)
        return self._node


def _tensor_hook(hook: Callable[[Tensor], Tensor | None]) -> Callable[[Any], Any]:
    """`hook` for gradients that are arrays in a plain backward pass and tensors in a recorded one."""

    def adapted(g: Any) -> Any:
        recorded = isinstance(g, Tensor)
        result = hook(g if recorded else wrap(np.asarray(g)))
        if result is None:
            return g
        if not isinstance(result, Tensor):
            raise TypeError(f"expected hook to return a Tensor or None, got {type(result).__name__}")
        if tuple(result.shape) != tuple(g.shape):
            raise RuntimeError(f"hook has changed the size of value: from {tuple(g.shape)} to {tuple(result.shape)}")
        return result if recorded else result._array

    return adapted


def _at(index: int, hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`hook` for one output of a node with several."""

    def adapted(gradients: list[Any]) -> list[Any]:
        if gradients[index] is not None:
            gradients[index] = hook(gradients[index])
        return gradients

    return adapted


def _rebuild(cls: type, array: Any, requires_grad: bool, attributes: dict[str, Any]) -> Tensor:
    t = Tensor.__new__(cls)
    t._array, t._rg = array, requires_grad
    t.__dict__.update(attributes)
    return t


_new = object.__new__


def wrap(array: Any) -> Tensor:
    """A tensor around `array`, outside the graph. NumPy scalars become 0-d arrays."""
    t = _new(Tensor)
    t._array = array if isinstance(array, np.ndarray) else np.asarray(array)
    t._node = t._grad = t._version = t._view = t._hooks = None
    t._rg = False
    return t


def bump_version(t: Tensor, op: str) -> None:
    """Note that `op` wrote to the memory of `t`, so that a backward pass that needs it can refuse."""
    version = t._version
    if version is None:
        version = t._version = Version()
    version.count += 1
    version.stamp = clock.written = tick()
    version.op = op


def bump_versions(tensors: Iterable[Tensor], op: str) -> None:
    """:func:`bump_version` of several tensors, which count as written at the same time."""
    stamp = clock.written = tick()
    for t in tensors:
        version = t._version
        if version is None:
            version = t._version = Version()
        version.count += 1
        version.stamp = stamp
        version.op = op


def is_tensor(obj: Any, /) -> bool:
    """Whether `obj` is a tensor (``torch.is_tensor``)."""
    return isinstance(obj, Tensor)


def method(function: F) -> F:
    """Put `function`, whose first argument is a tensor, on the class under its own name."""
    setattr(Tensor, function.__name__, function)
    return function


def attach(**members: Any) -> None:
    """Put members on the class under other names than their own: operators, properties, aliases."""
    for name, member in members.items():
        setattr(Tensor, name, member)


#: Records a view anew from its base, whose history an in-place write has changed; ops.inplace sets it.
renew_view: Callable[[Tensor], None]


def _set_view_renewal(function: Callable[[Tensor], None]) -> None:
    global renew_view
    renew_view = function


def recording() -> bool:
    """Whether operations are recorded in this thread."""
    return state.grad
