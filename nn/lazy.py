"""Lazy modules: layers that learn the sizes of their parameters from their first input."""

from __future__ import annotations

import itertools
from typing import Any

from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import is_lazy

__all__ = ["LazyModuleMixin", "is_lazy"]


class LazyModuleMixin:
    """Makes a module lazy: mix it in before the ordinary class, and define `initialize_parameters`.

    The first call runs `initialize_parameters` on its arguments, which must `materialize` every uninitialised
    parameter and buffer; the object then turns into one of `cls_to_become` and is lazy no more. Loading a state
    dictionary materialises them as well. Register or optimise the parameters after that first call only.

    Attributes
    ----------
    cls_to_become : type or None
        The class after initialisation; None keeps the class.

    Raises
    ------
    RuntimeError
        A parameter is still uninitialised after `initialize_parameters`.

    Notes
    -----
    Matches ``torch.nn.modules.lazy.LazyModuleMixin``.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> net = tg.nn.Sequential(tg.nn.LazyLinear(8), tg.nn.ReLU(), tg.nn.LazyLinear(2))
    >>> _ = net(tg.randn(5, 3))
    >>> net
    Sequential(
      (0): Linear(in_features=3, out_features=8, bias=True)
      (1): ReLU()
      (2): Linear(in_features=8, out_features=2, bias=True)
    )
    """

    cls_to_become: type[Module] | None = None

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self.register_load_state_dict_pre_hook(_materialize_what_is_loaded)
        self._initialize_hook = self.register_forward_pre_hook(_initialize, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialise and initialise all parameters for the arguments of the first call; a subclass defines it."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self: Any) -> bool:
        """Whether any parameter or buffer of this module (not of those below it) has no values yet."""
        return any(is_lazy(each) for each in itertools.chain(self._parameters.values(), self._buffers.values()))

    def _save_to_state_dict(self: Any, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        persistent = ((k, b) for k, b in self._buffers.items() if k not in self._non_persistent_buffers_set)
        for name, member in itertools.chain(self._parameters.items(), persistent):
            if member is not None:
                destination[prefix + name] = member if keep_vars or is_lazy(member) else member.detach()


def _initialize(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
    module._initialize_hook.remove()
    module._load_hook.remove()
    del module._initialize_hook, module._load_hook
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become


def _materialize_what_is_loaded(module: Any, state_dict: Any, prefix: str, *_: Any) -> None:
    for name, member in itertools.chain(module._parameters.items(), module._buffers.items()):
        value = state_dict.get(prefix + name)
        if value is not None and is_lazy(member) and not is_lazy(value):
            with no_grad():
                member.materialize(value.shape)
