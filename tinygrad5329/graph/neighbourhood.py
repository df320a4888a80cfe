"""``Neighbourhood``: one operation with those before and after it, as the anomaly finder shows it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad5329.autograd.anomaly_report import range_behind
from tinygrad5329.autograd.call_site import CallSite, site_of
from tinygrad5329.autograd.value_range import ValueRange, range_of
from tinygrad5329.graph.model import Graph, GraphCall, GraphEdge, GraphModule, GraphNode
from tinygrad5329.graph.options import Show
from tinygrad5329.graph.reader import resolve
from tinygrad5329.graph.statistics import Statistics
from tinygrad5329.graph.svg import svg_text
from tinygrad5329.graph.tree import Tree
from tinygrad5329.tape import Node
from tinygrad5329.tensor import Tensor

__all__ = ["Neighbourhood", "around_node", "around_operation"]

#: How many steps are looked at before and after the operation, and how many operations at most.
_STEPS = 2
_BEHIND, _AHEAD = 6, 3


@dataclass(slots=True, repr=False)
class Neighbourhood(Graph):
    """A small part of a graph around the operation `center`; the operations of `cut` read more than is shown.

    Values and gradients of its nodes are known by their extremes. ``str()`` gives a text in the manner of
    :func:`~tinygrad5329.graph.tree`, notebooks show a picture, and every renderer takes it.
    """

    center: int = 0
    cut: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return "\n".join(_Text(self).lines())

    def __repr__(self) -> str:
        return f"<Neighbourhood of {self.nodes[self.center].name}: {len(self.nodes)} nodes>"

    def _repr_svg_(self) -> str:
        values, gradients = (any(getattr(node, name) for node in self.nodes) for name in ("value", "gradient"))
        show = Show(values=values, gradients=gradients)
        # A legend would call the operation in the middle an output.
        return svg_text(self, show, legend=False)


def around_operation(
    name: str,
    inputs: Sequence[tuple[str, Any]],
    outs: Sequence[ValueRange],
    site: CallSite,
    names: Mapping[int, str],
) -> Neighbourhood:
    """The operation `name`, which is not on the tape yet, and what led to its `inputs`, by slot."""
    builder = _Builder(names)
    tensors = [(slot, each) for slot, each in inputs if isinstance(each, Tensor)]
    edges = [(slot, each._node or each) for slot, each in tensors]
    behind = _behind([resolve(edge)[0] for _, edge in edges], _BEHIND)
    builder.add(behind)
    center = builder.operation(name, name, outs, site, edges)
    return builder.graph(center)


def around_node(
    node: Node,
    given: Sequence[tuple[Any, Any]],
    passed: Mapping[int, ValueRange],
    roots: Sequence[Any],
    names: Mapping[int, str],
) -> Neighbourhood:
    """`node`, what led to it and what reads it.

    `given` are its edges with the gradients that its rule returned; `passed` those that came to the nodes of the
    backward pass from `roots` so far, by their creation numbers.
    """
    builder = _Builder(names)
    nodes = {id(each): each for each in _behind([node], _BEHIND) + _ahead(node, roots)}
    builder.add(list(nodes.values()))
    for edge, g in given:
        target = builder.ids.get(id(resolve(edge)[0]))
        if target is not None and g is not None:
            builder.nodes[target].gradient = _statistics(range_of(g._array if isinstance(g, Tensor) else g))
    for each in builder.nodes:
        if each.seq in passed:
            each.gradient = _statistics(passed[each.seq])
    return builder.graph(builder.ids[id(node)])


def _behind(start: Sequence[Any], most: int) -> list[Node]:
    """Up to `most` operations that lead to `start`, and those of it, nearest first."""
    found: dict[int, Node] = {}
    ring = [each for each in start if isinstance(each, Node)]
    for _ in range(_STEPS + 1):
        following: list[Node] = []
        for each in ring:
            if id(each) not in found and len(found) < most:
                found[id(each)] = each
                following += [source for source, _ in map(resolve, each.edges) if isinstance(source, Node)]
        ring = following
    return list(found.values())


def _ahead(node: Node, roots: Sequence[Any]) -> list[Node]:
    """Some operations that read `node`, and some that read those, of the graph behind `roots`."""
    readers: dict[int, list[Node]] = {}
    seen: dict[int, Node] = {}
    stack = [resolve(root)[0] for root in roots]
    while stack:
        each = stack.pop()
        # Whatever reads it is younger.
        if isinstance(each, Node) and id(each) not in seen and each.seq > node.seq:
            seen[id(each)] = each
            for source in dict.fromkeys(source for source, _ in map(resolve, each.edges) if isinstance(source, Node)):
                readers.setdefault(id(source), []).append(each)
                stack.append(source)
    found: dict[int, Node] = {}
    ring = [node]
    for _ in range(_STEPS):
        ring = [reader for each in ring for reader in sorted(readers.get(id(each), ()), key=lambda it: it.seq)]
        for each in ring[: _AHEAD - 1]:
            found.setdefault(id(each), each)
    return list(found.values())


class _Builder:
    """Makes nodes and edges out of some operations; `ids` maps the ``id()`` of what they stand for to them."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self.names = names
        self.ids: dict[int, int] = {}
        self.nodes: list[GraphNode] = []
        self.edges: list[GraphEdge] = []
        self.kinds: dict[str, str] = {}
        self.cut: set[int] = set()

    def add(self, nodes: Sequence[Node]) -> None:
        """Add `nodes`, and their inputs: leaves, and operations that are shown without theirs."""
        inside = {id(node) for node in nodes}
        border: dict[int, Node] = {}
        for node in nodes:
            for source, _ in map(resolve, node.edges):
                if isinstance(source, Node) and id(source) not in inside:
                    border[id(source)] = source
        for node in sorted([*nodes, *border.values()], key=lambda each: each.seq):
            op = getattr(node, "op", None)
            name = node.name().removesuffix("Backward0").removesuffix("Backward") if op is None else op.name
            edges = [(_slot(node, i), edge) for i, edge in enumerate(node.edges)] if id(node) in inside else []
            known = range_behind(node)
            outs = (node.meta or {}).get("ranges", ()) if known is not None else ()
            made = self.ids[id(node)] = self.operation(name, node.name(), outs, site_of(node), edges, node)
            if node.edges and id(node) not in inside:
                self.cut.add(made)

    def operation(
        self,
        name: str,
        title: str,
        outs: Sequence[ValueRange],
        site: CallSite | None,
        edges: Sequence[tuple[str, Any]],
        node: Any = None,
    ) -> int:
        """Add an operation that reads `edges`, by slot; of results that are on the tape, those that were added."""
        sources = []
        for slot, edge in edges:
            source, port = resolve(edge)
            number = self.leaf(source) if isinstance(source, Tensor) else self.ids.get(id(source))
            if number is not None:
                sources.append((number, port, slot))
        shape = tuple(node.shape) if node is not None else outs[0].shape if outs else ()
        dtype = str(np.dtype(node.dtype)) if node is not None else outs[0].dtype if outs else "float32"
        made = GraphNode(len(self.nodes), "op", name, shape, dtype, math.prod(shape) * np.dtype(dtype).itemsize)
        made.title, made.seq = title, 0 if node is None else node.seq
        if len(outs) > 1:
            made.outputs = [(each.shape, each.dtype) for each in outs]
        if outs:
            made.value = _statistics(outs[0])
        if site is not None:
            made.site = "{}:{} ({})".format(*site.stack[0])
            made.module = site.module or None
            self.kinds[site.module] = site.kind
        self.nodes.append(made)
        self.edges += [GraphEdge(source, made.id, port, slot) for source, port, slot in sources]
        return made.id

    def leaf(self, t: Tensor) -> int:
        """Add a leaf, once."""
        if id(t) not in self.ids:
            name = self.names.get(id(t), "")
            kind = "parameter" if name else "leaf"
            found = range_of(t._array)
            made = GraphNode(len(self.nodes), kind, name, found.shape, found.dtype, t._array.nbytes)
            made.value, made.parameters = _statistics(found), t._array.size if name else 0
            self.ids[id(t)] = made.id
            self.nodes.append(made)
        return self.ids[id(t)]

    def graph(self, center: int) -> Neighbourhood:
        """What was added; operations in the same module that ran in a row are one call of it."""
        calls: list[GraphCall] = []
        operations = [node for node in self.nodes if node.kind == "op"]
        before: str | None = None
        for number, node in enumerate(operations):
            node.forward, node.backward = number + 1, len(operations) - number
            if node.module is not None:
                if node.module != before:
                    calls.append(GraphCall(node.module, -1, 1 + sum(each.path == node.module for each in calls)))
                node.call = len(calls) - 1
            before = node.module
        modules = [GraphModule(path, kind) for path, kind in sorted(self.kinds.items()) if path]
        return Neighbourhood(self.nodes, self.edges, modules, [(center, 0)], True, calls, center, frozenset(self.cut))


class _Text(Tree):
    """The tree from everything that nothing reads, with ranges, and a mark at the center."""

    def __init__(self, graph: Neighbourhood) -> None:
        super().__init__(graph, _ends(graph))
        self.center, self.cut = graph.center, graph.cut

    def _op_text(self, node: GraphNode, referred: bool) -> str:
        text = super()._op_text(node, referred) + _numbers(node)
        text += "  ..." if node.id in self.cut else ""
        return f"{text}  <--" if node.id == self.center else text

    def _leaf_text(self, number: int) -> str:
        seen = number in self.leaves_seen
        return super()._leaf_text(number) + ("" if seen else _numbers(self.nodes[number]))


def _ends(graph: Graph) -> list[int]:
    read = {edge.source for edge in graph.edges}
    return [node.id for node in reversed(graph.nodes) if node.id not in read]


def _numbers(node: GraphNode) -> str:
    found = [(name, each) for name, each in (("value", node.value), ("grad", node.gradient)) if each is not None]
    return "".join(f"  {name} {_short(each)}" for name, each in found)


def _short(found: Statistics) -> str:
    parts = []
    if found.minimum is not None and found.maximum is not None:
        same = found.minimum == found.maximum
        parts.append(f"{found.minimum:.3g}" + ("" if same else f" to {found.maximum:.3g}"))
    parts += [f"{n:,} {what}" for n, what in ((found.nans, "NaN"), (found.infinities, "inf")) if n]
    return ", ".join(parts) or "empty"


def _slot(node: Any, number: int) -> str:
    plan = getattr(node, "plan", None)
    if plan is None:
        return ""
    position = plan.positions[number]
    return f"{node.op.inputs[0]}[{position}]" if node.op.variadic else str(node.op.inputs[position])


def _statistics(found: ValueRange) -> Statistics:
    count = math.prod(found.shape)
    return Statistics(count, found.minimum, found.maximum, nans=found.nans, infinities=found.infinities)
