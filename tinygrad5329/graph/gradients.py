"""Statistics of gradients, from a backward pass of our own that leaves every ``grad`` alone."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from tinygrad5329.grad_mode import no_grad
from tinygrad5329.graph.model import GraphNode
from tinygrad5329.graph.reader import Reader
from tinygrad5329.graph.statistics import statistics_of
from tinygrad5329.hooks import Hooks, add_hook
from tinygrad5329.tape import walk
from tinygrad5329.tensor import Tensor

__all__ = ["note_gradients"]


def note_gradients(reader: Reader, outputs: list[Tensor], times: bool) -> None:
    """Set the gradient, and with `times` the seconds that its rule took, of each node of `reader`.

    What the graph saved stays in place, and hooks of the user's do not run. Where an earlier backward pass has
    freed it, the leaves' accumulated ``grad`` is all that there is: a warning says so.
    """
    for t in outputs:
        if t._array.size != 1:
            raise RuntimeError(
                "graph: capture: gradients=True: gradients can be implicitly created only for scalar outputs; this "
                f"one has shape {tuple(t.shape)}: pass a loss, such as output.sum()"
            )
    nodes = {key: reader.nodes[number] for key, number in reader.ids.items()}
    if any(node.saved is None for node in reader.operations):
        _from_leaves(reader, nodes)
        return
    clock = _Clock(nodes, times)
    before = [node.hooks for node in reader.operations]
    try:
        for node in reader.operations:
            node.hooks = Hooks()
            add_hook(node.hooks, clock.hook(id(node)))
        roots = [(t._node or t, np.ones(t._array.shape, t._array.dtype)) for t in outputs]
        with no_grad(), np.errstate(all="ignore"):
            found = walk(roots, keep=True)
        clock.stop()
    finally:
        for node, hooks in zip(reader.operations, before, strict=True):
            node.hooks = hooks
    for edge, g in found.items():
        if id(edge) in nodes:
            nodes[id(edge)].gradient = statistics_of(g)


class _Clock:
    """Makes the hooks that see each complete gradient, and tells the time between them."""

    def __init__(self, nodes: dict[int, GraphNode], times: bool) -> None:
        self.nodes, self.times = nodes, times
        self.running: GraphNode | None = None
        self.since = 0.0

    def hook(self, key: int) -> Any:
        made = self.nodes[key]

        def note(g: Any) -> Any:
            self.stop()
            first = next((each for each in g if each is not None), None) if isinstance(g, list) else g
            if first is not None:
                made.gradient = statistics_of(first)
            self.running, self.since = made, time.perf_counter()
            return g

        return note

    def stop(self) -> None:
        """The rule of the operation that is running has returned."""
        if self.times and self.running is not None:
            self.running.backward_seconds = time.perf_counter() - self.since


def _from_leaves(reader: Reader, nodes: dict[int, GraphNode]) -> None:
    for leaf in reader.leaves:
        if leaf.grad is not None:
            nodes[id(leaf)].gradient = statistics_of(leaf.grad._array)
    warnings.warn(
        "graph: the values that the graph saved were freed by backward(), so only the gradients of leaves are "
        "known; for those of operations capture it before backward(), or call backward(retain_graph=True)",
        stacklevel=6,
    )
