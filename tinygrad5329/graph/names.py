"""What :func:`capture` is given: tensors, and names for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad5329.tape import Node, Port
from tinygrad5329.tensor import Tensor

__all__ = ["edge_behind", "named", "tensors_in"]

_FRAMEWORKS = ("torch", "jax", "jaxlib", "tensorflow", "mlx", "autograd", "paddle", "mindspore", "cupy", "tinygrad")


def tensors_in(output: Any) -> list[Tensor]:
    """The tensors of a result, which may be a tuple, list or dict of them, also nested.

    Raises TypeError for anything else.
    """
    found: list[Tensor] = []
    stack = [output]
    while stack:
        value = stack.pop()
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (Mapping, list, tuple)):
            parts = list(value.values() if isinstance(value, Mapping) else value)
            stack += reversed([part for part in parts if part is not None])
        else:
            raise TypeError(_not_a_tensor(value))
    if not found:
        raise TypeError("graph: expected a tensor, or a tuple, list or dict of tensors, got an empty one")
    return found


def _not_a_tensor(value: Any) -> str:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, (int, float, complex, np.ndarray, np.generic)):
        remedy = "it has no history; pass the tensor it was taken from, before .item() or .numpy()"
    elif type(value).__module__.partition(".")[0] in _FRAMEWORKS:
        remedy = (
            "only graphs of tinygrad5329 can be read; compute it with tinygrad5329 tensors "
            "(tinygrad5329.tensor(...) makes one of an array)"
        )
    else:
        remedy = "pass a tensor, or a tuple, list or dict of tensors, such as the loss"
    return f"graph: expected a tinygrad5329 Tensor, got {kind}: {remedy}"


def edge_behind(t: Tensor) -> Node | Port:
    """Where the graph of `t` ends; RuntimeError if there is none."""
    if t.grad_fn is not None:
        return t._node  # type: ignore[return-value]
    if t.requires_grad:
        raise RuntimeError(
            f"graph: nothing on the tape: the tensor of shape {tuple(t.shape)} is a leaf, which "
            "no operation made; pass what was computed from it, such as the loss"
        )
    raise RuntimeError(
        f"graph: nothing on the tape: the tensor of shape {tuple(t.shape)} does not require grad. It "
        "was computed under no_grad(), detached, or computed only from tensors without requires_grad; "
        "compute it again outside no_grad() from parameters, and pass it before detach()"
    )


def named(given: Any, what: str) -> dict[str, Tensor]:
    """Names and tensors of any accepted form; a shared tensor appears under each of its names."""
    if given is None:
        return {}
    pairs: Any
    if isinstance(given, Tensor):
        if what == "params":
            raise TypeError("graph: params: got one tensor without a name; pass params={'w': w}")
        pairs = [("input", given)]
    elif hasattr(given, "named_parameters"):
        pairs = given.named_parameters(remove_duplicate=False)
    else:
        pairs = given.items() if isinstance(given, Mapping) else given
    found: dict[str, Tensor] = {}
    try:
        for name, t in pairs:
            # A parameter of length 2 would unpack, too.
            if not isinstance(name, str):
                raise TypeError
            found[name] = t
    except (TypeError, ValueError):
        form = "a Module, " if what == "params" else "a Tensor, "
        raise TypeError(
            f"graph: {what}: expected {form}a dict of names to tensors or (name, tensor) pairs, got "
            f"{type(given).__name__}; pass model.named_parameters(), not model.parameters()"
        ) from None
    for name, t in found.items():
        if not isinstance(t, Tensor):
            raise TypeError(f"graph: {what}[{name!r}]: expected a tinygrad5329 Tensor, got {type(t).__name__}")
    return found
