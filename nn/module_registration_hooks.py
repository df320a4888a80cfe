"""Hooks that run whenever any module registers a parameter, a buffer or a child."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from tinygrad5329.hooks import RemovableHandle, add_hook

_Hooks = OrderedDict[int, Callable[..., Any]]
parameter_registration_hooks: _Hooks = OrderedDict()
buffer_registration_hooks: _Hooks = OrderedDict()
module_registration_hooks: _Hooks = OrderedDict()


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, parameter)`` when a module takes a parameter; what it returns, unless None, is taken.

    Matches ``torch.nn.modules.module.register_module_parameter_registration_hook``.
    """
    return add_hook(parameter_registration_hooks, hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` when a module takes a buffer; what it returns, unless None, is taken.

    Matches ``torch.nn.modules.module.register_module_buffer_registration_hook``.
    """
    return add_hook(buffer_registration_hooks, hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, child)`` when a module takes a child; what it returns, unless None, is taken.

    Matches ``torch.nn.modules.module.register_module_module_registration_hook``.
    """
    return add_hook(module_registration_hooks, hook)


def registered(hooks: _Hooks, module: Any, name: str, value: Any) -> Any:
    """`value`, or what the last hook that returned something made of it."""
    for hook in tuple(hooks.values()):
        replacement = hook(module, name, value)
        if replacement is not None:
            value = replacement
    return value
