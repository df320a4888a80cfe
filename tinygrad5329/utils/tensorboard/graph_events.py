"""The graph of a model as TensorBoard shows graphs: nodes in the scopes of their modules."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import Any

from tinygrad5329.graph import Graph, capture

__all__ = ["graph_event"]


def graph_event(model: Any, inputs: Any, protos: str) -> Any:
    """An event with the graph of `model` called with `inputs`, made of the messages in the package `protos`."""
    messages = {name: import_module(f"{protos}.{name}_pb2") for name in ("event", "graph", "node_def", "versions")}
    graph = capture(model, inputs=inputs)
    names = _names(graph, type(model).__name__)
    reads: list[list[str]] = [[] for _ in graph.nodes]
    for edge in graph.edges:
        reads[edge.target].append(names[edge.source] + (f":{edge.port}" if edge.port else ""))
    nodes = []
    for node in graph.nodes:
        made = messages["node_def"].NodeDef(name=names[node.id], op=node.title or node.kind, input=reads[node.id])
        shape = made.attr["_output_shapes"].list.shape.add()
        for size in node.shape:
            shape.dim.add(size=size)
        made.attr["dtype"].s = node.dtype.encode()
        nodes.append(made)
    definition = messages["graph"].GraphDef(node=nodes, versions=messages["versions"].VersionDef(producer=22))
    return messages["event"].Event(graph_def=definition.SerializeToString())


def _names(graph: Graph, model: str) -> list[str]:
    """A unique name for each node: the path of its module with slashes, below the name of the model."""
    used: Counter[str] = Counter()
    names = []
    for node in graph.nodes:
        path = (node.module or "").split(".") if node.module else []
        own = node.name.rpartition(".")[2] if node.kind == "parameter" else node.name or node.kind
        inside = [model, *path] if node.module is not None else []
        name = "/".join([*inside, own])
        used[name] += 1
        names.append(name if used[name] == 1 else f"{name}_{used[name] - 1}")
    return names
