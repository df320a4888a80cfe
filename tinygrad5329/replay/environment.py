"""What a step can see besides its arguments, and the guards that hold it to what it was.

Closure cells and globals that the function names are followed into modules, optimizers, containers, other
functions and plain objects. Each thing found on the way gives an expression that is true as long as nothing
has changed there; together they are one function, compiled, that runs before each replay.
"""

from __future__ import annotations

import functools
import sys
import types
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import is_
from typing import Any

import numpy as np

from tinygrad5329 import dtypes
from tinygrad5329.backends import choice
from tinygrad5329.grad_mode import state
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.module_backward_hooks import global_backward_hooks, global_backward_pre_hooks
from tinygrad5329.nn.module_hooks import global_forward_hooks, global_forward_pre_hooks
from tinygrad5329.optim.lr_scheduler import LRScheduler
from tinygrad5329.optim.optimizer import Optimizer
from tinygrad5329.replay.listened_group import ListenedGroup
from tinygrad5329.replay.recorder import Recorder
from tinygrad5329.replay.symbols import FixedTensor, GivenTensor, GradientOf, alike
from tinygrad5329.tensor import Tensor

__all__ = ["Environment"]

_PLAIN = (type(None), bool, int, float, complex, str, bytes, np.dtype, np.generic)
_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
_REGISTRIES = ("_parameters", "_buffers", "_modules")
#: Kept for saving and loading, which a step does not do.
_UNREAD = (*_HOOKS, *_REGISTRIES, "_non_persistent_buffers_set", "_state_dict_pre_hooks", "_state_dict_hooks",
           "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks")  # fmt: skip
#: Guards of one step; an environment with more is not a step's.
_LIMIT = 20_000
_TOO_MUCH = f"the step can see more than {_LIMIT:,} things; name what it uses, not all of a large object"


class Environment:
    """The guards of one recording.

    Parameters
    ----------
    function : callable
        The step.
    args, kwargs
        What it is called with.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.refusal: str | None = None
        self.given: dict[int, tuple[Any, str]] = {}
        self.watched: dict[int, Tensor] = {}
        self.optimizers: list[Optimizer] = []
        self._checks: dict[str, str] = {}
        self._names: dict[str, Any] = {
            "state": state, "same": alike, "all": all, "map": map, "is_": is_, "len": len, "type": type,
            "dtype": dtypes.get_default_dtype, "backend": choice.current, "like": _like, "id": id, "list": list,
        }  # fmt: skip
        self._numbers: dict[int, str] = {}
        self._seen: set[int] = set()
        self._items_seen = 0
        self._held: list[Any] = []
        self._arrays: list[Any] = []
        # Its globals count wherever the step is defined.
        self._root = function
        self._context()
        self._argument_list(args, kwargs)
        self._object(function, getattr(function, "__qualname__", "the step"))

    # --- the function of all guards ------------------------------------------------------------------

    def check(self) -> Callable[[Any, Any], bool]:
        """``check(args, kwargs)``: whether everything is as it was."""
        lines = [f"    if not ({expression}): return False" for expression in self._checks]
        scope = {**self._names, "A": self._arrays}
        exec("\n".join(["def check(args, kwargs):", *lines, "    return True"]), scope)
        return scope.pop("check")  # type: ignore[no-any-return]

    def changed(self, args: Any, kwargs: Any) -> str | None:
        """What has changed, in words; None if nothing has."""
        scope = {**self._names, "A": self._arrays, "args": args, "kwargs": kwargs}
        for expression, about in self._checks.items():
            if not eval(expression, scope):
                return about
        return None

    def _require(self, expression: str, about: str) -> None:
        self._checks.setdefault(expression, about)
        if len(self._checks) > _LIMIT:
            self._refuse(_TOO_MUCH)

    def _refuse(self, reason: str) -> None:
        self.refusal = self.refusal or reason

    def _name(self, value: Any) -> str:
        """A name in the guards for an object."""
        if id(value) not in self._numbers:
            self._held.append(value)
            name = self._numbers[id(value)] = f"k{len(self._numbers)}"
            self._names[name] = value
        return self._numbers[id(value)]

    # --- arguments and modes -------------------------------------------------------------------------

    def _context(self) -> None:
        self._require(f"state.grad is {state.grad} and state.inference is {state.inference}", "the grad mode")
        self._require("not state.watched", "anomaly mode, hooks on saved tensors or another tool that looks on")
        self._require(f"dtype() is {self._name(dtypes.get_default_dtype())}", "the default dtype")
        self._require(f"backend() == {choice.current()!r}", "the kernels in use")
        for hooks in (global_forward_pre_hooks, global_forward_hooks, global_backward_hooks, global_backward_pre_hooks):
            self._require(f"not {self._name(hooks)}", "hooks on all modules")

    def _argument_list(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._require(f"len(args) == {len(args)} and list(kwargs) == {list(kwargs)!r}", "the arguments")
        for i, value in enumerate(args):
            self._argument(f"args[{i}]", value)
        for name, value in kwargs.items():
            self._argument(f"kwargs[{name!r}]", value)

    def _argument(self, path: str, value: Any) -> None:
        about = f"the argument {path}"
        if isinstance(value, (Tensor, np.ndarray)):
            self._require(f"type({path}) is {self._name(type(value))}", about)
            if id(value) in self.given:
                self._require(f"{path} is {self.given[id(value)][1]}", about)
                return
            self.given[id(value)] = value, path
            if isinstance(value, Tensor):
                self._require(f"{path}._rg is {value._rg} and {path}._node is None", f"requires_grad of {about}")
                self._require(self._shaped(f"{path}._array", value._array), f"shape or dtype of {about}")
            else:
                self._require(self._shaped(path, value), f"shape or dtype of {about}")
        elif isinstance(value, _PLAIN):
            self._value(path, value, about)
        elif type(value) in (list, tuple):
            self._require(f"type({path}) is {self._name(type(value))} and len({path}) == {len(value)}", about)
            for i, each in enumerate(value):
                self._argument(f"{path}[{i}]", each)
        elif type(value) is dict:
            self._require(f"type({path}) is {self._name(dict)} and list({path}) == {self._name(list(value))}", about)
            for key, each in value.items():
                self._argument(f"{path}[{self._name(key) if not isinstance(key, str) else repr(key)}]", each)
        else:
            self._value(path, value, about)

    def _shaped(self, path: str, array: Any) -> str:
        return f"like({path}, {self._name(_form(array))})"

    # --- what the function can see -------------------------------------------------------------------

    def _value(self, path: str, value: Any, about: str) -> None:
        """Require that `path` stays what it is, and follow it."""
        if value is None or value is True or value is False:
            self._require(f"{path} is {value}", about)
        elif isinstance(value, _PLAIN):
            name = self._name(value)
            self._require(f"{path} is {name} or same({path}, {name})", about)
        else:
            self._require(f"{path} is {self._name(value)}", about)
            self._object(value, about)

    def _object(self, value: Any, about: str) -> None:
        if id(value) in self._seen or self.refusal is not None:
            return
        self._seen.add(id(value))
        self._held.append(value)
        if isinstance(value, Tensor):
            self.watched[id(value)] = value
        elif isinstance(value, Module):
            self._module(value, about)
        elif isinstance(value, Optimizer):
            self._optimizer(value, about)
        elif isinstance(value, (list, tuple)):
            self._items(value, value, about)
        elif isinstance(value, dict):
            self._items(value, list(value), f"the keys of {about}")
            self._items(value, list(value.values()), about, ".values()")
        elif isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, types.MethodType):
            self._object(value.__self__, about)
            self._object(value.__func__, about)
        elif isinstance(value, functools.partial):
            for each in (value.func, value.args, value.keywords):
                self._object(each, about)
        elif hasattr(value, "_compiled_function"):
            self._object(value._compiled_function, about)
        elif isinstance(value, deque):
            self._items(value, list(value), about)
        elif isinstance(value, (set, frozenset)):
            self._require(f"{self._name(value)} == {self._name(frozenset(value))}", about)
            for each in value:
                self._object(each, about)
        elif isinstance(value, (types.SimpleNamespace, Namespace)) or not (
            isinstance(value, (*_PLAIN, type, types.ModuleType, LRScheduler, np.ndarray)) or _own(type(value))
        ):
            self._class(type(value))
            self._attributes(value, about)
            self._slots(value, about)

    def _items(self, container: Any, items: Any, about: str, values: str = "") -> None:
        name = self._name(container)
        self._items_seen += len(items)
        if self._items_seen > _LIMIT:
            self._refuse(_TOO_MUCH)
            return
        if not isinstance(container, tuple):
            self._require(
                f"len({name}) == {len(items)} and all(map(is_, {name}{values}, {self._name(tuple(items))}))", about
            )
        for each in items:
            if not isinstance(each, _PLAIN):
                self._object(each, about)

    def _slots(self, value: Any, about: str) -> None:
        for cls in type(value).__mro__:
            names = cls.__dict__.get("__slots__", ())
            for name in (names,) if isinstance(names, str) else names:
                if not _own(cls) and hasattr(value, name) and not name.startswith("__"):
                    self._value(f"{self._name(value)}.{name}", getattr(value, name), f"{about}.{name}")

    def _attributes(self, value: Any, about: str, skip: tuple[str, ...] = ()) -> None:
        if not hasattr(value, "__dict__"):
            return
        d = self._name(value.__dict__)
        self._require(f"len({d}) == {len(value.__dict__)}", f"the attributes of {about}")
        for name, each in list(value.__dict__.items()):
            if name not in skip:
                self._value(f"{d}[{name!r}]", each, f"{about}.{name}")

    def _module(self, module: Module, about: str) -> None:
        self._class(type(module))
        for name in _HOOKS:
            self._require(f"not {self._name(module.__dict__[name])}", f"hooks of {about}")
        for name in _REGISTRIES:
            registry = module.__dict__[name]
            r = self._name(registry)
            self._require(f"{self._name(module.__dict__)}[{name!r}] is {r} and len({r}) == {len(registry)}", about)
            for key, each in list(registry.items()):
                self._value(f"{r}[{key!r}]", each, f"{about}.{key}")
        self._attributes(module, about, _UNREAD)

    def _optimizer(self, optimizer: Optimizer, about: str) -> None:
        o = self._name(optimizer)
        self.optimizers.append(optimizer)
        self._require(f"len({o}.param_groups) == {len(optimizer.param_groups)}", f"the groups of {about}")
        for i, group in enumerate(optimizer.param_groups):
            params, path = tuple(group["params"]), f"{o}.param_groups[{i}]['params']"
            self._require(f"len({path}) == {len(params)} and all(map(is_, {path}, {self._name(params)}))", about)
            for each in params:
                self._object(each, f"a parameter of {about}")

    def _function(self, function: types.FunctionType) -> None:
        name = function.__qualname__
        f = self._name(function)
        self._require(f"{f}.__code__ is {self._name(function.__code__)}", name)
        for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                value = cell.cell_contents
            except ValueError:
                # Not assigned yet: reading it would be an error.
                continue
            self._value(f"{self._name(cell)}.cell_contents", value, f"{variable!r}, which {name} names")
        for each in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            if not isinstance(each, _PLAIN):
                self._object(each, f"a default of {name}")
        if function is self._root or not _own(function):
            self._globals(function.__globals__, set(_names_in(function.__code__)), name)

    def _globals(self, scope: dict[str, Any], names: set[str], about: str) -> None:
        for name in sorted(names & scope.keys()):
            value = scope[name]
            if isinstance(value, (type, types.ModuleType)):
                if not _own(value):
                    # A module or class of constants: what the code may read of it.
                    members = vars(value)
                    for member in sorted(names & members.keys()):
                        if isinstance(members[member], (*_PLAIN, types.FunctionType)):
                            path = f"{self._name(value)}.{member}"
                            self._value(path, getattr(value, member), f"{name}.{member}, which {about} names")
            else:
                self._value(f"{self._name(scope)}[{name!r}]", value, f"{name!r}, which {about} names")

    def _class(self, cls: type) -> None:
        """What the methods of a user's class name."""
        for each in cls.__mro__:
            if _own(each) or each in self._classes():
                continue
            self._held.append(each)
            for member in list(vars(each).values()):
                if isinstance(member, (staticmethod, classmethod)):
                    member = member.__func__
                if isinstance(member, property):
                    member = member.fget
                if isinstance(member, types.FunctionType):
                    self._object(member, member.__qualname__)

    def _classes(self) -> list[Any]:
        return [each for each in self._held if isinstance(each, type)]

    # --- what the recording has found ----------------------------------------------------------------

    @contextmanager
    def watching_options(self, recorder: Recorder) -> Iterator[None]:
        """Note which options of optimizers the step itself reads; ``optimizer.step()`` reads them anew anyway."""
        watched = []
        for optimizer in self.optimizers:
            for i, group in enumerate(list(optimizer.param_groups)):
                stand_in = ListenedGroup(group, recorder)
                optimizer.param_groups[i] = stand_in
                watched.append((optimizer, i, group, stand_in))
        try:
            yield
        finally:
            for optimizer, i, group, stand_in in watched:
                group.clear()
                group.update(dict(stand_in))
                if i < len(optimizer.param_groups) and optimizer.param_groups[i] is stand_in:
                    optimizer.param_groups[i] = group
                for key in sorted(stand_in.asked - {"params"}):
                    about = f"the option {key!r} of an optimizer, which the step reads"
                    if key in group:
                        self._value(f"{self._name(optimizer)}.param_groups[{i}][{key!r}]", group[key], about)

    def add_tensors(self, recorder: Recorder) -> None:
        """Guards of the tensors that the recording came upon."""
        for source, none in recorder.grads_at_start.items():
            self._require(f"{self._path(source)}._grad is {'' if none else 'not '}None", "which gradients are there")
        fixed = []
        for source, t in recorder.outside.items():
            if isinstance(source, GivenTensor):
                if id(t) in self.watched:
                    self._require(f"{source} is {self._name(t)}", f"whether {source} is a tensor of the step's own")
                continue
            path = str(source) if isinstance(source, GradientOf) else self._name(t)
            if isinstance(source, GradientOf):
                path = self._path(source)
            else:
                fixed.append(id(t))
            about = f"a tensor of shape {tuple(t._array.shape)} that the step uses"
            self._arrays.append(t._array)
            at = f"A[{len(self._arrays) - 1}]"
            form = self._name(_form(t._array))
            seen = f"like({path}._array, {form}, A, {len(self._arrays) - 1})"
            self._require(f"{path}._array is {at} or {seen}", f"shape or dtype of {about}")
            self._require(f"{path}._rg is {t._rg} and {path}._node is None", f"requires_grad of {about}")
            if t._rg:
                self._require(
                    f"not {path}._hooks and '_post_accumulate_grad_hooks' not in {path}.__dict__", f"hooks of {about}"
                )
        taken = self._name(frozenset(fixed))
        paths = [str(s) for s, t in recorder.outside.items() if isinstance(s, GivenTensor) and t._rg]
        for i, path in enumerate(paths):
            self._require(f"id({path}) not in {taken}", f"whether {path} is a tensor of the step's own")
            for other in paths[:i]:
                self._require(f"{path} is not {other}", f"whether {path} is {other}")

    def _path(self, source: Any) -> str:
        if isinstance(source, GradientOf):
            return f"{self._path(source.tensor)}._grad"
        return self._name(source.tensor) if isinstance(source, FixedTensor) else str(source)


def _form(array: Any) -> tuple[Any, ...]:
    return array.shape, array.dtype, array.strides, array.flags.num


def _like(array: Any, form: tuple[Any, ...], held: list[Any] | None = None, place: int = 0) -> bool:
    """Whether an array has the shape, dtype, strides and flags of another; it then takes that one's `place`."""
    if array.shape != form[0] or array.dtype != form[1] or array.strides != form[2] or array.flags.num != form[3]:
        return False
    if held is not None:
        held[place] = array
    return True


def _own(value: Any) -> bool:
    """Whether something belongs to this package, to NumPy or to Python, whose code is known."""
    name = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None) or ""
    root = name.partition(".")[0]
    return root in ("tinygrad5329", "numpy") or (root in sys.stdlib_module_names and root != "__main__")


def _names_in(code: types.CodeType) -> Iterator[str]:
    """The global names and attributes in a function's code, and in that of the functions inside it."""
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _names_in(each)
