"""``fold``: a smaller graph in which modules from some depth on are one node each."""

from __future__ import annotations

from tinygrad5329.graph.calls import Call, CallTree
from tinygrad5329.graph.model import Graph, GraphEdge, GraphNode

__all__ = ["fold"]


def fold(graph: Graph, depth: int) -> Graph:
    """Make one node of each call of a module that is `depth` or more levels down.

    Parameters
    ----------
    graph : Graph
    depth : int
        0 folds the whole model, 1 its children, and so on.

    Returns
    -------
    Graph
        A new graph. Parameters that only one folded module reads are inside of it.

    Raises
    ------
    ValueError
        If `depth` is negative or no integer.
    """
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 0:
        raise ValueError(f"graph: depth: expected an integer of at least 0, got {depth!r}")
    tree = CallTree(graph)
    group: dict[int, Call] = {}
    for node in graph.nodes:
        call = tree.home.get(node.id)
        outermost = None
        while call is not None:
            if call.level >= depth and call.path is not None:
                outermost = call
            call = call.parent
        if outermost is not None:
            group[node.id] = outermost

    folded = Graph([], [], graph.modules, [], graph.recorded, graph.calls)
    number: dict[int | Call, int] = {}
    # Leaves first: a folded module may read one that its first operation did not. A module takes the
    # place of its first operation; calls are intervals, so the order stays topological.
    for node in sorted(graph.nodes, key=lambda node: node.kind == "op"):
        key = group.get(node.id, node.id)
        if isinstance(key, Call) and node.kind != "op":
            continue
        if key not in number:
            number[key] = len(folded.nodes)
            folded.nodes.append(_start(graph, key, node, number[key]))
        if isinstance(key, Call):
            folded.nodes[number[key]].operations += _times(tree.home[node.id], key)
    for node in graph.nodes:
        call = group.get(node.id)
        if call is not None and node.kind == "parameter":
            folded.nodes[number[call]].parameters += node.parameters * _times(tree.home[node.id], call)

    edges: dict[tuple[int, int, int], GraphEdge] = {}
    leaving = {node for node, _ in graph.outputs}
    for edge in graph.edges:
        a, b = group.get(edge.source, edge.source), group.get(edge.target, edge.target)
        if a is b or a == b:
            continue
        leaving.add(edge.source)
        port = 0 if isinstance(a, Call) else edge.port
        slot = "" if isinstance(b, Call) else edge.slot
        # Edges into a folded module are one for each value that it reads.
        place = (number[a], number[b], port if isinstance(b, Call) else -len(edges) - 1)
        if place in edges:
            edges[place].differentiable |= edge.differentiable
        else:
            edges[place] = GraphEdge(number[a], number[b], port, slot, edge.differentiable)
    # CallTree and the layouts rely on edges that stand in the order of their targets.
    folded.edges = sorted(edges.values(), key=lambda edge: edge.target)
    for node in graph.nodes:
        call = group.get(node.id)
        if call is not None and node.id in leaving and node.kind == "op":
            made = folded.nodes[number[call]]
            made.shape, made.dtype, made.bytes = node.shape, node.dtype, node.bytes
    outputs = [(number[group.get(node, node)], 0 if node in group else port) for node, port in graph.outputs]
    folded.outputs = list(dict.fromkeys(outputs))
    return folded


def _times(call: Call, outermost: Call) -> int:
    """How often what stands in `call` is there in `outermost`, in equal modules that are drawn once."""
    times = call.repeat
    while call is not outermost:
        assert call.parent is not None
        call = call.parent
        times *= call.repeat
    return times


def _start(graph: Graph, key: int | Call, node: GraphNode, number: int) -> GraphNode:
    if isinstance(key, int):
        copy = GraphNode(**{name: getattr(node, name) for name in GraphNode.__slots__})
        copy.id = number
        return copy
    assert key.path is not None
    name, title = key.path, graph.class_of(key.path)
    if key.repeat > 1:
        name = key.path if key.last == key.path else f"{key.path} to {key.last}"
        title = f"{title or key.path} × {key.repeat}"
    return GraphNode(
        number,
        "module",
        name,
        node.shape,
        node.dtype,
        node.bytes,
        title,
        node.seq,
        key.path,
        call=graph.calls[key.index].parent,
        phase=key.phase,
        forward=node.forward,
    )
