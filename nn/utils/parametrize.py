"""Parametrisations: parameters computed from others by modules, each time they are read.

After ``register_parametrization(layer, "weight", Symmetric())``, `layer.weight` is ``Symmetric()(original)``; the
original is the parameter ``layer.parametrizations.weight.original``. Matches ``torch.nn.utils.parametrize``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.module_dict import ModuleDict
from tinygrad5329.nn.module_list import ModuleList
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.tensor import Tensor

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]


class _Cache:
    """What parametrised tensors were computed inside `cached`, by module and name."""

    depth = 0
    #: The module is kept too, so that no other can take its identity meanwhile.
    values: dict[tuple[int, str], tuple[Module, Tensor]] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrised tensor once while the context lasts, however often it is read."""
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.values.clear()


class ParametrizationList(ModuleList):
    """The parametrisations of one tensor, and what it is computed from.

    Parameters
    ----------
    modules : sequence of Module
        Applied from first to last. The `right_inverse` of a module, where it has one, gives what its `forward` needs
        to come to a value; the first one's may be a sequence of tensors, its arguments.
    original : Tensor
        The value so far.
    unsafe : bool
        Do not check that shape and dtype stay the same.

    Attributes
    ----------
    original : Parameter or Tensor
        What the tensor is computed from; `original0`, `original1`, ... if there are several.

    Raises
    ------
    ValueError
        The modules change shape or dtype, or return something else than tensors.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not len(modules):
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new: Any = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    try:
                        new = module.right_inverse(new)
                    except NotImplementedError:
                        continue
        self.is_tensor = isinstance(new, Tensor)
        if not self.is_tensor and not isinstance(new, Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                f"{type(new).__name__}"
            )
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            if new.dtype != dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {dtype}\nright_inverse(original).dtype: {new.dtype}"
                )
            # The same object, so that an optimizer that has it goes on with it.
            original.data = new.detach()
            _register(self, "original", original)
        else:
            for i, part in enumerate(new):
                if not isinstance(part, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
                        f"{i} of the sequence with type {type(part).__name__}."
                    )
                if isinstance(original, Parameter):
                    part = Parameter(part.detach(), original.requires_grad)
                part.requires_grad_(original.requires_grad)
                _register(self, f"original{i}", part)
        if not unsafe:
            _check_same("", "unparametrized", shape, dtype, "parametrized", self())

    def right_inverse(self, value: Any) -> None:
        """Set the originals so that the parametrised tensor becomes `value`.

        Raises RuntimeError if a module has no `right_inverse`, ValueError if one returns what does not fit.
        """
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                value = module.right_inverse(value)
            if self.is_tensor:
                if not isinstance(value, Tensor):
                    raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
                _replace(self.original, value, "The tensor returned by `right_inverse`", "`original`")
                return
            if not isinstance(value, Sequence):
                raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(value).__name__}.")
            if len(value) != self.ntensors:
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of "
                    f"length {len(value)}."
                )
            for i, part in enumerate(value):
                if not isinstance(part, Tensor):
                    raise ValueError(f"`right_inverse` must return a sequence of tensors. Got element {i} of another")
                _replace(
                    getattr(self, f"original{i}"), part, f"Tensor {i} returned by `right_inverse`", f"`original{i}`"
                )

    def forward(self) -> Tensor:
        """Compute the tensor."""
        modules = iter(self)
        first = next(modules)
        if self.is_tensor:
            x = first(self.original)
        else:
            x = first(*[getattr(self, f"original{i}") for i in range(self.ntensors)])
        for module in modules:
            x = module(x)
        return x


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _replace(original: Tensor, value: Tensor, what: str, name: str) -> None:
    if value.dtype != original.dtype:
        raise ValueError(f"{what} has dtype {value.dtype} while {name} has dtype {original.dtype}")
    original.data = value.detach()


def _check_same(prefix: str, before: str, shape: Any, dtype: Any, after: str, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(value).__name__}.")
    for what, old, new in (("dtype", dtype, value.dtype), ("shape", shape, value.shape)):
        if old != new:
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, unless `unsafe` flag is "
                f"enabled.\n{prefix}{before} {what}: {old}\n{prefix}{after} {what}: {new}"
            )


def _refuse_pickling(self: Module) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(): save that, and parametrize "
        "again before loading it"
    )


def _deepcopy(self: Module, memo: dict[int, Any]) -> Module:
    replica = memo.get(id(self))
    if replica is None:
        replica = memo[id(self)] = object.__new__(type(self))
        replica.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return replica


def _parametrized_class(module: Module) -> type:
    """A subclass for this module alone, to hold properties."""
    kind = type(module)
    members = {"__getstate__": _refuse_pickling, "__module__": kind.__module__}
    if not hasattr(kind, "__deepcopy__"):
        members["__deepcopy__"] = _deepcopy
    return type(f"Parametrized{kind.__name__}", (kind,), members)


def _property(name: str) -> property:
    def read(self: Module) -> Tensor:
        parametrizations = self.parametrizations[name]
        if not _Cache.depth:
            return parametrizations()
        key = id(self), name
        if key not in _Cache.values:
            _Cache.values[key] = self, parametrizations()
        return _Cache.values[key][1]

    def write(self: Module, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(read, write)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute a parameter or buffer by `parametrization` from now on, after those that it has already.

    Parameters
    ----------
    module : Module
        Whose tensor.
    tensor_name : str
        Its name.
    parametrization : Module
        ``forward(original)`` gives the tensor. With a method `right_inverse` the tensor can be assigned to, and the
        original is set so that the value stays; else the original is the old value.
    unsafe : bool
        Do not check that shape and dtype stay the same.

    Returns
    -------
    Module
        `module`, now of a class of its own.

    Raises
    ------
    ValueError
        There is no such tensor, or the parametrization changes shape or dtype.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> class Positive(tg.nn.Module):
    ...     def forward(self, x):
    ...         return x.exp()
    >>> layer = register_parametrization(tg.nn.Linear(2, 2), "weight", Positive())
    >>> bool((layer.weight > 0).all()), [name for name, _ in layer.named_parameters()]
    (True, ['bias', 'parametrizations.weight.original'])
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_addition(module, tensor_name, parametrization)
        parametrizations = module.parametrizations[tensor_name]
        parametrizations.append(parametrization)
        parametrizations.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        parametrizations = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            module.__class__ = _parametrized_class(module)
            module.parametrizations = ModuleDict()
        setattr(type(module), tensor_name, _property(tensor_name))
        module.parametrizations[tensor_name] = parametrizations
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    return module


def _check_addition(module: Module, name: str, parametrization: Module) -> None:
    now = getattr(module, name)
    value = parametrization(now)
    _check_same(f"module.{name} ", "before:", now.shape, now.dtype, "after:", value)
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(value)
    except NotImplementedError:
        return
    if not isinstance(back, Tensor):
        raise ValueError(f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}")
    for what in ("dtype", "shape"):
        if getattr(back, what) != getattr(now, what):
            raise ValueError(
                f"The tensor returned by parametrization.right_inverse must have the same {what} as module.{name}, "
                f"unless the `unsafe` flag is enabled.\nmodule.{name}.{what}: {getattr(now, what)}\nreturned {what}: "
                f"{getattr(back, what)}"
            )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the tensor of that name, or without a name any, is computed by parametrisations."""
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrised tensor an ordinary one again, with the value it has, or else its original's.

    Raises ValueError if it has no parametrisation, or if without `leave_parametrized` there are several originals.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    parametrizations = module.parametrizations[tensor_name]
    if parametrizations.is_tensor:
        original = parametrizations.original
        if leave_parametrized:
            with no_grad():
                original.data = getattr(module, tensor_name).detach()
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value.detach()) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that a module had before its first parametrisation."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Give `to_module` the parametrisations of `from_module`, those of one tensor or all, with their originals."""
    if not is_parametrized(from_module):
        return to_module
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        source = from_module.parametrizations[name]
        for parametrization in source:
            register_parametrization(to_module, name, parametrization)
        target = to_module.parametrizations[name]
        for original in ["original"] if source.is_tensor else [f"original{i}" for i in range(source.ntensors)]:
            setattr(target, original, getattr(source, original))
    return to_module
