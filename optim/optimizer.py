"""``Optimizer``: parameter groups, state, hooks, and saving both; the rules are in the subclasses.

A new rule is a subclass with a ``step``. The base class gives it everything else:

>>> import tinygrad5329 as tg
>>> from tinygrad5329.optim import Optimizer
>>> class SignSGD(Optimizer):
...     def __init__(self, params, lr):
...         super().__init__(params, {"lr": lr})
...
...     @tg.no_grad()
...     def step(self, closure=None):
...         for group in self.param_groups:
...             for p in group["params"]:
...                 if p.grad is not None:
...                     p.add_(p.grad.sign(), alpha=-group["lr"])
>>> w = tg.tensor([1.0, -1.0], requires_grad=True)
>>> (w * w).sum().backward()
>>> SignSGD([w], lr=0.5).step()
>>> w
tensor([ 0.5000, -0.5000], requires_grad=True)
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import deepcopy
from itertools import chain
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

import tinygrad5329 as tg
from tinygrad5329.ops.update.gradients import clear_gradients
from tinygrad5329.ops.update.roster import Roster
from tinygrad5329.optim.hooks import (
    Hooked,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from tinygrad5329.optim.options import Closure
from tinygrad5329.tensor import Tensor

__all__ = [
    "Optimizer",
    "ParamsT",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
    "required",
]

ParamsT: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
StateDict: TypeAlias = dict[str, Any]


class _Required:
    """The default of an option that every parameter group must give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer(Hooked):
    """The base class of all optimizers (``torch.optim.Optimizer``).

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor) or of dict
        What to optimize. A dict is a parameter group: its ``"params"`` are tensors, its other entries
        override `defaults` for them. The order must be the same in every run, so a set is refused.
    defaults : dict
        The options of groups that do not give their own.

    Attributes
    ----------
    param_groups : list of dict
        The groups; options may be changed between steps, ``optimizer.param_groups[0]["lr"] = 0.01``.
    state : dict
        What the rule remembers of each parameter, keyed by the parameter itself.
    defaults : dict
        As given.

    Raises
    ------
    TypeError
        `params` is one tensor, or holds something that is no tensor.
    ValueError
        There are no parameters, one is in two groups, one is no leaf, or a required option is missing.
    """

    # What the kernels remember of the groups' arrays, by the number of the group; no part of the state.
    _rosters: Mapping[int, Roster] = MappingProxyType({})

    # The exception of rules that have no form for complex parameters.
    _refuses_complex: type[Exception] | None = None

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._make_hook_lists()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"a {type(params).__name__}; write {type(self).__name__}([tensor], ...)"
            )
        if not isinstance(params, Iterable):
            hint = "; pass its .parameters()" if hasattr(params, "parameters") else ""
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"a {type(params).__name__}{hint}"
            )
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._rosters = {}
        if "_optimizer_step_pre_hooks" not in self.__dict__:
            self._make_hook_lists()
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            # PyTorch has an empty line between two groups.
            lines.extend([""] * (i > 0) + [f"Parameter Group {i}"])
            lines.extend(f"    {key}: {group[key]}" for key in sorted(group) if key != "params")
        return "\n".join([*lines, ")"])

    # --- using it ------------------------------------------------------------------------------------

    def step(self, closure: Closure | None = None) -> Any:
        """Update the parameters from their gradients, once.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss anew (clears the gradients, calls ``backward``) and returns it.

        Returns
        -------
        What `closure` returned, or None.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step(): a subclass of Optimizer defines it")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all parameters.

        Parameters
        ----------
        set_to_none : bool
            Set ``grad`` to None, so that the next step leaves parameters alone which no gradient
            reached; otherwise fill the gradients with zeros, and the next step sees zeros.
        """
        for group in self.param_groups:
            if set_to_none:
                clear_gradients(group["params"])
                continue
            for p in group["params"]:
                if p.grad is not None:
                    if p.grad.grad_fn is not None:
                        p.grad = p.grad.detach()
                    p.grad.requires_grad_(False).zero_()

    def _roster(self, number: int, keys: tuple[str, ...], scalars: tuple[str, ...] = ()) -> Roster:
        """What is remembered of group `number`, for a kernel that updates the state's tensors under `keys`."""
        roster = self._rosters.get(number)
        if roster is None or roster.keys != keys:
            roster = Roster(keys, scalars)
            self._rosters = {**self._rosters, number: roster}
        return roster

    # --- parameter groups ----------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters with options of their own, such as layers unfrozen during training.

        Parameters
        ----------
        param_group : dict
            ``"params"``: a tensor, or an iterable of tensors or of (name, tensor) pairs; and any options
            that differ from `defaults`. The dict is completed in place and kept.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        given = param_group["params"]
        if isinstance(given, (set, frozenset)):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of "
                "tensors in sets will change between runs. Please use a list instead."
            )
        entries: list[Any] = [given] if isinstance(given, Tensor) else list(given)
        names = [entry[0] for entry in entries if isinstance(entry, tuple)]
        if names and len(names) != len(entries):
            raise ValueError("all optimizer params should be with/without names. Some param names are missing")
        params = param_group["params"] = [e[1] if isinstance(e, tuple) else e for e in entries]
        if names:
            param_group["param_names"] = names
        for i, param in enumerate(params):
            self._check_param(param, f"params[{i}]" + (f" ({names[i]})" if names else ""))
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        if len({id(p) for p in params}) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters, which are updated once for "
                "each time they occur; in future, this will cause an error",
                stacklevel=3,
            )
        self._check_against_groups(param_group)
        self._check_group(param_group)
        self.param_groups.append(param_group)

    def _check_param(self, param: Any, which: str) -> None:
        """TypeError or ValueError if `param` cannot be optimized."""
        if not isinstance(param, Tensor):
            raise TypeError(
                f"optimizer can only optimize Tensors, but one of the params is {type(param).__name__}: {which}"
            )
        if not self.defaults.get("differentiable") and not (param.is_leaf or param.retains_grad):
            raise ValueError(
                f"can't optimize a non-leaf Tensor: {which} of shape {tuple(param.shape)} is the result of "
                f"{param.grad_fn.name() if param.grad_fn else 'an operation'}; make it a leaf with "
                ".detach().requires_grad_()"
            )
        if param.is_complex() and self._refuses_complex is not None:
            name = type(self).__name__
            raise self._refuses_complex(
                f"{name} does not support complex parameters: {which} is {param.dtype}; optimize the real and the "
                "imaginary part as two real tensors"
            )

    def _check_against_groups(self, param_group: dict[str, Any]) -> None:
        """ValueError if the new group shares a parameter with an old one, or only one of them has names."""
        taken: dict[int, int] = {}
        for i, group in enumerate(self.param_groups):
            taken.update((id(p), i) for p in group["params"])
            if ("param_names" in param_group) != ("param_names" in group):
                how = "with" if "param_names" in param_group else "without"
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{how} names to the optimizer"
                )
        for i, p in enumerate(param_group["params"]):
            if id(p) in taken:
                raise ValueError(
                    f"some parameters appear in more than one parameter group: params[{i}] of shape "
                    f"{tuple(p.shape)} is in group {taken[id(p)]} already"
                )

    def _check_group(self, group: dict[str, Any]) -> None:
        """For subclasses: raise if the options of `group` cannot be honoured. Also called after loading."""

    # --- saving and loading --------------------------------------------------------------------------

    def state_dict(self) -> StateDict:
        """The state of the optimizer, in PyTorch's layout.

        Returns
        -------
        dict
            ``"state"``: what the rule remembers, keyed by the parameter's number; ``"param_groups"``:
            the groups' options, with the numbers of their parameters as ``"params"``. Numbers count
            parameters through all groups. Tensors are the optimizer's own, not copies.
        """
        for hook in list(self._optimizer_state_dict_pre_hooks.values()):
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        start = 0
        for group in self.param_groups:
            for number, p in enumerate(group["params"], start):
                numbers.setdefault(id(p), number)
            start += len(group["params"])
            packed = {key: value for key, value in group.items() if key != "params"}
            groups.append({**packed, "params": [numbers[id(p)] for p in group["params"]]})
        state = {numbers[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        state_dict: StateDict = {"state": state, "param_groups": groups}
        for hook in list(self._optimizer_state_dict_post_hooks.values()):
            result = hook(self, state_dict)
            if result is not None:
                state_dict = result
        return state_dict

    def load_state_dict(self, state_dict: StateDict) -> None:
        """Take over a state that :meth:`state_dict` returned, here or in PyTorch.

        Parameters are matched by their place, not by name. Tensors are copied, cast to the dtype of
        their parameter; anything with an array interface, such as a NumPy array or a PyTorch tensor, is
        accepted for a tensor.

        Make learning rate schedulers first: making one sets the learning rates.

        Raises
        ------
        ValueError
            The number of groups, or of parameters in a group, differs.
        """
        state_dict = state_dict.copy()
        for hook in list(self._optimizer_load_state_dict_pre_hooks.values()):
            result = hook(self, state_dict)
            if result is not None:
                state_dict = result
        groups = self.param_groups
        saved_groups = deepcopy(state_dict["param_groups"])
        if len(groups) != len(saved_groups):
            raise ValueError(
                "loaded state dict has a different number of parameter groups: it has "
                f"{len(saved_groups)}, the optimizer {len(groups)}"
            )
        for i, (group, saved) in enumerate(zip(groups, saved_groups, strict=True)):
            if len(group["params"]) != len(saved["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's "
                    f"group: group {i} has {len(saved['params'])} parameters in the state dict and "
                    f"{len(group['params'])} in the optimizer"
                )
        numbers = chain.from_iterable(saved["params"] for saved in saved_groups)
        params = dict(zip(numbers, chain.from_iterable(g["params"] for g in groups), strict=True))
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in params:
                state[params[key]] = self._for_param(params[key], value)
            else:
                state[key] = value
        for group, saved in zip(groups, saved_groups, strict=True):
            saved["params"] = group["params"]
            if "param_names" in group:
                saved.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved_groups})
        for group in self.param_groups:
            self._check_group(group)
        for hook in list(self._optimizer_load_state_dict_post_hooks.values()):
            hook(self)

    def _for_param(self, param: Tensor, value: Any, key: Any = None) -> Any:
        """A copy of a loaded value with all tensors in the parameter's dtype.

        A step count keeps its own: half precision cannot count past 2048.
        """
        if isinstance(value, dict):
            return {k: self._for_param(param, v, k) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self._for_param(param, v) for v in value)
        if not isinstance(value, Tensor) and hasattr(value, "__array__") and not np.isscalar(value):
            value = tg.tensor(np.asarray(value))
        if not isinstance(value, Tensor):
            return value
        value = value.detach().clone()
        return value.to(param.dtype) if key != "step" and param.is_floating_point() else value
