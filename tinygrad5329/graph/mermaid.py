"""``to_mermaid``: a graph as Mermaid text, which many pages and editors draw by themselves."""

from __future__ import annotations

from typing import Any

from tinygrad5329.graph.calls import Call, CallTree
from tinygrad5329.graph.known_options import explains_options
from tinygrad5329.graph.labels import call_text, node_lines
from tinygrad5329.graph.model import Graph, GraphNode
from tinygrad5329.graph.options import Show, graph_of
from tinygrad5329.graph.themes import THEMES

__all__ = ["to_mermaid"]

#: How Mermaid writes the outline of each kind of node.
_BOXES = {"parameter": ("([", "])"), "input": ("([", "])"), "leaf": ("([", "])"), "module": ("[[", "]]")}


@explains_options
def to_mermaid(
    output: Any,
    params: Any = None,
    *,
    inputs: Any = None,
    depth: int | None = None,
    repeats: bool | None = None,
    rankdir: str = "TB",
    show_shapes: bool = True,
    show_dtypes: bool = True,
    show_values: bool = False,
    show_gradients: bool = False,
) -> str:
    """The graph behind `output` as a Mermaid flowchart.

    Parameters
    ----------
    output, params, inputs, depth, repeats, rankdir, show_shapes, show_dtypes, show_values, show_gradients
        As for :func:`draw`.

    Returns
    -------
    str
        For a code block marked ``mermaid``.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.ones(3, requires_grad=True)
    >>> print(tg.graph.to_mermaid((w * 2).sum(), {"w": w}))
    flowchart TB
      n0(["w<br/>(3,) float32"]):::parameter
      n1["mul<br/>(3,) float32"]:::op
      n2["sum<br/>() float32"]:::output
      n0 --> n1
      n1 --> n2
      ...
    """
    if rankdir not in ("TB", "LR", "BT", "RL"):
        raise ValueError(f"graph: rankdir: expected 'TB', 'LR', 'BT' or 'RL', got {rankdir!r}")
    show = Show(show_shapes, show_dtypes, show_values, show_gradients)
    graph = graph_of(output, params, inputs, depth, repeats, show)
    tree = CallTree(graph)
    ends = {node for node, _ in graph.outputs}
    lines = [f"flowchart {rankdir}"]
    kinds: list[str] = []
    stack: list[tuple[int | Call | None, int]] = [(member, 1) for member in reversed(_leaves_first(tree.root))]
    while stack:
        member, level = stack.pop()
        indent = "  " * level
        if member is None:
            lines.append(f"{indent}end")
        elif isinstance(member, Call):
            words = "  ".join(filter(None, call_text(graph, member)))
            lines.append(f'{indent}subgraph c{member.index}["{_text(words)}"]')
            stack.append((None, level))
            stack += [(each, level + 1) for each in reversed(_leaves_first(member))]
        else:
            node = graph.nodes[member]
            kind = "output" if member in ends else "backward" if node.phase else node.kind
            kinds.append(kind)
            lines.append(indent + _box(graph, node, tree.home[member].path, show) + f":::{kind}")
    lines += [f"  n{edge.source} {'-->' if edge.differentiable else '-.->'} n{edge.target}" for edge in graph.edges]
    for kind in dict.fromkeys(kinds):
        fill, line = THEMES["light"].kinds[kind]
        lines.append(f"  classDef {kind} fill:{fill},stroke:{line},color:{THEMES['light'].text}")
    return "\n".join(lines)


def _leaves_first(call: Call) -> list[int | Call]:
    """The members of a call by their order in the graph, in which leaves stand before their readers."""
    return sorted(call.members, key=lambda member: member if isinstance(member, int) else _first(member))


def _first(call: Call) -> int:
    member: int | Call = call
    while isinstance(member, Call):
        member = member.members[0]
    return member


def _box(graph: Graph, node: GraphNode, home: str | None, show: Show) -> str:
    left, right = _BOXES.get(node.kind, ("[", "]"))
    text = "<br/>".join(_text(line) for line in node_lines(graph, node, home, show))
    return f'n{node.id}{left}"{text}"{right}'


def _text(text: str) -> str:
    """Text inside quotes, with the characters that mean something to Mermaid as entities."""
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
