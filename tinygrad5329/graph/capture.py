"""``capture``: read the tape behind a tensor into a plain :class:`Graph`."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinygrad5329.graph.infer import infer_modules
from tinygrad5329.graph.model import Graph, GraphEdge, GraphModule, GraphNode
from tinygrad5329.tape import Node, Port
from tinygrad5329.tensor import Tensor

__all__ = ["capture"]

_FRAMEWORKS = ("torch", "jax", "jaxlib", "tensorflow", "mlx", "autograd")


def capture(output: Any, params: Any = None, inputs: Any = None) -> Graph:
    """Read the graph that leads to `output` from the tape.

    Works before and after ``backward()``, and on graphs of gradients (``create_graph=True``). Nothing is
    run and nothing is changed.

    Parameters
    ----------
    output : Tensor, or tuple, list or dict of Tensors
        Where the graph ends: a loss, or what a model returned.
    params : Module, dict of str to Tensor, or iterable of such pairs, optional
        The names of the parameters.
    inputs : Tensor, dict of str to Tensor, or iterable of such pairs, optional
        The names of the inputs. The tape has no edge to an input that needs no gradient; such an input is
        found among the values saved for the backward pass, so pass it before ``backward()`` frees them.

    Returns
    -------
    Graph

    Raises
    ------
    TypeError
        If `output` is no tensor of this package, or `params` or `inputs` name something else.
    RuntimeError
        If there is nothing on the tape behind `output`.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.ones(3, requires_grad=True)
    >>> graph = tg.graph.capture((w * 2).sum(), {"w": w})
    >>> [(node.kind, node.name, node.shape) for node in graph.nodes]
    [('parameter', 'w', (3,)), ('op', 'mul', (3,)), ('op', 'sum', ())]
    """
    roots = [_edge_behind(t) for t in _tensors(output)]
    reader = _Reader(_named(params, "params"), _named(inputs, "inputs"))
    graph = reader.read(roots)
    classes = reader.classes | _classes(params)
    graph.recorded = any(node.kind == "op" and node.module is not None for node in graph.nodes)
    if not graph.recorded:
        infer_modules(graph)
    for node in graph.nodes:
        if node.kind == "parameter":
            owner = node.name.rpartition(".")[0]
            node.module = owner if owner or "" in classes else None
    paths = {part for node in graph.nodes if node.module is not None for part in _ancestors(node.module)}
    graph.modules = [GraphModule(path, classes.get(path, "")) for path in sorted(paths) if path or "" in classes]
    return graph


class _Reader:
    """Builds the nodes of one graph."""

    def __init__(self, params: dict[str, Tensor], inputs: dict[str, Tensor]) -> None:
        self.names: dict[int, tuple[str, list[str]]] = {}
        # Saved values are arrays: what needs no gradient (inputs, frozen parameters) is found by its array.
        self.arrays: dict[int, Tensor] = {}
        self.inputs = inputs
        for kind, named in (("parameter", params), ("input", inputs)):
            for name, t in named.items():
                self.names.setdefault(id(t), (kind, []))[1].append(name)
                self.arrays[id(t._array)] = t
        self.ids: dict[int, int] = {}
        self.classes: dict[str, str] = {}
        self.nodes: list[GraphNode] = []
        self.edges: list[GraphEdge] = []

    def read(self, roots: list[Node | Port]) -> Graph:
        for node in _reachable(roots):
            self._op(node)
        self._warn_of_missing_inputs()
        outputs = []
        for root in roots:
            source, port = _resolve(root)
            outputs.append((self.ids[id(source)], port))
        return Graph(self.nodes, self.edges, [], list(dict.fromkeys(outputs)))

    def _op(self, node: Node) -> None:
        op = getattr(node, "op", None)
        plan = getattr(node, "plan", None)
        sources = [_resolve(edge) for edge in node.edges]
        edges = []
        for position, (source, port) in enumerate(sources):
            slot = "" if plan is None else _slot(op, plan.positions[position])
            edges.append((self._leaf(source) if isinstance(source, Tensor) else self.ids[id(source)], port, slot, True))
        if plan is not None and node.saved is not None and self.arrays:
            edges += [(self._leaf(t), 0, _slot(op, i), False) for i, t in self._constants(node, plan)]
        name = node.name().removesuffix("Backward0").removesuffix("Backward") if op is None else op.name
        specs = getattr(node, "specs", None)
        outputs = [(tuple(shape), _dtype_name(dtype)) for shape, dtype in specs or ()]
        meta = node.meta or {}
        self.classes.update(meta.get("classes", ()))
        number = self._add(
            id(node),
            GraphNode(
                id=0,
                kind="op",
                name=name,
                shape=tuple(node.shape),
                dtype=_dtype_name(node.dtype),
                bytes=sum(_bytes(*each) for each in outputs or [(node.shape, node.dtype)]),
                title=node.name(),
                seq=node.seq,
                module=meta.get("module"),
                outputs=outputs,
            ),
        )
        self.edges += [GraphEdge(source, number, port, slot, flows) for source, port, slot, flows in edges]

    def _leaf(self, t: Tensor) -> int:
        if id(t) in self.ids:
            return self.ids[id(t)]
        kind, names = self.names.get(id(t), ("leaf", [""]))
        name, *aliases = names
        array = t._array
        return self._add(
            id(t),
            GraphNode(
                id=0,
                kind=kind,
                name=name,
                shape=array.shape,
                dtype=_dtype_name(array.dtype),
                bytes=array.nbytes,
                aliases=aliases,
                parameters=array.size if kind == "parameter" else 0,
            ),
        )

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

    def _warn_of_missing_inputs(self) -> None:
        missing = [name for name, t in self.inputs.items() if id(t) not in self.ids]
        if missing:
            warnings.warn(
                f"graph: no operation is known to read the input {', '.join(map(repr, missing))}, so "
                "the graph does not show it: an input that needs no gradient is found among the values saved "
                "for backward(); capture the graph before backward(), or call requires_grad_() on the input "
                "before the forward pass",
                stacklevel=4,
            )


def _reachable(roots: list[Node | Port]) -> list[Node]:
    """All operations behind `roots`, in the order in which they ran."""
    seen: dict[int, Node] = {}
    stack = [source for source, _ in map(_resolve, roots)]
    while stack:
        node = stack.pop()
        if isinstance(node, Node) and id(node) not in seen:
            seen[id(node)] = node
            stack.extend(_resolve(edge)[0] for edge in node.edges)
    return sorted(seen.values(), key=lambda node: node.seq)


def _resolve(edge: Any) -> tuple[Any, int]:
    """What an edge leads to, an operation or a leaf, and which output of it."""
    if type(edge) is Port:
        return edge.node, edge.index
    # A negative number marks the stand-in for a leaf whose data was replaced; show the leaf.
    while isinstance(edge, Node) and edge.seq < 0:
        edge = edge.edges[0]
    return edge, 0


def _slot(op: Any, position: int) -> str:
    return f"{op.inputs[0]}[{position}]" if op.variadic else str(op.inputs[position])


@functools.cache
def _dtype_name(dtype: Any) -> str:
    return str(np.dtype(dtype))


def _bytes(shape: Iterable[int], dtype: Any) -> int:
    return math.prod(shape) * np.dtype(dtype).itemsize


def _ancestors(path: str) -> list[str]:
    parts = path.split(".") if path else []
    return [".".join(parts[:n]) for n in range(len(parts) + 1)]


def _classes(params: Any) -> dict[str, str]:
    if not hasattr(params, "named_modules"):
        return {}
    return {path: type(module).__name__ for path, module in params.named_modules(remove_duplicate=False)}


def _tensors(output: Any) -> list[Tensor]:
    values = list(output.values()) if isinstance(output, Mapping) else output
    values = list(values) if isinstance(values, (list, tuple)) else [values]
    if not values:
        raise TypeError("graph: expected a tensor, or a tuple, list or dict of tensors, got an empty one")
    for value in values:
        if not isinstance(value, Tensor):
            raise TypeError(_not_a_tensor(value))
    return values


def _not_a_tensor(value: Any) -> str:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, (int, float, complex, np.ndarray, np.generic)):
        remedy = "it has no history; pass the tensor it was taken from, before .item() or .numpy()"
    elif hasattr(value, "named_parameters"):
        remedy = "pass what the model returns: capture(model(x), params=model)"
    elif type(value).__module__.partition(".")[0] in (
        "torch",
        "jax",
        "jaxlib",
        "tensorflow",
        "mlx",
        "autograd",
    ):
        remedy = (
            "only graphs of tinygrad5329 can be read; compute it with tinygrad5329 tensors "
            "(tinygrad5329.tensor(...) makes one of an array)"
        )
    else:
        remedy = "pass a tensor, or a tuple, list or dict of tensors, such as the loss"
    return f"graph: expected a tinygrad5329 Tensor, got {kind}: {remedy}"


def _edge_behind(t: Tensor) -> Node | Port:
    node = t.grad_fn
    if node is not None:
        return t._node  # type: ignore[return-value]
    if t.requires_grad:
        raise RuntimeError(
            f"graph: nothing on the tape: the tensor of shape {tuple(t.shape)} is a leaf, which "
            "no operation made; pass what was computed from it, such as the loss"
        )
    raise RuntimeError(
        f"graph: nothing on the tape: the tensor of shape {tuple(t.shape)} does not require grad. It "
        "was computed under no_grad(), detached, or computed only from tensors without requires_grad; "
        "compute it again outside no_grad() from parameters, and pass it before detach()"
    )


def _named(given: Any, what: str) -> dict[str, Tensor]:
    """Names and tensors of any accepted form; a shared tensor appears under each of its names."""
    if given is None:
        return {}
    pairs: Any
    if isinstance(given, Tensor):
        if what == "params":
            raise TypeError("graph: params: got one tensor without a name; pass params={'w': w}")
        pairs = [("input", given)]
    elif hasattr(given, "named_parameters"):
        pairs = given.named_parameters(remove_duplicate=False)
    else:
        pairs = given.items() if isinstance(given, Mapping) else given
    named: dict[str, Tensor] = {}
    try:
        for name, t in pairs:
            # A parameter of length 2 would unpack, too.
            if not isinstance(name, str):
                raise TypeError
            named[name] = t
    except (TypeError, ValueError):
        form = "a Module, " if what == "params" else "a Tensor, "
        raise TypeError(
            f"graph: {what}: expected {form}a dict of names to tensors or (name, tensor) pairs, got "
            f"{type(given).__name__}; pass model.named_parameters(), not model.parameters()"
        ) from None
    for name, t in named.items():
        if not isinstance(t, Tensor):
            raise TypeError(f"graph: {what}[{name!r}]: expected a tinygrad5329 Tensor, got {type(t).__name__}")
    return named
