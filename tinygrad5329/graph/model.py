"""The data of a captured graph: plain values, without the tape and without any renderer."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Graph", "GraphEdge", "GraphModule", "GraphNode"]


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
        When the operation ran; 0 for leaves.
    module : str or None
        Path of the module that the operation ran in, or that owns the parameter; ``""`` is the model
        itself, None is outside of it.
    outputs : list
        Shape and dtype of each output, where there are several.
    aliases : list of str
        Other names of a shared parameter.
    operations, parameters : int
        What a folded module holds: operations, and numbers in its parameters.
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
class Graph:
    """A captured graph.

    `nodes` are in an order in which whatever is read comes before its reader. `outputs` are the nodes (with
    output numbers) that :func:`~tinygrad5329.graph.capture` was given. `recorded` says whether module paths
    were noted while the operations ran, or inferred from the names of parameters.
    """

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    modules: list[GraphModule]
    outputs: list[tuple[int, int]]
    recorded: bool = False

    def class_of(self, path: str) -> str:
        """The class of the module at `path`; empty if it is not known."""
        return next((module.class_name for module in self.modules if module.path == path), "")

    def to_dict(self) -> dict[str, Any]:
        """Dictionaries, lists, tuples, numbers and strings only."""
        # Not dataclasses.asdict, which copies every value deeply: eight times slower on large graphs.
        return {
            "nodes": [{name: getattr(node, name) for name in GraphNode.__slots__} for node in self.nodes],
            "edges": [{name: getattr(edge, name) for name in GraphEdge.__slots__} for edge in self.edges],
            "modules": [asdict(module) for module in self.modules],
            "outputs": self.outputs,
            "recorded": self.recorded,
        }

    def to_json(self, indent: int | None = None) -> str:
        """The graph as JSON text; :meth:`from_json` reads it back."""
        return json.dumps(self.to_dict(), indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Graph:
        """The graph that :meth:`to_json` wrote."""
        data = json.loads(text)
        nodes = [
            GraphNode(
                **{
                    **node,
                    "shape": tuple(node["shape"]),
                    "outputs": [(tuple(shape), dtype) for shape, dtype in node["outputs"]],
                }
            )
            for node in data["nodes"]
        ]
        return cls(
            nodes=nodes,
            edges=[GraphEdge(**edge) for edge in data["edges"]],
            modules=[GraphModule(**module) for module in data["modules"]],
            outputs=[(node, port) for node, port in data["outputs"]],
            recorded=data["recorded"],
        )
