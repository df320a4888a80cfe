"""`state_dict` and `load_state_dict`: the state of a tree of modules as a flat dictionary."""

from __future__ import annotations

import itertools
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tinygrad5329.grad_mode import no_grad
from tinygrad5329.hooks import RemovableHandle
from tinygrad5329.nn.module_tree import ModuleTree
from tinygrad5329.nn.parameter import Parameter
from tinygrad5329.nn.uninitialized import is_lazy
from tinygrad5329.tensor import Tensor

if TYPE_CHECKING:
    from tinygrad5329.nn.module import Module

_EXTRA_STATE = "_extra_state"


class _IncompatibleKeys(NamedTuple):
    """What `load_state_dict` returns."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class WithoutModule(NamedTuple):
    """A hook that does not take the module, its first argument."""

    hook: Callable[..., Any]

    def __call__(self, module: Module, *args: Any) -> Any:
        return self.hook(*args)


class MayReplace(NamedTuple):
    """A hook that may return a state dictionary in place of the one that it is given."""

    hook: Callable[..., Any]

    def __call__(self, *args: Any) -> Any:
        return self.hook(*args)


class ModuleStateDict(ModuleTree):
    """The part of `Module` that saves and restores its state."""

    # The version of a class's state format; saved beside the state so that old files can be read.
    _version: int = 1

    _state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _state_dict_hooks: OrderedDict[int, Callable[..., Any]]
    _load_state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _load_state_dict_post_hooks: OrderedDict[int, Callable[..., Any]]

    def get_extra_state(self) -> Any:
        """Return state to keep in `state_dict` beside parameters and buffers; a subclass may define it.

        Define `set_extra_state` along with it.
        """
        raise RuntimeError(
            f"{self._get_name()} has no get_extra_state(): a module whose state_dict holds extra state "
            "defines both get_extra_state() and set_extra_state()"
        )

    def set_extra_state(self, state: Any) -> None:
        """Restore what `get_extra_state` returned; a subclass may define it."""
        raise RuntimeError(
            f"{self._get_name()} has no set_extra_state(): a module whose state_dict holds extra state "
            "defines both get_extra_state() and set_extra_state()"
        )

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before `state_dict` collects this module's state."""
        return _register(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` once this module's state is collected.

        The hook changes `state_dict` in place and returns None.
        """
        return _register(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook` before `load_state_dict` loads this module's part.

        ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
        error_msgs)`` may change `state_dict` and the three lists in place.
        """
        return _register(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` once `load_state_dict` has loaded this module.

        `incompatible_keys` holds the lists `missing_keys` and `unexpected_keys`, which the hook may change in
        place to decide what counts as an error. It returns None.
        """
        return _register(self._load_state_dict_post_hooks, hook)

    # PyTorch's older forms, which published code still calls.

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        """`register_load_state_dict_pre_hook` whose hook is not given the module, unless `with_module`."""
        if not with_module:
            return self.register_load_state_dict_pre_hook(WithoutModule(hook))  # type: ignore[arg-type]
        return self.register_load_state_dict_pre_hook(hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """`register_state_dict_post_hook` whose hook may return another dictionary."""
        return self.register_state_dict_post_hook(MayReplace(hook))  # type: ignore[arg-type]

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        """Write this module's own state (not its children's) into `destination`."""
        for name, parameter in self._parameters.items():
            if parameter is not None:
                destination[prefix + name] = parameter if keep_vars else parameter.detach()
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = buffer if keep_vars else buffer.detach()
        if _overrides(self, "get_extra_state"):
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def state_dict(
        self, *args: Any, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Return the whole state: parameters and persistent buffers of this module and all those below it.

        The values share memory with the module: clone them to keep a snapshot.

        Parameters
        ----------
        destination : dict, optional
            Filled and returned; a new dictionary when omitted.
        prefix : str
            Put before every key.
        keep_vars : bool
            Return the parameters themselves instead of detached tensors.
        *args
            The three by position, which is deprecated: FutureWarning.

        Examples
        --------
        >>> from tinygrad5329 import nn
        >>> list(nn.BatchNorm1d(4).state_dict())
        ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead: destination, prefix, keep_vars",
                FutureWarning,
                stacklevel=2,
            )
            names = ("destination", "prefix", "keep_vars")
            if len(args) > len(names):
                raise TypeError(f"state_dict() takes at most {len(names)} arguments, got {len(args)}")
            given = {"destination": destination, "prefix": prefix, "keep_vars": keep_vars}
            return self.state_dict(**{**given, **dict(zip(names, args, strict=False))})
        if destination is None:
            destination = OrderedDict()
            # The version of each module's format.
            destination._metadata = OrderedDict()  # type: ignore[attr-defined]
        local_metadata: dict[str, Any] = {"version": self._version}
        metadata = getattr(destination, "_metadata", None)
        if metadata is not None:
            metadata[prefix[:-1]] = local_metadata
        for hook in tuple(self._state_dict_pre_hooks.values()):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in tuple(self._state_dict_hooks.values()):
            result = hook(self, destination, prefix, local_metadata)
            if result is not None:
                if not isinstance(hook, MayReplace):
                    raise RuntimeError("state_dict post-hook must return None: change the state_dict in place")
                destination = result
        return destination

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load this module's own part (not its children's), reporting into the three lists.

        A subclass may override it to read older formats.
        """
        for hook in tuple(self._load_state_dict_pre_hooks.values()):
            hook(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        assign = local_metadata.get("assign_to_params_buffers", False)
        persistent = ((k, b) for k, b in self._buffers.items() if k not in self._non_persistent_buffers_set)
        members = {k: m for k, m in itertools.chain(self._parameters.items(), persistent) if m is not None}
        for name, member in members.items():
            key = prefix + name
            if key in state_dict:
                _load_member(self, name, member, key, state_dict[key], assign, error_msgs)
            elif strict:
                missing_keys.append(key)

        extra_key = prefix + _EXTRA_STATE
        if _overrides(self, "set_extra_state"):
            if extra_key in state_dict:
                self.set_extra_state(state_dict[extra_key])
            elif strict:
                missing_keys.append(extra_key)
        elif strict and extra_key in state_dict:
            unexpected_keys.append(extra_key)
        if not strict:
            return
        for key in state_dict:
            if not key.startswith(prefix) or key == extra_key:
                continue
            name, dot, _ = key[len(prefix) :].partition(".")
            if name not in (self._modules if dot else members):
                unexpected_keys.append(key)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy the state in `state_dict` into this module and all those below it.

        Parameters
        ----------
        state_dict : mapping of str to Tensor
            As returned by `state_dict`.
        strict : bool
            Require that the keys match exactly.
        assign : bool
            Use the given tensors themselves (and thus their dtype) instead of copying their values.

        Returns
        -------
        _IncompatibleKeys
            The named tuple ``(missing_keys, unexpected_keys)``.

        Raises
        ------
        TypeError
            If `state_dict` is not a mapping.
        RuntimeError
            If a shape differs, a value cannot be copied, or, with `strict`, keys are missing or unexpected.
            The message lists every problem; whatever could be loaded has been.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing_keys: list[str] = []
        unexpected_keys: list[str] = []
        error_msgs: list[str] = []
        metadata = getattr(state_dict, "_metadata", None) or {}

        def load(module: Module, local_state: dict[str, Any], prefix: str) -> None:
            local_metadata = dict(metadata.get(prefix[:-1], {}))
            if assign:
                local_metadata["assign_to_params_buffers"] = True
            module._load_from_state_dict(
                local_state, prefix, local_metadata, True, missing_keys, unexpected_keys, error_msgs
            )
            for name, child in module._modules.items():
                if child is not None:
                    child_prefix = f"{prefix}{name}."
                    load(
                        child,
                        {k: v for k, v in local_state.items() if k.startswith(child_prefix)},
                        child_prefix,
                    )
            incompatible = _IncompatibleKeys(missing_keys, unexpected_keys)
            for hook in tuple(module._load_state_dict_post_hooks.values()):
                if hook(module, incompatible) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new "
                        "values: change the lists of incompatible_keys in place"
                    )

        load(cast("Module", self), dict(state_dict), "")
        if strict:
            if unexpected_keys:
                error_msgs.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected_keys)}. ")
            if missing_keys:
                error_msgs.insert(0, f"Missing key(s) in state_dict: {_quoted(missing_keys)}. ")
        if error_msgs:
            problems = "\n\t".join(error_msgs)
            raise RuntimeError(f"Error(s) in loading state_dict for {self._get_name()}:\n\t{problems}")
        return _IncompatibleKeys(missing_keys, unexpected_keys)


def _register(hooks: OrderedDict[int, Callable[..., Any]], hook: Callable[..., Any]) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def _overrides(module: ModuleStateDict, method: str) -> bool:
    return getattr(type(module), method) is not getattr(ModuleStateDict, method)


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _load_member(
    module: ModuleStateDict,
    name: str,
    member: Tensor,
    key: str,
    value: Any,
    assign: bool,
    error_msgs: list[str],
) -> None:
    """Load one parameter or buffer, or say in `error_msgs` why not."""
    if not isinstance(value, Tensor):
        error_msgs.append(
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from '
            f"checkpoint but received {type(value)}"
        )
        return
    if is_lazy(member) and is_lazy(value):
        return
    if member.dim() == 0 and value.shape == (1,):
        # Scalars were saved with one dimension by PyTorch before 0.4.
        value = value[0]
    if value.shape != member.shape:
        error_msgs.append(
            f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, the shape "
            f"in current model is {member.shape}."
        )
        return
    if assign:
        if isinstance(member, Parameter) and not isinstance(value, Parameter):
            value = Parameter(value, requires_grad=member.requires_grad)
        else:
            value.requires_grad_(member.requires_grad)
        setattr(module, name, value)
        return
    try:
        with no_grad():
            member.copy_(value)
    except Exception as error:
        error_msgs.append(
            f'While copying the parameter named "{key}", whose dimensions in the model are {member.shape} '
            f"and whose dimensions in the checkpoint are {value.shape}, an exception occurred : {error.args}."
        )
