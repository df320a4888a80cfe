"""Forward hooks of modules: registration, and the call that runs them."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tinygrad5329.hooks import RemovableHandle, add_hook
from tinygrad5329.nn.module_backward_hooks import BackwardCall, global_backward_hooks, global_backward_pre_hooks

if TYPE_CHECKING:
    from tinygrad5329.nn.module import Module


class ForwardHook(NamedTuple):
    """One registered hook and how it wants to be called."""

    function: Callable[..., Any]
    with_kwargs: bool
    always_call: bool = False


# Hooks that run for every module; the module-level register functions fill them.
global_forward_pre_hooks: OrderedDict[int, ForwardHook] = OrderedDict()
global_forward_hooks: OrderedDict[int, ForwardHook] = OrderedDict()


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before the `forward` of every module; meant for debugging and profiling.

    Global hooks run before the module's own. See `Module.register_forward_pre_hook`.
    """
    return add_hook(global_forward_pre_hooks, ForwardHook(hook, with_kwargs=False))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after the `forward` of every module.

    Global hooks run before the module's own. See `Module.register_forward_hook`.
    """
    return add_hook(global_forward_hooks, ForwardHook(hook, with_kwargs, always_call))


class ModuleHooks:
    """The part of `Module` that registers forward hooks."""

    _forward_pre_hooks: OrderedDict[int, ForwardHook]
    _forward_hooks: OrderedDict[int, ForwardHook]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook` before every `forward`.

        Parameters
        ----------
        hook : callable
            ``hook(module, args)``: returns None, or the new positional arguments (a value that is not a
            tuple is wrapped into one). With `with_kwargs`, ``hook(module, args, kwargs)``: returns None or
            the pair of new arguments and new keyword arguments.
        prepend : bool
            Run before the hooks that this module already has.
        with_kwargs : bool
            Pass the keyword arguments too.

        Returns
        -------
        RemovableHandle
            ``handle.remove()`` takes the hook away again; the handle is also a context manager.
        """
        return add_hook(self._forward_pre_hooks, ForwardHook(hook, with_kwargs), prepend=prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook` after every `forward`.

        Parameters
        ----------
        hook : callable
            ``hook(module, args, output)``, or ``hook(module, args, kwargs, output)`` with `with_kwargs`:
            returns None, or a value that replaces the output.
        prepend : bool
            Run before the hooks that this module already has.
        with_kwargs : bool
            Pass the keyword arguments of `forward` too.
        always_call : bool
            Run even if `forward` or another hook raises; the output is then what was computed so far,
            or None.

        Returns
        -------
        RemovableHandle
            ``handle.remove()`` takes the hook away again; the handle is also a context manager.
        """
        return add_hook(self._forward_hooks, ForwardHook(hook, with_kwargs, always_call), prepend=prepend)


def call_with_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run `module.forward` between its hooks and the global ones, in PyTorch's order."""
    output: Any = None
    finished: set[int] = set()
    try:
        # Copies, because a hook may remove itself.
        for hook in (*global_forward_pre_hooks.values(), *module._forward_pre_hooks.values()):
            args, kwargs = _call_pre_hook(hook, module, args, kwargs)
        watching = (
            module._backward_hooks or module._backward_pre_hooks or global_backward_hooks or global_backward_pre_hooks
        )
        watched = BackwardCall(module) if watching else None
        if watched is not None:
            args = watched.enter(args)
        output = module.forward(*args, **kwargs)
        for hook_id, hook in (*global_forward_hooks.items(), *module._forward_hooks.items()):
            finished.add(hook_id)
            replacement = _call_forward_hook(hook, module, args, kwargs, output)
            if replacement is not None:
                output = replacement
        return output if watched is None else watched.leave(output)
    except Exception:
        _call_remaining_hooks(module, args, kwargs, output, finished)
        raise


def _call_pre_hook(
    hook: ForwardHook, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if not hook.with_kwargs:
        new_args = hook.function(module, args)
        if new_args is None:
            return args, kwargs
        return (new_args if isinstance(new_args, tuple) else (new_args,)), kwargs
    pair = hook.function(module, args, kwargs)
    if pair is None:
        return args, kwargs
    if isinstance(pair, tuple) and len(pair) == 2:
        return pair
    raise RuntimeError(f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {pair}.")


def _call_forward_hook(
    hook: ForwardHook, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
) -> Any:
    if hook.with_kwargs:
        return hook.function(module, args, kwargs, output)
    return hook.function(module, args, output)


def _call_remaining_hooks(
    module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any, finished: set[int]
) -> None:
    """Run the `always_call` hooks that an error has skipped; the first error is the one to report."""
    for hook_id, hook in (*global_forward_hooks.items(), *module._forward_hooks.items()):
        if not hook.always_call or hook_id in finished:
            continue
        try:
            replacement = _call_forward_hook(hook, module, args, kwargs, output)
        except Exception as error:
            warnings.warn(
                "module forward hook with ``always_call=True`` raised an exception that was silenced as "
                f"another error was raised in forward: {error}",
                stacklevel=4,
            )
            continue
        if replacement is not None:
            output = replacement
