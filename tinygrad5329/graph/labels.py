"""The words on a picture: what a node, a module and a size are called."""

from __future__ import annotations

import warnings

from tinygrad5329.graph.calls import Call
from tinygrad5329.graph.model import Graph, GraphNode

__all__ = [
    "KINDS",
    "NO_GRADIENT",
    "byte_text",
    "call_text",
    "legend_kinds",
    "node_lines",
    "size_text",
    "text_width",
    "warn_if_large",
]

#: The kinds of nodes, and what the legend calls them.
KINDS = {
    "input": "input",
    "parameter": "parameter",
    "leaf": "other leaf",
    "op": "operation",
    "module": "folded module",
    "output": "output",
}

#: What a dashed edge means.
NO_GRADIENT = "no gradient"

#: From how many nodes on a picture is hard to read.
MANY = 300


def size_text(node: GraphNode, shapes: bool = True, dtypes: bool = True) -> str:
    """The shape and the dtype of what a node holds or makes, each if asked for."""
    shape = str(tuple(node.shape)) if not node.outputs else f"{len(node.outputs)} outputs"
    return " ".join(([shape] if shapes else []) + ([node.dtype] if dtypes else []))


def byte_text(n: int) -> str:
    """A number of bytes for people.

    >>> byte_text(999), byte_text(131072)
    ('999 B', '128.0 KiB')
    """
    if n < 1024:
        return f"{n} B"
    power = min((n.bit_length() - 1) // 10, 4)
    return f"{n / 1024**power:.1f} {('KiB', 'MiB', 'GiB', 'TiB')[power - 1]}"


def node_lines(graph: Graph, node: GraphNode, home: str | None, shapes: bool, dtypes: bool) -> list[str]:
    """The lines of a node's box; `home` is the module in which it is drawn."""
    size = size_text(node, shapes, dtypes)
    if node.kind == "module":
        path = node.name or "model"
        count = f"{node.operations} op{'s' if node.operations != 1 else ''}"
        if node.parameters:
            count += f", {node.parameters:,} parameters"
        head = node.title or path
        return [head, *([path] if node.title else []), count, *([size] if size else [])]
    name = node.name or "leaf"
    if node.kind == "parameter" and home and name.startswith(f"{home}."):
        name = name[len(home) + 1 :]
    if node.aliases:
        name = " = ".join([name, *node.aliases])
    return [name, *([size] if size else [])]


def call_text(graph: Graph, call: Call) -> tuple[str, str]:
    """The class and the path of a call, for the head of its box; the class may be unknown."""
    path = call.path or "model"
    if call.number > 1:
        path += f" (call {call.number})"
    return graph.class_of(call.path or ""), path


def legend_kinds(graph: Graph) -> list[str]:
    """The kinds that occur in the graph, in the legend's order."""
    present = {node.kind for node in graph.nodes} | {"output"}
    return [kind for kind in KINDS if kind in present]


def text_width(text: str, size: float, bold: bool = False) -> float:
    """About how wide a text is in a sans-serif font; a little too wide rather than too narrow."""
    units = 0.0
    for char in text:
        if char in "ijl.,:;|'!()[] tfrI":
            units += 0.36
        elif char in "mwMW@%":
            units += 0.9
        elif char.isupper():
            units += 0.72
        else:
            units += 0.58 if ord(char) < 0x2000 else 1.0
    return units * size * (1.06 if bold else 1.0)


def warn_if_large(graph: Graph, what: str) -> None:
    """Say that a picture will be hard to read, and what to do about it."""
    if len(graph.nodes) > MANY:
        warnings.warn(
            f"graph: {what} of {len(graph.nodes):,} nodes is hard to read and slow to lay out; pass depth=1 "
            "(or 2, 3, ...) to fold modules, and compute the output within record_modules(model) so that "
            "every operation has one",
            stacklevel=3,
        )
