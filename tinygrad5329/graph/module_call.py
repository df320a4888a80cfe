"""Running what :func:`capture` is to look at, where it is given a call instead of its result."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping
from typing import Any

from tinygrad5329.graph.modules import record_modules
from tinygrad5329.graph.record import record
from tinygrad5329.tensor import Tensor

__all__ = ["is_call", "run_call"]


def is_call(output: Any) -> bool:
    """Whether `output` is something to run: a module, or a function without arguments."""
    return callable(output) and not isinstance(output, (Tensor, type))


def run_call(call: Any, params: Any, inputs: Any, *, sites: bool, values: bool) -> tuple[Any, Any, Any]:
    """Run `call`; returns its result, `params`, and `inputs` by name.

    A module is called with `inputs`: one tensor, a tuple of arguments, or a dict of named ones. Raises
    TypeError if it gets none.
    """
    model = next((each for each in (call, params) if hasattr(each, "named_modules")), None)
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = {}
    if call is model:
        params = call if params is None else params
        if inputs is None:
            raise TypeError(
                f"graph: capture({type(call).__name__}): with what shall the module be called? Pass inputs=x, a tuple "
                "of arguments, or a dict of them by name; or pass what it returned: capture(model(x), params=model)"
            )
        if isinstance(inputs, Mapping):
            options = dict(inputs)
        else:
            arguments = inputs if isinstance(inputs, tuple) else (inputs,)
        inputs = _names(call, arguments, options)
    with _recording(model, sites, values):
        return call(*arguments, **options), params, inputs


def _recording(model: Any, sites: bool, values: bool) -> Any:
    if sites or values:
        return record(model, sites=sites, values=values)
    return contextlib.nullcontext() if model is None else record_modules(model)


def _names(model: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Tensor]:
    """The tensors among the arguments of a module, by the names that its ``forward`` gives them."""
    accepted = inspect.signature(model.forward).parameters.values()
    names = [each.name for each in accepted if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    names += [f"input {i + 1}" for i in range(len(names), len(arguments))]
    stack = [*zip(names, arguments, strict=False), *options.items()][::-1]
    found: dict[str, Tensor] = {}
    while stack:
        name, value = stack.pop()
        if isinstance(value, Tensor):
            found[name] = value
        elif isinstance(value, (tuple, list)):
            stack += [(f"{name}[{i}]", each) for i, each in enumerate(value)][::-1]
    return found
