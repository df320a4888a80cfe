"""Equal module calls in a row, such as the blocks of a transformer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tinygrad5329.graph.calls import Call, CallTree
from tinygrad5329.graph.model import Graph, GraphEdge, GraphSaved

__all__ = ["equal_calls", "join_repeats"]


def equal_calls(tree: CallTree) -> list[list[Call]]:
    """Runs of sibling calls, without an operation in between, that do the same; outer runs before inner ones.

    Calls do the same if their modules have the same class, and their operations have the same names, shapes and
    dtypes and read each other, and parameters of the same names and shapes, in the same way. What they read from
    outside is not compared: the first block may read an input, to which the tape has no edge.
    """
    shapes = _Shapes(tree)
    runs: list[list[Call]] = []
    for call in tree.calls():
        run: list[Call] = []
        for member in call.members:
            if isinstance(member, Call):
                if run and shapes.of(run[-1]) == shapes.of(member):
                    run.append(member)
                    continue
            elif not shapes.is_operation(member):
                continue
            if len(run) > 1:
                runs.append(run)
            run = [member] if isinstance(member, Call) else []
        if len(run) > 1:
            runs.append(run)
    return runs


class _Shapes:
    """What a call does, as something that can be compared."""

    def __init__(self, tree: CallTree) -> None:
        self.tree, self.graph = tree, tree.graph
        self.found: dict[Call, Any] = {}
        self.reads: dict[int, list[tuple[int, int, str]]] = {}
        for edge in self.graph.edges:
            self.reads.setdefault(edge.target, []).append((edge.source, edge.port, edge.slot))

    def is_operation(self, node: int) -> bool:
        return self.graph.nodes[node].kind in ("op", "module")

    def of(self, call: Call) -> Any:
        if call not in self.found:
            self.found[call] = self._describe(call)
        return self.found[call]

    def _describe(self, call: Call) -> Any:
        prefix = f"{call.path}." if call.path else ""
        inside: dict[int, int] = {}
        described: list[Any] = [self.graph.class_of(call.path or ""), call.phase, not prefix]
        for number in self._operations(call):
            node = self.graph.nodes[number]
            reads: list[Any] = []
            for source, port, slot in self.reads.get(number, ()):
                leaf = self.graph.nodes[source]
                if source in inside:
                    reads.append((inside[source], port, slot))
                elif leaf.kind == "parameter" and leaf.name.startswith(prefix):
                    reads.append((leaf.name[len(prefix) :], leaf.shape, slot))
            name = "" if node.module == call.path else (node.module or "").removeprefix(prefix)
            described.append((node.name if node.kind == "op" else name, node.shape, node.dtype, name, tuple(reads)))
            inside[number] = len(inside)
        return tuple(described)

    def _operations(self, call: Call) -> list[int]:
        found: list[int] = []
        stack: list[int | Call] = [call]
        while stack:
            member = stack.pop()
            if isinstance(member, Call):
                stack += reversed(member.members)
            elif self.is_operation(member):
                found.append(member)
        return found


def join_repeats(graph: Graph) -> Graph:
    """`graph` with equal calls in a row drawn once: the first stands for all, with ``repeat`` in its call.

    What the later ones read from outside goes to the first, and what is read of the last comes from it; edges from
    one to the next are left out. Statistics are those of the first.
    """
    tree = CallTree(graph)
    runs = equal_calls(tree)
    if not runs:
        return graph
    calls = list(graph.calls)
    stand_in: dict[int, int] = {}
    inside = _leaves_inside(tree)
    for first, *others in runs:
        own = _contents(tree, first, inside)
        if any(node in stand_in for node in own):
            continue
        calls[first.index] = replace(calls[first.index], repeat=1 + len(others), last=str(others[-1].path))
        for call in others:
            stand_in.update(zip(_contents(tree, call, inside), own, strict=False))
    keep = [node for node in graph.nodes if node.id not in stand_in]
    # Leaves first: one outside may be read by a later call only, whose place is now that of the first.
    keep.sort(key=lambda node: node.kind in ("op", "module"))
    number = {node.id: position for position, node in enumerate(keep)}

    def place(node: int) -> int:
        return number[stand_in.get(node, node)]

    edges: dict[tuple[int, int, int, str], GraphEdge] = {}
    for edge in graph.edges:
        source, target = place(edge.source), place(edge.target)
        if source < target:
            edges.setdefault(
                (source, target, edge.port, edge.slot),
                replace(edge, source=source, target=target),
            ).differentiable |= edge.differentiable
    nodes = [replace(node, id=number[node.id], saved=[_moved(saved, place) for saved in node.saved]) for node in keep]
    outputs = list(dict.fromkeys((place(node), port) for node, port in graph.outputs))
    ordered = sorted(edges.values(), key=lambda edge: edge.target)
    return Graph(nodes, ordered, graph.modules, outputs, graph.recorded, calls)


def _moved(saved: GraphSaved, place: Any) -> GraphSaved:
    return saved if saved.source < 0 else replace(saved, source=place(saved.source))


def _leaves_inside(tree: CallTree) -> dict[Call, list[int]]:
    """The leaves at home in each call itself."""
    found: dict[Call, list[int]] = {}
    for leaf, home in tree.home.items():
        if tree.graph.nodes[leaf].kind not in ("op", "module"):
            found.setdefault(home, []).append(leaf)
    return found


def _contents(tree: CallTree, call: Call, inside: dict[Call, list[int]]) -> list[int]:
    """The nodes of a call in an order that equal calls share."""

    def name(leaf: int) -> str:
        return tree.graph.nodes[leaf].name.removeprefix(f"{call.path}.")

    found: list[int] = []
    calls: list[Call] = [call]
    for each in calls:
        leaves = inside.get(each, [])
        found += [member for member in each.members if isinstance(member, int) and member not in leaves]
        found += sorted(leaves, key=name)
        calls += [member for member in each.members if isinstance(member, Call)]
    return found
