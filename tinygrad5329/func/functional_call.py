"""Modules as functions of their parameters (``torch.func.functional_call``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad5329 import ops
from tinygrad5329.nn import BatchNorm1d, BatchNorm2d, BatchNorm3d, Module
from tinygrad5329.tensor import Tensor

__all__ = ["functional_call", "replace_all_batch_norm_modules_", "stack_module_state"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call `module` with other tensors in place of its parameters and buffers; the module stays as it was.

    Parameters
    ----------
    parameter_and_buffer_dicts : dict or sequence of dicts
        Tensors by name, as ``named_parameters`` names them. Names left out keep the module's own.
    args : any or tuple
        Positional arguments; what is no tuple is the only one.
    tie_weights : bool
        A parameter that the module has under several names is replaced under all of them.
    strict : bool
        Raise if a name is missing or unknown.

    >>> import tinygrad5329 as tg
    >>> layer = tg.nn.Linear(2, 1)
    >>> functional_call(layer, {"weight": tg.ones(1, 2), "bias": tg.zeros(1)}, tg.tensor([3.0, 4.0]))
    tensor([7.])
    """
    if isinstance(parameter_and_buffer_dicts, dict):
        given = dict(parameter_and_buffer_dicts)
    elif isinstance(parameter_and_buffer_dicts, Sequence):
        given = {}
        for each in parameter_and_buffer_dicts:
            if not isinstance(each, dict):
                raise ValueError(
                    f"Expected all elements of parameter_and_buffer_dicts to be dictionaries, got {type(each).__name__}"
                )
            repeated = given.keys() & each.keys()
            if repeated:
                raise ValueError(
                    f"{sorted(repeated)[0]} appears in multiple dictionaries; behavior of functional call is ambiguous"
                )
            given.update(each)
    else:
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(parameter_and_buffer_dicts)}"
        )
    own = {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }
    unknown = sorted(given.keys() - own.keys())
    if unknown and strict:
        raise RuntimeError(f"Error(s) in strict functional_call: Unexpected key(s): {', '.join(unknown)}.")
    if unknown:
        raise KeyError(f"functional_call: the module has no parameter or buffer named {unknown[0]!r}")
    if tie_weights:
        tied = {id(own[name]): value for name, value in given.items()}
        given.update({name: tied[id(t)] for name, t in own.items() if id(t) in tied and name not in given})
    missing = sorted(own.keys() - given.keys())
    if strict and missing:
        raise RuntimeError(f"Error(s) in strict functional_call: Missing key(s): {', '.join(missing)}.")
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    places = [_place(module, name) for name in given]
    before = [store[leaf] for store, leaf in places]
    try:
        for (store, leaf), value in zip(places, given.values(), strict=True):
            store[leaf] = value
        return module(*args, **(kwargs or {}))
    finally:
        for (store, leaf), value in zip(places, before, strict=True):
            store[leaf] = value


def _place(module: Module, name: str) -> tuple[dict[str, Any], str]:
    """The dictionary that holds the tensor `name`, and its key there."""
    path, _, leaf = name.rpartition(".")
    owner = module.get_submodule(path)
    return (owner._parameters if leaf in owner._parameters else owner._buffers), leaf


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and buffers of like models, stacked along a new first dimension (``torch.func``).

    The stacked parameters are leaves that require grad.
    """
    if not len(models):
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if not (all(m.training for m in models) or all(not m.training for m in models)):
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if not all(type(m) is type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    parameters = {
        name: ops.stack([dict(m.named_parameters())[name].detach() for m in models]).requires_grad_(p.requires_grad)
        for name, p in models[0].named_parameters()
    }
    buffers = {
        name: ops.stack([dict(m.named_buffers())[name] for m in models]) for name, _ in models[0].named_buffers()
    }
    return parameters, buffers


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Let every batch normalisation in `root` use the statistics of its batch and keep none (``torch.func``)."""
    for module in root.modules():
        if isinstance(module, (BatchNorm1d, BatchNorm2d, BatchNorm3d)):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
