"""Guessing modules from the names of parameters, for graphs that were not recorded."""

from __future__ import annotations

from functools import reduce

from tinygrad5329.graph.model import Graph

__all__ = ["infer_modules"]


def infer_modules(graph: Graph) -> None:
    """Set the module of each operation of `graph` from the parameters that it reads.

    An operation that reads ``layers.0.weight`` belongs to ``layers.0``. One that reads no parameter
    belongs to the module that encloses both what comes before and what comes after it; if either side has
    none (data preparation, the loss), it is outside of the model.
    """
    nodes = graph.nodes
    own: list[tuple[str, ...] | None] = [None] * len(nodes)
    for edge in graph.edges:
        source = nodes[edge.source]
        if source.kind == "parameter":
            own[edge.target] = _common(own[edge.target], _owner(source.name))
    before, after = list(own), list(own)
    for edge in graph.edges:
        # Edges are in the order of their targets, so `before` of a source is final when it is read.
        if own[edge.target] is None:
            before[edge.target] = _common(before[edge.target], before[edge.source])
    for edge in reversed(graph.edges):
        if own[edge.source] is None:
            after[edge.source] = _common(after[edge.source], after[edge.target])
    for node in nodes:
        if node.kind != "op":
            continue
        path = own[node.id]
        if path is None and before[node.id] is not None and after[node.id] is not None:
            path = _common(before[node.id], after[node.id])
        node.module = None if path is None else ".".join(path)


def _owner(name: str) -> tuple[str, ...]:
    return tuple(name.split(".")[:-1])


def _common(*paths: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The innermost module that holds all of `paths`; None counts for nothing."""
    known = [path for path in paths if path is not None]
    return reduce(_prefix, known) if known else None


def _prefix(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return a[:n]
