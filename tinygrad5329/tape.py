"""The tape: the nodes that operations leave behind, and the walk that goes back over them.

A recorded operation leaves one :class:`Node`. It knows its operation, when it was created, the edges
to where its inputs came from, and the values that its gradient rules need. It does not know its
output, so a graph has no reference cycles and is freed when the last tensor that leads to it is.

An edge is one of three things: the :class:`Node` that made the input, a :class:`Port` of it where the
node has several outputs, or, where the input is a leaf, the tensor itself.

Creation order is a topological order: whatever used a node's output was created after it. So the walk
needs no sorting pass, only a heap of creation numbers, and no recursion.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush, heapreplace
from typing import Any

import numpy as np

from tinygrad5329.hooks import Hooks

__all__ = ["Node", "Port", "Version", "walk"]

#: The clock of the tape: nodes take a number when created, in-place writes when they happen.
tick = itertools.count(1).__next__


class Clock:
    """When anything was last written in place: a node younger than that need not look at its guards."""

    __slots__ = ("written",)

    def __init__(self) -> None:
        self.written = 0


clock = Clock()


class Version:
    """How often and when a storage was written in place; shared by all views of the storage."""

    # On the class, because nearly none is ever written to, and this makes one in a quarter of the time.
    count = 0
    stamp = 0
    op = ""


class Node:
    """One recorded operation.

    Attributes
    ----------
    seq : int
        Creation number; what used the output has a higher one.
    edges : tuple
        Where the gradients of the inputs go: Node, Port, or a leaf tensor. Inputs that need no gradient
        have no edge.
    saved : tuple or None
        What the rules need of the forward pass; None once it has been freed.
    hooks : Hooks or None
        Functions of the output's gradient, run when it is complete, before the rules.
    shape, dtype
        Of the output (of the first one where there are several).
    meta : dict or None
        Notes of tools that look at the graph, such as the module path; the engine never reads them.
    """

    __slots__ = ("__weakref__", "dtype", "edges", "hooks", "meta", "saved", "seq", "shape")

    edges: tuple[Any, ...]
    saved: tuple[Any, ...] | None
    hooks: Hooks | None
    meta: dict[str, Any] | None
    shape: tuple[int, ...]
    dtype: Any
    seq: int

    def pull(self, g: Any, graph: bool) -> Iterable[Any]:
        """The gradients of the inputs, in the order of `edges`.

        `g` is an array, or with `graph` a tensor; a list of them, None for the missing, where the node
        has several outputs.
        """
        raise NotImplementedError(f"{type(self).__name__}.pull")

    def release(self) -> None:
        """Let go of the values kept for the backward pass."""
        self.saved = None

    def name(self) -> str:
        """The node's name as PyTorch writes it, such as ``MulBackward0``."""
        return type(self).__name__

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"

    #: How many outputs the operation has; None for one without a :class:`Port`.
    outputs: int | None = None

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes of the inputs with their output numbers, as in PyTorch (leaves: AccumulateGrad)."""
        return tuple(
            (edge, 0)
            if isinstance(edge, Node)
            else (edge.node, edge.index)
            if type(edge) is Port
            else (AccumulateGrad(edge), 0)
            for edge in self.edges
        )

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        """PyTorch's node hooks see all inputs' gradients; ours are on tensors."""
        raise RuntimeError("register_hook on a grad_fn is not supported; call tensor.register_hook instead")


class Port:
    """One output of a node that has several."""

    __slots__ = ("dtype", "index", "node", "shape")

    def __init__(self, node: Node, index: int, shape: tuple[int, ...], dtype: Any) -> None:
        self.node = node
        self.index = index
        self.shape = shape
        self.dtype = dtype

    def __eq__(self, other: object) -> bool:
        return type(other) is Port and other.node is self.node and other.index == self.index

    def __hash__(self) -> int:
        return hash((id(self.node), self.index))


class AccumulateGrad:
    """The end of an edge at a leaf, for code that reads ``next_functions`` (PyTorch's AccumulateGrad)."""

    __slots__ = ("variable",)

    next_functions: tuple[()] = ()

    def __init__(self, variable: Any) -> None:
        self.variable = variable

    def name(self) -> str:
        """PyTorch's name of this node."""
        return "AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"

    def __eq__(self, other: object) -> bool:
        return type(other) is AccumulateGrad and other.variable is self.variable

    def __hash__(self) -> int:
        return id(self.variable)


def walk(
    roots: Iterable[tuple[Any, Any]],
    *,
    graph: bool = False,
    keep: bool = False,
    targets: set[Any] | None = None,
    watch: Callable[[Node, Any, Any], None] | None = None,
) -> dict[Any, Any]:
    """Go back from `roots` and return the gradients that arrive at leaves (or at `targets`).

    Parameters
    ----------
    roots
        Pairs of an edge and the gradient that enters there.
    graph
        Gradients are tensors and the rules are recorded, so that they can be differentiated again.
    keep
        Leave the saved values of the nodes in place.
    targets
        Edges whose gradients are wanted; only nodes that lead to them are run. None means all leaves.
    watch
        Called with each node, the gradient that came to it, and those that it gave (the anomaly finder).
    """
    roots = list(roots)
    needed = None if targets is None else _leading_to(targets, [edge for edge, _ in roots])
    found: dict[Any, Any] = {}
    pending: dict[Any, Any] = {}
    owned: set[Any] = set()
    ports: dict[Node, list[Port]] = {}
    # Numbers alone, which compare in a third of the time that pairs take.
    heap: list[int] = []
    queued: dict[int, Node] = {}
    # The youngest node waiting, kept out of the heap: along a chain nothing ever enters it.
    first: int | None = None
    edges: Sequence[Any] = [edge for edge, _ in roots]
    gradients: Any = [g for _, g in roots]
    while True:
        if len(edges) != len(gradients):
            raise RuntimeError(f"a rule returned {len(gradients)} gradients for {len(edges)} inputs")
        for edge, g in zip(edges, gradients):  # noqa: B905 - strict=True takes as long as the loop
            if g is None or (needed is not None and edge not in needed):
                continue
            if edge not in pending:
                # The first contribution is borrowed: it may be the very array another input got.
                pending[edge] = g
                if isinstance(edge, Node):
                    number = -edge.seq
                    queued[number] = edge
                    if first is None:
                        first = number
                    elif number < first:
                        heappush(heap, first)
                        first = number
                    else:
                        heappush(heap, number)
                elif type(edge) is Port:
                    if edge.node in ports:
                        ports[edge.node].append(edge)
                    else:
                        ports[edge.node] = [edge]
                        queued[-edge.node.seq] = edge.node
                        heappush(heap, -edge.node.seq)
            elif graph:
                pending[edge] = pending[edge] + g
            elif edge in owned:
                np.add(pending[edge], g, out=pending[edge])
            else:
                pending[edge] = total = pending[edge] + g
                # The sum of two 0-d arrays is a NumPy scalar, which has no out=, and needs none.
                if type(total) is np.ndarray:
                    owned.add(edge)
        if first is None:
            if not heap:
                break
            first = heappop(heap)
        elif heap and heap[0] < first:
            first = heapreplace(heap, first)
        node = queued.pop(first)
        first = None
        outputs = node.outputs
        if outputs is None:
            g = pending.pop(node)
            if node.hooks is not None:
                for hook in list(node.hooks.values()):
                    g = hook(g)
            if targets is not None and node in targets:
                found[node] = g
        else:
            g = [None] * outputs
            for port in ports.pop(node):
                g[port.index] = pending.pop(port)
            if node.hooks is not None:
                for hook in list(node.hooks.values()):
                    g = hook(g)
            if targets is not None:
                for port in targets:
                    if type(port) is Port and port.node is node and g[port.index] is not None:
                        found[port] = g[port.index]
        edges, gradients = node.edges, ()
        if needed is not None and not any(edge in needed for edge in edges):
            edges = ()
            continue
        if node.saved is None:
            raise RuntimeError(_freed(node))
        gradients = node.pull(g, graph)
        if watch is not None:
            watch(node, g, gradients)
        if not keep:
            node.release()
    found.update(pending)
    return found


def _leading_to(targets: set[Any], roots: list[Any]) -> set[Any]:
    """The edges from which some target can be reached."""
    seen: set[Any] = set()
    stack = [_node_of(edge) for edge in roots]
    while stack:
        node = stack.pop()
        if node is not None and node not in seen:
            seen.add(node)
            stack.extend(_node_of(edge) for edge in node.edges)
    leading = set(targets)
    for node in sorted(seen, key=lambda each: each.seq):
        for edge in node.edges:
            if type(edge) is Port and edge.node in leading:
                leading.add(edge)
        if any(edge in leading for edge in node.edges):
            leading.add(node)
    leading.update(edge for edge in roots if type(edge) is Port and edge.node in leading)
    return leading


def _node_of(edge: Any) -> Node | None:
    return edge if isinstance(edge, Node) else edge.node if type(edge) is Port else None


def _freed(node: Node) -> str:
    return (
        "Trying to backward through the graph a second time, but the values it saved have already been "
        f"freed: {node.name()}, which made a tensor of shape {tuple(node.shape)} (operation {node.seq}), "
        "was passed by an earlier backward(). Pass retain_graph=True to the first backward if you need it "
        "twice; if a tensor of an earlier step is carried into this one, detach() it first"
    )
