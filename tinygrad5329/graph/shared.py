"""Parameters that the same operations share, such as the weights of an unrolled recurrent cell."""

from __future__ import annotations

from dataclasses import replace

from tinygrad5329.graph.model import Graph, GraphEdge, GraphNode

__all__ = ["join_shared"]


def join_shared(graph: Graph) -> Graph:
    """`graph` with one node for parameters of one module that the same operations, at least two, read.

    Its `outputs` are the shapes and dtypes of the parameters, and its `aliases` their names within the module.
    """
    readers: dict[int, set[int]] = {}
    for edge in graph.edges:
        if graph.nodes[edge.source].kind == "parameter":
            readers.setdefault(edge.source, set()).add(edge.target)
    groups: dict[tuple[str, frozenset[int]], list[GraphNode]] = {}
    for leaf, targets in readers.items():
        owner = graph.nodes[leaf].name.rpartition(".")[0]
        if len(targets) > 1 and owner:
            groups.setdefault((owner, frozenset(targets)), []).append(graph.nodes[leaf])
    joined = {node.id: nodes[0] for nodes in groups.values() if len(nodes) > 1 for node in nodes}
    if not joined:
        return graph
    made = {nodes[0].id: _joined(owner, nodes) for (owner, _), nodes in groups.items() if len(nodes) > 1}
    keep = [made.get(node.id, node) for node in graph.nodes if node.id not in joined or node.id in made]
    number = {node.id: position for position, node in enumerate(keep)}

    def place(node: int) -> int:
        return number[joined[node].id if node in joined else node]

    edges: dict[tuple[int, int, int, str], GraphEdge] = {}
    for edge in graph.edges:
        inside = edge.source in joined
        moved = replace(edge, source=place(edge.source), target=place(edge.target), slot="" if inside else edge.slot)
        key = (moved.source, moved.target, moved.port, moved.slot if not inside else "joined")
        edges.setdefault(key, moved).differentiable |= edge.differentiable
    nodes = []
    for node in keep:
        saved = [each if each.source < 0 else replace(each, source=place(each.source)) for each in node.saved]
        nodes.append(replace(node, id=number[node.id], saved=saved))
    outputs = [(place(node), port) for node, port in graph.outputs]
    return Graph(nodes, list(edges.values()), graph.modules, outputs, graph.recorded, graph.calls)


def _joined(owner: str, nodes: list[GraphNode]) -> GraphNode:
    first = nodes[0]
    return GraphNode(
        first.id,
        "parameter",
        f"{owner}: shared parameters",
        first.shape,
        first.dtype,
        sum(node.bytes for node in nodes),
        module=first.module,
        outputs=[(node.shape, node.dtype) for node in nodes],
        aliases=[node.name[len(owner) + 1 :] for node in nodes],
        parameters=sum(node.parameters for node in nodes),
        backward=max(node.backward for node in nodes),
    )
