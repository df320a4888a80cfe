"""The data of a captured graph: plain values, without the tape and without any renderer."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tinygrad5329.graph.statistics import Statistics

__all__ = ["Graph", "GraphCall", "GraphEdge", "GraphModule", "GraphNode", "GraphSaved"]


@dataclass(slots=True)
class GraphSaved:
    """A value that an operation keeps for its backward pass.

    Attributes
    ----------
    name : str
        What the operation calls it: an input, ``out``, or ``aux``.
    shape, dtype, bytes
        Of the memory that it keeps alive, which for a view is that of its base.
    source : int
        The node that made it; -1 where that is not on the tape.
    buffer : int
        Values with the same number share their memory; -1 if it belongs to a leaf, which lives anyway.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    source: int = -1
    buffer: int = -1


@dataclass(slots=True)
class GraphNode:
    """An operation, a leaf that operations read, or a folded module.

    Attributes
    ----------
    id : int
        Position in :attr:`Graph.nodes`.
    kind : str
        ``"op"``, ``"parameter"``, ``"input"``, ``"leaf"`` (a tensor without a name) or ``"module"`` (what
        :func:`~tinygrad5329.graph.fold` makes of a module).
    name : str
        The operation (``batch_norm``), or the name of the parameter or input; empty for other leaves.
    shape, dtype, bytes
        Of the output; of the first one where there are several, with `bytes` their sum.
    title : str
        The name of the operation's node as PyTorch writes it (``MulBackward0``); a folded module's class.
    seq : int
        The tape's number of the operation; 0 for leaves.
    module : str or None
        Path of the module that the operation ran in, or that owns the parameter; ``""`` is the model
        itself, None is outside of it.
    outputs : list
        Shape and dtype of each output, where there are several.
    aliases : list of str
        Other names of a shared parameter.
    operations, parameters : int
        What a folded module holds: operations, and numbers in its parameters.
    label : str
        What the caller named the result of an operation.
    call : int
        Position in :attr:`Graph.calls` of the innermost module call that it is part of; -1 for none.
    phase : str
        ``"backward"`` if a backward pass ran it that was itself recorded (``create_graph=True``) where that
        was noted; otherwise empty.
    forward, backward : int
        When it ran in this graph, from 1, and when its gradient rule does; 0 for what does not run. A leaf's
        `backward` is that of the operation which completes its gradient.
    site : str
        ``file:line (function)`` of the user's code that ran it, where that was recorded.
    value, gradient : Statistics or None
        Of the output and of its gradient, where they were asked for.
    saved : list of GraphSaved
        What it keeps for the backward pass; empty once that has freed it.
    forward_seconds, backward_seconds : float or None
        Measured times, where they were profiled.
    forward_bytes, backward_bytes : int or None
        Memory that it and its gradient rule allocated, where that was profiled.
    """

    id: int
    kind: str
    name: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    title: str = ""
    seq: int = 0
    module: str | None = None
    outputs: list[tuple[tuple[int, ...], str]] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    operations: int = 0
    parameters: int = 0
    label: str = ""
    call: int = -1
    phase: str = ""
    forward: int = 0
    backward: int = 0
    site: str = ""
    value: Statistics | None = None
    gradient: Statistics | None = None
    saved: list[GraphSaved] = field(default_factory=list)
    forward_seconds: float | None = None
    backward_seconds: float | None = None
    forward_bytes: int | None = None
    backward_bytes: int | None = None


@dataclass(slots=True)
class GraphEdge:
    """That a node reads what another one made.

    `port` is which output of `source` is read, `slot` the name of the input of `target` that reads it. An
    edge is `differentiable` if a gradient flows back over it.
    """

    source: int
    target: int
    port: int = 0
    slot: str = ""
    differentiable: bool = True


@dataclass(slots=True)
class GraphModule:
    """A module that operations ran in, or that owns a parameter: its path, and its class where known."""

    path: str
    class_name: str = ""


@dataclass(slots=True)
class GraphCall:
    """One call of a module: the operations that ran in it, and the calls that it made.

    Attributes
    ----------
    path : str
        Of the module.
    parent : int
        The call around it, by its position in :attr:`Graph.calls`, which is lower; -1 for none.
    number : int
        Which call of the module it is, from 1.
    phase : str
        As for :class:`GraphNode`.
    repeat : int
        How many calls of equal modules in a row it stands for; see :func:`~tinygrad5329.graph.fold`.
    last : str
        The path of the last of them.
    """

    path: str
    parent: int = -1
    number: int = 1
    phase: str = ""
    repeat: int = 1
    last: str = ""


@dataclass(slots=True)
class Graph:
    """A captured graph.

    `nodes` are in an order in which whatever is read comes before its reader. `outputs` are the nodes (with
    output numbers) that :func:`~tinygrad5329.graph.capture` was given. `calls` are the module calls, parents
    first. `recorded` says whether module paths were noted while the operations ran, or inferred from the
    names of parameters.
    """

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    modules: list[GraphModule]
    outputs: list[tuple[int, int]]
    recorded: bool = False
    calls: list[GraphCall] = field(default_factory=list)

    def class_of(self, path: str) -> str:
        """The class of the module at `path`; empty if it is not known."""
        return next((module.class_name for module in self.modules if module.path == path), "")

    def to_dict(self) -> dict[str, Any]:
        """Dictionaries, lists, tuples, numbers and strings only; what has its default is left out."""
        return {
            "schema": 1,
            "nodes": [_plain(node, _NODE) for node in self.nodes],
            "edges": [_plain(edge, _EDGE) for edge in self.edges],
            "modules": [asdict(module) for module in self.modules],
            "calls": [_plain(call, _CALL) for call in self.calls],
            "outputs": self.outputs,
            "recorded": self.recorded,
        }

    def to_json(self, indent: int | None = None) -> str:
        """The graph as JSON text; :meth:`from_json` reads it back."""
        separators = (",", ":") if indent is None else None
        return json.dumps(self.to_dict(), indent=indent, separators=separators)

    @classmethod
    def from_json(cls, text: str) -> Graph:
        """The graph that :meth:`to_json` wrote.

        Raises
        ------
        ValueError
            If the text is of something else, or of a version of this format that is not known.
        """
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("schema") != 1:
            found = data.get("schema") if isinstance(data, dict) else type(data).__name__
            raise ValueError(
                f'Graph.from_json: expected what Graph.to_json wrote, with "schema": 1, got {found!r}; '
                "write it again with capture(...).to_json()"
            )
        return cls(
            nodes=[_node(each) for each in data["nodes"]],
            edges=[GraphEdge(**edge) for edge in data["edges"]],
            modules=[GraphModule(**module) for module in data["modules"]],
            outputs=[(node, port) for node, port in data["outputs"]],
            recorded=data["recorded"],
            calls=[GraphCall(**call) for call in data["calls"]],
        )


def _defaults(kind: Any) -> list[tuple[str, Any]]:
    """The fields of a class with their defaults; lists, which are made anew, as ``[]``."""
    return [(each.name, each.default if not callable(each.default_factory) else []) for each in fields(kind)]


_NODE, _EDGE, _CALL, _SAVED = map(_defaults, (GraphNode, GraphEdge, GraphCall, GraphSaved))


def _plain(item: Any, wanted: list[tuple[str, Any]]) -> dict[str, Any]:
    # Not dataclasses.asdict, which copies every value deeply: eight times slower on large graphs.
    made = {name: value for name, default in wanted if (value := getattr(item, name)) != default}
    if "saved" in made:
        made["saved"] = [_plain(each, _SAVED) for each in made["saved"]]
    for name in ("value", "gradient"):
        if name in made:
            made[name] = made[name].to_dict()
    return made


def _node(data: dict[str, Any]) -> GraphNode:
    data["shape"] = tuple(data["shape"])
    if "outputs" in data:
        data["outputs"] = [(tuple(shape), dtype) for shape, dtype in data["outputs"]]
    if "saved" in data:
        data["saved"] = [GraphSaved(**{**each, "shape": tuple(each["shape"])}) for each in data["saved"]]
    for name in ("value", "gradient"):
        if name in data:
            data[name] = Statistics(**data[name])
    return GraphNode(**data)
