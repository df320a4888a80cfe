"""What nodes keep for the backward pass, as memory: arrays whose memory is their own, each once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad5329.tape import Node, Port
from tinygrad5329.tensor import Tensor

__all__ = ["leaves_behind", "memory_of", "nodes_behind", "owner_of", "saved_arrays"]


def nodes_behind(roots: list[Node | Port]) -> list[Node]:
    """All nodes behind `roots`, in the order in which they ran."""
    seen: dict[int, Node] = {}
    stack: list[Any] = list(roots)
    while stack:
        node = stack.pop()
        node = node.node if type(node) is Port else node
        if isinstance(node, Node) and id(node) not in seen:
            seen[id(node)] = node
            stack.extend(node.edges)
    return sorted(seen.values(), key=lambda node: abs(node.seq))


def leaves_behind(nodes: list[Node]) -> Iterator[Tensor]:
    """The leaves that `nodes` give gradients to; one may come several times."""
    for node in nodes:
        for edge in node.edges:
            if isinstance(edge, Tensor):
                yield edge


def saved_arrays(node: Any) -> Iterator[Any]:
    """The arrays that `node` keeps; none once the backward pass has freed them."""
    saved = node.saved
    if saved is None:
        return
    # A node whose values went through hooks keeps what these returned.
    plan = getattr(node, "plan", None)
    if plan is None or type(saved) is not tuple:
        packed = getattr(node, "packed", None)
        yield from _arrays_in([saved, *([] if packed is None else [packed])])
        return
    for kind, value in zip(plan.kinds, saved, strict=True):
        # None marks parameters of the operation and shapes.
        if kind is not None:
            yield from _arrays_in(value)


def _arrays_in(value: Any) -> Iterator[Any]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Tensor):
        yield value._array
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _arrays_in(each)
    elif isinstance(value, dict):
        yield from _arrays_in(list(value.values()))
    elif type(value).__module__.startswith("tinygrad5329."):
        for cls in type(value).__mro__:
            for name in getattr(cls, "__slots__", ()):
                yield from _arrays_in(getattr(value, name, None)) if name[:2] != "__" else ()


def owner_of(array: Any) -> Any:
    """The array whose memory `array` is a view of: what stays alive as long as the view does."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def memory_of(node: Any) -> dict[int, Any]:
    """The memory that `node` keeps alive: arrays that own theirs, by identity."""
    return {id(owner): owner for owner in map(owner_of, saved_arrays(node))}
