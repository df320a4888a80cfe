"""From the tape to the nodes and edges of a :class:`Graph`."""

from __future__ import annotations

import contextlib
import functools
import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad5329.autograd.function import FunctionNode
from tinygrad5329.graph.model import Graph, GraphEdge, GraphNode, GraphSaved
from tinygrad5329.graph.statistics import statistics_of
from tinygrad5329.tape import Node, Port
from tinygrad5329.tensor import Tensor

__all__ = ["Reader", "resolve"]


class Reader:
    """Reads one graph. `ids` maps the ``id()`` of nodes and leaves to their numbers in it."""

    def __init__(self, params: dict[str, Tensor], inputs: dict[str, Tensor], values: bool) -> None:
        self.names: dict[int, tuple[str, list[str]]] = {}
        # Saved values are arrays: what needs no gradient (inputs, frozen parameters) is found by its array.
        self.arrays: dict[int, Tensor] = {}
        self.labels: dict[int, str] = {}
        self.inputs: dict[str, Tensor] = {}
        self.values = values
        for kind, named in (("parameter", params), ("input", inputs)):
            for name, t in named.items():
                if t.grad_fn is not None:
                    self.labels[id(t.grad_fn)] = name
                    continue
                self.names.setdefault(id(t), (kind, []))[1].append(name)
                self.arrays[id(t._array)] = t
                if kind == "input":
                    self.inputs[name] = t
        self.ids: dict[int, int] = {}
        self.operations: list[Node] = []
        self.leaves: list[Tensor] = []
        self.nodes: list[GraphNode] = []
        self.edges: list[GraphEdge] = []
        self._buffers: dict[int, int] = {}
        self._saved: list[tuple[GraphNode, Any, Any]] = []

    def read(self, roots: list[Node | Port]) -> Graph:
        """The graph that ends at `roots`."""
        self.operations = _reachable(roots)
        for number, node in enumerate(self.operations, 1):
            self._op(node, number)
        self._warn_of_missing_inputs()
        for made, node, plan in self._saved:
            made.saved = self._kept(node, plan)
        outputs = []
        for root in roots:
            source, port = resolve(root)
            outputs.append((self.ids[id(source)], port))
        self._number_backward()
        return Graph(self.nodes, self.edges, [], list(dict.fromkeys(outputs)))

    def _op(self, node: Node, number: int) -> None:
        op = getattr(node, "op", None)
        plan = getattr(node, "plan", None)
        sources = [resolve(edge) for edge in node.edges]
        edges = []
        for position, (source, port) in enumerate(sources):
            slot = "" if plan is None else _slot(op, plan.positions[position])
            edges.append((self._leaf(source) if isinstance(source, Tensor) else self.ids[id(source)], port, slot, True))
        kept = plan is not None and type(node.saved) is tuple
        if kept and self.arrays:
            edges += [(self._leaf(t), 0, _slot(op, i), False) for i, t in self._constants(node, plan)]
        name = node.name().removesuffix("Backward0").removesuffix("Backward") if op is None else op.name
        specs = getattr(node, "specs", None)
        outputs = [(tuple(shape), _dtype_name(dtype)) for shape, dtype in specs or ()]
        meta = node.meta or {}
        made = GraphNode(
            id=0,
            kind="op",
            name=name,
            shape=tuple(node.shape),
            dtype=_dtype_name(node.dtype),
            bytes=sum(_bytes(*each) for each in outputs or [(node.shape, node.dtype)]),
            title=node.name(),
            seq=node.seq,
            outputs=outputs,
            forward=number,
            label=self.labels.get(id(node), ""),
        )
        if meta:
            made.module = meta.get("module")
            made.phase = meta.get("phase", "")
            if "site" in meta:
                made.site = meta["site"] if isinstance(meta["site"], str) else _site(*meta["site"])
            # A Function of the user's runs others inside, and may carry what the last of them noted.
            if self.values and op is meta.get("op", op) is not None:
                made.value = meta.get("value")
        target = self._add(id(node), made)
        self.edges += [GraphEdge(source, target, port, slot, flows) for source, port, slot, flows in edges]
        if kept or (isinstance(node, FunctionNode) and node.saved):
            self._saved.append((made, node, plan))

    def _leaf(self, t: Tensor) -> int:
        if id(t) in self.ids:
            return self.ids[id(t)]
        kind, names = self.names.get(id(t), ("leaf", [""]))
        name, *aliases = names
        array = t._array
        self.leaves.append(t)
        self._buffers[id(_base(array))] = -1
        made = GraphNode(
            id=0,
            kind=kind,
            name=name,
            shape=array.shape,
            dtype=_dtype_name(array.dtype),
            bytes=array.nbytes,
            aliases=aliases,
            parameters=array.size if kind == "parameter" else 0,
            value=statistics_of(array) if self.values else None,
        )
        return self._add(id(t), made)

    def _add(self, key: int, node: GraphNode) -> int:
        node.id = self.ids[key] = len(self.nodes)
        self.nodes.append(node)
        return node.id

    def _constants(self, node: Any, plan: Any) -> list[tuple[int, Tensor]]:
        """The named tensors that `node` saved but has no edge to, with the positions they were given at."""
        found = []
        for kind, value in zip(plan.kinds, node.saved, strict=True):
            values = enumerate(value) if kind == "all" else [(kind, value)] if isinstance(kind, int) else ()
            for position, array in values:
                if position in plan.positions or not isinstance(array, np.ndarray):
                    continue
                t = self.arrays.get(id(array), self.arrays.get(id(array.base)))
                if t is not None:
                    found.append((position, t))
        return found

    def _kept(self, node: Any, plan: Any) -> list[GraphSaved]:
        """What `node` keeps, with the node that made each value."""
        found = []
        # A Function of the user's keeps pairs: the number of an output, or None, and an array or a tensor.
        pairs = node.saved if plan is None else zip(plan.kinds, node.saved, strict=True)
        for kind, value in pairs:
            if plan is None:
                kind, value = "out" if kind is not None else "saved", getattr(value, "_array", value)
            if kind is None:
                continue
            for position, array in _arrays(kind, value):
                source = -1
                if kind in ("out", "outs"):
                    source = self.ids[id(node)]
                elif position is not None and position in plan.positions:
                    source = self.ids[id(resolve(node.edges[plan.positions.index(position)])[0])]
                name = str(kind) if position is None else _slot(node.op, position)
                base = _base(array)
                buffer = self._buffers.setdefault(id(base), len(self._buffers))
                dtype = _dtype_name(array.dtype)
                found.append(GraphSaved(name, array.shape, dtype, base.nbytes, source, buffer))
        return found

    def _number_backward(self) -> None:
        """The walk goes from the newest operation to the oldest: its order is the reverse of the forward one."""
        count = len(self.operations)
        for node in self.nodes:
            if node.forward:
                node.backward = count + 1 - node.forward
        for edge in self.edges:
            if edge.differentiable and not self.nodes[edge.source].forward:
                leaf = self.nodes[edge.source]
                leaf.backward = max(leaf.backward, self.nodes[edge.target].backward)

    def _warn_of_missing_inputs(self) -> None:
        missing = [name for name, t in self.inputs.items() if id(t) not in self.ids]
        if missing:
            warnings.warn(
                f"graph: no operation is known to read the input {', '.join(map(repr, missing))}, so "
                "the graph does not show it: an input that needs no gradient is found among the values saved "
                "for backward(); capture the graph before backward(), or call requires_grad_() on the input "
                "before the forward pass",
                stacklevel=6,
            )


def _reachable(roots: list[Node | Port]) -> list[Node]:
    """All operations behind `roots`, in the order in which they ran."""
    seen: dict[int, Node] = {}
    stack = [source for source, _ in map(resolve, roots)]
    while stack:
        node = stack.pop()
        if isinstance(node, Node) and id(node) not in seen:
            seen[id(node)] = node
            stack.extend(resolve(edge)[0] for edge in node.edges)
    return sorted(seen.values(), key=lambda node: node.seq)


def resolve(edge: Any) -> tuple[Any, int]:
    """What an edge leads to, an operation or a leaf, and which output of it."""
    if type(edge) is Port:
        return edge.node, edge.index
    # A negative number marks the stand-in for a leaf whose data was replaced; show the leaf.
    while isinstance(edge, Node) and edge.seq < 0:
        edge = edge.edges[0]
    return edge, 0


def _arrays(kind: Any, value: Any) -> list[tuple[int | None, Any]]:
    """The arrays of one saved value, with the positions of those that are inputs."""
    pairs: Iterable[tuple[int | None, Any]]
    if isinstance(kind, int):
        pairs = [(kind, value)]
    elif kind == "all":
        pairs = enumerate(value)
    else:
        parts = value if isinstance(value, (tuple, list)) else (value,)
        pairs = ((None, part) for part in parts)
    return [(position, array) for position, array in pairs if isinstance(array, (np.ndarray, np.generic))]


def _base(array: Any) -> Any:
    base = getattr(array, "base", None)
    return base if isinstance(base, np.ndarray) else array


def _slot(op: Any, position: int) -> str:
    return f"{op.inputs[0]}[{position}]" if op.variadic else str(op.inputs[position])


@functools.cache
def _site(file: str, line: int, function: str) -> str:
    """A line of code in words; files below the working folder by their path from there."""
    with contextlib.suppress(ValueError, OSError):
        file = str(Path(file).relative_to(Path.cwd()))
    return f"{file}:{line} ({function})"


@functools.cache
def _dtype_name(dtype: Any) -> str:
    return str(np.dtype(dtype))


def _bytes(shape: Iterable[int], dtype: Any) -> int:
    return math.prod(shape) * np.dtype(dtype).itemsize
