"""Hooks that run when the gradients of a module's inputs and outputs have been computed."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinygrad5329.autograd.intercept import intercept
from tinygrad5329.hooks import RemovableHandle, add_hook
from tinygrad5329.tensor import Tensor

if TYPE_CHECKING:
    from tinygrad5329.nn.module import Module

Gradients = tuple[Tensor | None, ...]


# Hooks that run for every module; the module-level register functions fill them.
global_backward_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
global_backward_pre_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`Module.register_full_backward_hook` for every module at once; global hooks run before the module's own.

    Matches ``torch.nn.modules.module.register_module_full_backward_hook``.
    """
    return add_hook(global_backward_hooks, hook)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """`Module.register_full_backward_pre_hook` for every module at once.

    Matches ``torch.nn.modules.module.register_module_full_backward_pre_hook``.
    """
    return add_hook(global_backward_pre_hooks, hook)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """The older form of `register_module_full_backward_hook`; see `Module.register_backward_hook`."""
    return register_module_full_backward_hook(hook)


class ModuleBackwardHooks:
    """The part of `Module` that registers backward hooks."""

    _backward_hooks: OrderedDict[int, Callable[..., Any]]
    _backward_pre_hooks: OrderedDict[int, Callable[..., Any]]

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Run ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are computed.

        Both are tuples with None for what is no tensor or has no gradient. The hook may return a tuple to
        use in place of `grad_input`; it must not change its arguments
        (``torch.nn.Module.register_full_backward_hook``). Only positional inputs are seen.
        """
        return add_hook(self._hooks_of("full"), hook, prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Run ``hook(module, grad_output)`` when the gradients of the outputs are computed.

        The hook may return a tuple to use in place of `grad_output`
        (``torch.nn.Module.register_full_backward_pre_hook``).
        """
        return add_hook(self._backward_pre_hooks, hook, prepend=prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """The older form of `register_full_backward_hook`, deprecated in PyTorch.

        The hook gets the gradients of the module's inputs, where PyTorch's older form gives those of its last
        operation. A module has hooks of one form only: RuntimeError.
        """
        return add_hook(self._hooks_of("older"), hook)

    def _hooks_of(self, form: str) -> OrderedDict[int, Callable[..., Any]]:
        """The hooks, after a check that those there are of this form."""
        if self._backward_hooks and self.__dict__.get("_backward_hook_form", form) != form:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self.__dict__["_backward_hook_form"] = form
        return self._backward_hooks


class BackwardCall:
    """One call of a module that has backward hooks: what goes in, what comes out, and their gradients."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.inputs = 0
        self.seen = False
        self.grad_outputs: Gradients | None = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The positional arguments, with the tensors watched."""
        self.inputs = len(args)
        self.seen = any(isinstance(a, Tensor) and a.requires_grad for a in args)
        return _through(args, self._on_inputs) if self.seen else args

    def leave(self, output: Any) -> Any:
        """The output, with its tensors watched."""
        watched = _through(output if isinstance(output, tuple) else (output,), self._on_outputs)
        return watched if isinstance(output, tuple) else watched[0]

    def _on_outputs(self, gradients: Gradients) -> Gradients:
        for hook in (*global_backward_pre_hooks.values(), *self.module._backward_pre_hooks.values()):
            replaced = hook(self.module, gradients)
            if replaced is not None:
                gradients = _as_tuple(
                    replaced, len(gradients), "Backward pre hook returned an invalid number of grad_output"
                )
        self.grad_outputs = gradients
        if not self.seen and (self.module._backward_hooks or global_backward_hooks):
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module outputs since no "
                "inputs require gradients.",
                stacklevel=2,
            )
            self._run_hooks((None,) * self.inputs)
        return gradients

    def _on_inputs(self, gradients: Gradients) -> Gradients:
        if self.grad_outputs is None:
            # Reached past the outputs, as in a second derivative: not the module's own backward pass.
            return gradients
        gradients = self._run_hooks(gradients)
        self.grad_outputs = None
        return gradients

    def _run_hooks(self, gradients: Gradients) -> Gradients:
        for hook in (*global_backward_hooks.values(), *self.module._backward_hooks.values()):
            replaced = hook(self.module, gradients, self.grad_outputs)
            if replaced is None:
                continue
            if not self.seen and any(g is not None for g in replaced):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )
            gradients = _as_tuple(replaced, len(gradients), "Backward hook returned an invalid number of grad_input")
        return gradients


def _through(values: tuple[Any, ...], react: Callable[[Gradients], Gradients]) -> tuple[Any, ...]:
    """The tensors among `values` intercepted; `react` sees a gradient, or None, for each value."""
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]

    def packed(gradients: Gradients) -> Gradients:
        full: list[Tensor | None] = [None] * len(values)
        for place, g in zip(places, gradients, strict=True):
            full[place] = g
        answer = react(tuple(full))
        return tuple(answer[place] for place in places)

    result = list(values)
    for place, tensor in zip(places, intercept([values[i] for i in places], packed), strict=True):
        result[place] = tensor
    return tuple(result)


def _as_tuple(value: Any, length: int, what: str) -> Gradients:
    value = value if isinstance(value, tuple) else (value,)
    if len(value) != length:
        raise RuntimeError(f"{what}, got {len(value)}, but expected {length}")
    return value
