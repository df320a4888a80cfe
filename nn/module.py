"""`Module`: the base of everything that holds parameters."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Self

from tinygrad5329.nn.module_backward_hooks import (
    ModuleBackwardHooks,
    global_backward_hooks,
    global_backward_pre_hooks,
)
from tinygrad5329.nn.module_conversion import ModuleConversion
from tinygrad5329.nn.module_hooks import (
    ModuleHooks,
    call_with_hooks,
    global_forward_hooks,
    global_forward_pre_hooks,
)
from tinygrad5329.nn.module_path import add_module_path
from tinygrad5329.nn.module_registration_hooks import (
    buffer_registration_hooks,
    module_registration_hooks,
    parameter_registration_hooks,
    registered,
)
from tinygrad5329.nn.module_state_dict import ModuleStateDict
from tinygrad5329.nn.parameter import Buffer, Parameter
from tinygrad5329.tensor import Tensor


class Module(ModuleHooks, ModuleBackwardHooks, ModuleStateDict, ModuleConversion):
    """Base class of all layers, losses and models.

    A subclass calls ``super().__init__()`` first, assigns its parts as attributes and defines `forward`.
    Assigned `Parameter`, `Buffer` and `Module` objects are registered: `parameters`, `state_dict`, `to`,
    `train` and the rest then reach them through the whole tree.

    An exception that leaves a module's call names the way to the module it came from, e.g.
    "...; in Net.layers.2 (Linear)".

    Attributes
    ----------
    training : bool
        Whether the module is in training mode; see `train` and `eval`.

    Notes
    -----
    Matches `torch.nn.Module`.

    Examples
    --------
    >>> from tinygrad5329 import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = nn.Linear(4, 8)
    ...         self.head = nn.Linear(8, 2)
    ...
    ...     def forward(self, x):
    ...         return self.head(self.hidden(x).relu())
    >>> Net()
    Net(
      (hidden): Linear(in_features=4, out_features=8, bias=True)
      (head): Linear(in_features=8, out_features=2, bias=True)
    )
    """

    #: Set it in a subclass that has other bases too, for which `__init__` is then called with its arguments.
    call_super_init: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            what = f"keyword argument '{next(iter(kwargs))}'" if kwargs else "positional argument"
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected {what}")
        self.__dict__.update(self._first_state())
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    @staticmethod
    def _first_state() -> dict[str, Any]:
        return dict(
            training=True,
            _parameters={},
            _buffers={},
            _non_persistent_buffers_set=set(),
            _modules={},
            _forward_pre_hooks=OrderedDict(),
            _forward_hooks=OrderedDict(),
            _backward_pre_hooks=OrderedDict(),
            _backward_hooks=OrderedDict(),
            _state_dict_pre_hooks=OrderedDict(),
            _state_dict_hooks=OrderedDict(),
            _load_state_dict_pre_hooks=OrderedDict(),
            _load_state_dict_post_hooks=OrderedDict(),
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        # What was pickled before a registry existed gets an empty one.
        self.__dict__.update({**self._first_state(), **state})

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every subclass defines it.

        Call the module instead of this method, so that hooks run.
        """
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward` with its hooks."""
        try:
            if (
                self._forward_hooks
                or self._forward_pre_hooks
                or self._backward_hooks
                or self._backward_pre_hooks
                or global_forward_hooks
                or global_forward_pre_hooks
                or global_backward_hooks
                or global_backward_pre_hooks
            ):
                return call_with_hooks(self, args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            add_module_path(error, self)
            raise

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, reachable as the attribute `name`.

        Parameters
        ----------
        name : str
            Without dots.
        param : Parameter or None
            None reserves the name, e.g. for a layer without a bias; it then has no place in `state_dict`.

        Raises
        ------
        AttributeError
            Before ``super().__init__()``.
        KeyError
            If the name is empty, has a dot, or is an attribute already.
        TypeError
            If `param` is not a Parameter.
        """
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_new_name("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_typename(param)}' object to parameter '{name}' (nn.Parameter or None "
                "required); wrap the tensor: nn.Parameter(tensor)"
            )
        if param is not None and not param.is_leaf:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                f"explicitly. To express '{name}' as a function of another Tensor, compute the value in the "
                "forward() method."
            )
        if param is not None and parameter_registration_hooks:
            param = registered(parameter_registration_hooks, self, name, param)
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a buffer, reachable as the attribute `name`: state that is not a parameter.

        Parameters
        ----------
        name : str
            Without dots.
        tensor : Tensor or None
            None reserves the name.
        persistent : bool
            Whether the buffer is part of `state_dict`.

        Raises
        ------
        AttributeError
            Before ``super().__init__()``.
        KeyError
            If the name is empty, has a dot, or is an attribute already.
        TypeError
            If `tensor` is not a Tensor.
        """
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_new_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"cannot assign '{_typename(tensor)}' object to buffer '{name}' (Tensor or None required)")
        self._set_buffer(name, tensor, persistent)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child module, reachable as the attribute `name`; None reserves the name.

        Raises
        ------
        TypeError
            If `module` is not a Module.
        KeyError
            If the name is empty, has a dot, or is an attribute already.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._check_new_name("module", name, self._modules)
        self._set_module(name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """Alias for `add_module`."""
        self.add_module(name, module)

    def _check_new_name(self, kind: str, name: str, registry: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
        if name not in registry and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain ".", got: {name}')
        if not name:
            raise KeyError(f'{kind} name can\'t be empty string ""')

    def _set_buffer(self, name: str, tensor: Tensor | None, persistent: bool) -> None:
        if tensor is not None and buffer_registration_hooks:
            tensor = registered(buffer_registration_hooks, self, name, tensor)
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def _set_module(self, name: str, module: Module | None) -> None:
        if module is not None and module_registration_hooks:
            module = registered(module_registration_hooks, self, name, module)
        self._modules[name] = module

    def _forget(self, name: str, *, keep: str) -> None:
        """Remove `name` from wherever it is, the registry `keep` excepted, to make room for another kind."""
        for registry in (self.__dict__, self._parameters, self._buffers, self._modules):
            if registry is not self.__dict__[keep]:
                registry.pop(name, None)
        if keep != "_buffers":
            self._non_persistent_buffers_set.discard(name)

    def __setattr__(self, name: str, value: Any) -> None:
        state = self.__dict__
        if isinstance(value, Parameter):
            if "_parameters" not in state:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, keep="_parameters")
            self.register_parameter(name, value)
            return
        if name in state.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as parameter '{name}' (nn.Parameter or None expected)"
                )
            self._parameters[name] = None
            return
        if isinstance(value, Module):
            if "_modules" not in state:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, keep="_modules")
            self._set_module(name, value)
            return
        if name in state.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' (nn.Module or None expected)"
                )
            self._modules[name] = None
            return
        if isinstance(value, Buffer):
            if "_buffers" not in state:
                raise AttributeError("cannot assign buffer before Module.__init__() call")
            self._forget(name, keep="_buffers")
            self._set_buffer(name, value, value.persistent)
            return
        if name in state.get("_buffers", ()):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as buffer '{name}' (nn.Buffer, Tensor or None expected)"
                )
            self._buffers[name] = value
            return
        object.__setattr__(self, name, value)

    # Called only for names that ordinary look-up does not find.
    def __getattr__(self, name: str) -> Any:
        state = self.__dict__
        if "_parameters" in state:
            if name in (members := state["_parameters"]):
                return members[name]
            if name in (buffers := state["_buffers"]):
                return buffers[name]
            if name in (modules := state["_modules"]):
                return modules[name]
        elif name in Module().__dict__:
            raise AttributeError(
                f"'{type(self).__name__}' object has no attribute '{name}': its __init__ must call super().__init__()"
            )
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for registry in (self._parameters, self._buffers, self._modules):
            if name in registry:
                del registry[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__, *self._parameters, *self._buffers, *self._modules}
        # Children of containers are called "0", "1", ...: not attributes one could type.
        return sorted(name for name in names if not name[:1].isdigit())

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn(module)`` for every module below this one, children first, then for this one.

        Typical use: initialisation, ``model.apply(init_weights)``.
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Change nothing, with a warning: modules run eagerly, and the options of PyTorch's compiler say nothing."""
        warnings.warn("Module.compile changes nothing: modules run eagerly here", stacklevel=2)

    def train(self, mode: bool = True) -> Self:
        """Set training mode (or evaluation mode, with `mode` False) here and in all modules below.

        Dropout and batch normalisation behave differently in the two modes.

        Raises
        ------
        ValueError
            If `mode` is not a bool.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode: the same as ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set whether the parameters of this module and all below it record gradients; False freezes them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters.

        Parameters
        ----------
        set_to_none : bool
            Drop them; otherwise they are detached and filled with zeros in place.
        """
        for parameter in self.parameters():
            grad = parameter.grad
            if grad is None:
                continue
            if set_to_none:
                parameter.grad = None
                continue
            if grad.requires_grad:
                grad = parameter.grad = grad.detach()
            grad.zero_()

    def extra_repr(self) -> str:
        """Return what `repr` shows between the parentheses; a subclass may define it."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()]
        extra = self.extra_repr()
        if not lines and "\n" not in extra:
            return f"{self._get_name()}({extra})"
        if extra:
            lines = extra.split("\n") + lines
        body = "\n  ".join(lines)
        return f"{self._get_name()}(\n  {body}\n)"


def _indented(text: str) -> str:
    """Move all lines but the first two columns to the right."""
    return text.replace("\n", "\n  ")


def _typename(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
