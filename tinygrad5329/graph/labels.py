"""The words on a picture: what a node, a module and a size are called."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from tinygrad5329.graph.calls import Call, CallTree
from tinygrad5329.graph.model import Graph, GraphNode
from tinygrad5329.graph.statistics import Statistics

if TYPE_CHECKING:
    from tinygrad5329.graph.options import Show

__all__ = [
    "KEPT",
    "KINDS",
    "NO_GRADIENT",
    "byte_text",
    "call_text",
    "legend_kinds",
    "node_lines",
    "number_text",
    "numbers_text",
    "parameters_in",
    "size_text",
    "text_width",
    "time_text",
    "warn_if_large",
]

#: The kinds of nodes, and what the legend calls them.
KINDS = {
    "input": "input",
    "parameter": "parameter",
    "leaf": "other leaf",
    "op": "operation",
    "backward": "operation of a backward pass",
    "module": "folded module",
    "output": "output",
}

#: What a dashed edge means.
NO_GRADIENT = "no gradient"

#: What a dotted edge means.
KEPT = "kept for the backward pass"

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


def node_lines(graph: Graph, node: GraphNode, home: str | None, show: Show) -> list[str]:
    """The lines of a node's box; `home` is the module in which it is drawn."""
    scalar = show.values and node.value is not None and not node.shape and not node.outputs
    size = "" if scalar else size_text(node, show.shapes, show.dtypes)
    lines = [size] if size else []
    if node.kind == "module":
        path = node.name or "model"
        count = f"{node.operations:,} op{'s' if node.operations != 1 else ''}"
        if node.parameters:
            count += f", {node.parameters:,} parameters"
        head = node.title or path
        return [head, *([path] if node.title else []), count, *lines]
    name = node.name or "leaf"
    if node.kind == "parameter" and home and name.startswith(f"{home}."):
        name = name[len(home) + 1 :]
    if node.label:
        name = f"{node.label} = {name}"
    if node.aliases and node.outputs:
        parts = zip(node.aliases, node.outputs, strict=True)
        lines = [f"{each} {tuple(shape)}" if show.shapes else each for each, (shape, _) in parts]
    elif node.aliases:
        name = " = ".join([name, *node.aliases])
    if show.counts and node.parameters:
        lines.append(f"{node.parameters:,} parameter{'s' if node.parameters != 1 else ''}")
    if show.bytes:
        kept = sum({saved.buffer: saved.bytes for saved in node.saved if saved.buffer >= 0}.values())
        lines.append(byte_text(node.bytes) + (f", keeps {byte_text(kept)}" if kept else ""))
    if show.values and node.value is not None:
        lines.append(("value " if scalar else "") + numbers_text(node.value))
    if show.gradients and node.gradient is not None:
        lines.append(f"grad {numbers_text(node.gradient)}")
    if show.times:
        times = [("forward", node.forward_seconds), ("backward", node.backward_seconds)]
        known = [f"{name} {time_text(seconds)}" for name, seconds in times if seconds is not None]
        lines += [", ".join(known)] if known else []
    return [name, *lines]


def numbers_text(found: Statistics) -> str:
    """One line about a value: itself if it is one number, otherwise mean and standard deviation, or the extremes."""
    if len(found.values) == 1:
        value = found.values[0]
        return value if isinstance(value, str) else number_text(value, 4)
    if found.nans or found.infinities:
        return f"{found.nans:,} NaN, {found.infinities:,} inf"
    if found.mean is None or found.deviation is None:
        if found.minimum is None or found.maximum is None:
            return "empty"
        # It overflows, or nothing else was kept.
        return " to ".join(dict.fromkeys([number_text(found.minimum), number_text(found.maximum)]))
    # A mean that is nothing next to the deviation is rounding.
    mean = 0.0 if abs(found.mean) < found.deviation / 1000 else found.mean
    return f"{number_text(mean)} ± {number_text(found.deviation)}"


def number_text(x: float, digits: int = 3) -> str:
    """A number in a few digits.

    >>> number_text(0.123456), number_text(1234567.0), number_text(2.0)
    ('0.123', '1.23e6', '2')
    """
    if x == 0 or 1e-3 <= abs(x) < 1e5:
        return f"{x:.{digits}g}"
    head, power = f"{x:.2e}".split("e")
    return f"{head}e{int(power)}"


def time_text(seconds: float) -> str:
    """A time for people.

    >>> time_text(0.0000123), time_text(0.5)
    ('12.3 µs', '500.0 ms')
    """
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def call_text(graph: Graph, call: Call) -> tuple[str, str]:
    """The class and the path of a call, for the head of its box; the class may be unknown."""
    path = call.path or "model"
    kind = graph.class_of(call.path or "")
    if call.phase:
        kind, path = (f"{kind}, backward", path) if kind else (kind, f"{path}, backward")
    if call.repeat > 1:
        kind = f"{kind or path} × {call.repeat}"
        return kind, f"{path}, called in a row" if call.last == call.path else f"{path} to {call.last}"
    if call.number > 1:
        path += f" (call {call.number})"
    return kind, path


def parameters_in(tree: CallTree, call: Call) -> int:
    """The numbers in the parameters that stand in a call, each as often as equal modules are drawn once."""
    total = 0
    stack: list[tuple[int | Call, int]] = [(call, 1)]
    while stack:
        member, times = stack.pop()
        if isinstance(member, Call):
            stack += [(each, times * member.repeat) for each in member.members]
        else:
            total += times * tree.graph.nodes[member].parameters
    return total


def legend_kinds(graph: Graph) -> list[str]:
    """The kinds that occur in the graph, in the legend's order."""
    present = {_kind(node) for node in graph.nodes} | {"output"}
    return [kind for kind in KINDS if kind in present]


def _kind(node: GraphNode) -> str:
    return "backward" if node.kind == "op" and node.phase == "backward" else node.kind


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
            stacklevel=4,
        )
