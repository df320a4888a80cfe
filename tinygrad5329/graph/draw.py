"""``draw``: a graph as a ``graphviz.Digraph``, which shows itself in notebooks."""

from __future__ import annotations

import itertools
from html import escape
from typing import Any

from tinygrad5329.graph.calls import Call, CallTree
from tinygrad5329.graph.known_options import explains_options
from tinygrad5329.graph.labels import (
    KEPT,
    KINDS,
    NO_GRADIENT,
    byte_text,
    call_text,
    legend_kinds,
    node_lines,
    parameters_in,
    text_width,
    warn_if_large,
)
from tinygrad5329.graph.model import Graph, GraphNode
from tinygrad5329.graph.options import Show, graph_of
from tinygrad5329.graph.themes import Theme, theme_named

__all__ = ["draw"]

FONT = "Helvetica"
_TABLE = '<table border="0" cellborder="0" cellspacing="0" cellpadding="1">'
_STYLES = {"parameter": "rounded,filled", "input": "rounded,filled", "leaf": "rounded,filled,dashed"}


@explains_options
def draw(
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
    show_counts: bool = False,
    show_times: bool = False,
    show_bytes: bool = False,
    show_saved: bool = False,
    theme: str = "light",
    legend: bool = True,
) -> Any:
    """Draw the graph behind `output` for Graphviz.

    Boxes are operations, rounded boxes leaves; every module is a frame with its class and path. The
    paths are exact for what was computed within :class:`record_modules`, and otherwise inferred from the
    names of the parameters.

    Parameters
    ----------
    output : Tensor, several of them, Module, callable, or Graph
        As for :func:`capture`.
    params, inputs
        The names of the leaves, as for :func:`capture`.
    depth : int, optional
        Fold modules that are so many levels down into one node each; see :func:`fold`.
    repeats : bool, optional
        Whether equal modules that run in a row are drawn once, as "x N"; by default from 100 nodes on. Values and
        times are then those of the first.
    rankdir : {"TB", "LR", "BT", "RL"}
        Which way the graph runs.
    show_shapes, show_dtypes, show_values, show_gradients, show_counts, show_times, show_bytes : bool
        What to write below the names: shape, dtype, value and gradient (a single number itself, otherwise mean and
        standard deviation), numbers in parameters, measured times, and bytes made and kept. Values, gradients and
        times are taken as by :func:`capture`, whose result must have them if it is passed.
    show_saved : bool
        Dotted edges from what an operation keeps alive for the backward pass, and notes for what is not on the tape.
    theme : {"light", "dark", "print"}
        Colours. ``"print"`` needs none.
    legend : bool
        Whether to explain the colours.

    Returns
    -------
    graphviz.Digraph
        Its ``source`` is DOT text and needs no Graphviz program; showing it does. :func:`render` writes
        it to a file.

    Raises
    ------
    ValueError
        If an option has an unknown value, or asks for what a captured graph has not.
    TypeError, RuntimeError
        As :func:`capture`; TypeError for an unknown option.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w = tg.ones(3, requires_grad=True)
    >>> picture = tg.graph.draw((w * 2).sum(), {"w": w})
    >>> picture.source.splitlines()[0]
    'digraph tinygrad5329 {'
    """
    import graphviz

    if rankdir not in ("TB", "LR", "BT", "RL"):
        raise ValueError(f"graph: rankdir: expected 'TB', 'LR', 'BT' or 'RL', got {rankdir!r}")
    colours = theme_named(theme)
    show = Show(
        show_shapes, show_dtypes, show_values, show_gradients, show_counts, show_times, show_bytes, show_saved
    )  # fmt: skip
    graph = graph_of(output, params, inputs, depth, repeats, show)
    warn_if_large(graph, "a picture")
    dot = graphviz.Digraph("tinygrad5329")
    dot.attr(
        "graph", rankdir=rankdir, bgcolor=colours.background, fontname=FONT, fontsize="11",
        fontcolor=colours.text, color=colours.frame, nodesep="0.22", ranksep="0.28",
        pad="0.15",
    )  # fmt: skip
    dot.attr(
        "node", fontname=FONT, fontsize="11", fontcolor=colours.text, style="filled", shape="box",
        margin="0.11,0.03", height="0.3", penwidth="1.2",
    )  # fmt: skip
    dot.attr(
        "edge", color=colours.edge, arrowsize="0.6", fontname=FONT, fontsize="9", fontcolor=colours.faint
    )  # fmt: skip
    _Writer(graph, colours, show).write(dot)
    if legend:
        _legend(dot, graph, colours, show)
    return dot


class _Writer:
    def __init__(self, graph: Graph, colours: Theme, show: Show) -> None:
        self.graph, self.colours, self.show = graph, colours, show
        self.tree = CallTree(graph)
        self.beside: dict[int, list[int]] = {}
        for leaf, reader in self.tree.attached.items():
            if graph.nodes[leaf].kind != "input":
                self.beside.setdefault(reader, []).append(leaf)
        self.clusters = itertools.count()
        self.ends = {node for node, _ in graph.outputs}

    def write(self, dot: Any) -> None:
        # Text is collected line by line and not with nested subgraph() blocks, which would recurse.
        lines: list[str] = []
        stack: list[Call | int | None] = list(reversed(self.tree.root.members))
        while stack:
            member = stack.pop()
            if member is None:
                lines.append("}")
            elif isinstance(member, Call):
                lines += self._open(member)
                stack.append(None)
                stack += reversed(member.members)
            else:
                lines += self._node(self.graph.nodes[member])
                if member in self.beside:
                    # Beside their reader instead of above it, so that the column of operations is unbroken.
                    lines.append(f"{{rank=same; {'; '.join(f'n{each}' for each in self.beside[member])}; n{member}}}")
        dot.body += [f"\t{line}\n" for line in lines]
        for edge in self.graph.edges:
            options = [] if edge.differentiable else ["style=dashed"]
            if self.graph.nodes[edge.source].outputs and self.graph.nodes[edge.source].kind == "op":
                options.append(f'label="{edge.port}"')
            source, target = edge.source, edge.target
            if source in self.beside.get(target, ())[1::2]:
                # Every second one on the other side.
                source, target = target, source
                options.append("dir=back")
            tail = f" [{' '.join(options)}]" if options else ""
            dot.body.append(f"\tn{source} -> n{target}{tail}\n")

    def _open(self, call: Call) -> list[str]:
        kind, path = call_text(self.graph, call)
        if self.show.counts:
            count = parameters_in(self.tree, call)
            path += f"  {count:,} parameters" if count else ""
        head = f"<b>{escape(kind)}</b>  {_faint(path, self.colours)}" if kind else _faint(path, self.colours)
        # An empty cell as wide as the words keeps them left of the edge that comes in through the middle.
        width = round(text_width(f"{kind}  ", 11, bold=True) + text_width(path, 11)) + 16
        head = f'{_TABLE}<tr><td>{head}</td><td width="{width}"></td></tr></table>'
        fill = self.colours.modules[max(call.level, 0) % len(self.colours.modules)]
        line = self.colours.kinds["module"][1] if call.repeat > 1 else self.colours.frame
        return [
            f"subgraph cluster_{next(self.clusters)} {{",
            f'label=<{head}>; labeljust=l; style="rounded,filled"; fillcolor="{fill}"; '
            f'color="{line}"; penwidth={2 if call.repeat > 1 else 1}; margin=9',
        ]

    def _node(self, node: GraphNode) -> list[str]:
        home = self.tree.home[node.id].path
        first, *rest = node_lines(self.graph, node, home, self.show)
        red, grey = self.colours.kinds["output"][1], self.colours.faint
        colours = [red if line.startswith("grad ") else grey for line in rest]
        small = [
            f'<font point-size="9" color="{colour}">{escape(line)}</font>'
            for line, colour in zip(rest, colours, strict=True)
        ]
        head = f"<b>{escape(first)}</b>" if node.kind in ("op", "module") else escape(first)
        rows = "".join(f"<tr><td>{line}</td></tr>" for line in [head, *small])
        kind = "output" if node.id in self.ends else "backward" if node.phase else node.kind
        fill, line = self.colours.kinds[kind]
        style = _STYLES.get(node.kind, "filled")
        shape = " peripheries=2" if kind == "output" else ""
        shape += " penwidth=2.4" if node.kind == "module" else ""
        tip = escape(f"{node.title or node.kind} {node.name} {node.site}".strip(), quote=True).replace("\\", "\\\\")
        box = (
            f'n{node.id} [label=<{_TABLE}{rows}</table>> fillcolor="{fill}" color="{line}" style="{style}" '
            f'tooltip="{tip}"{shape}]'
        )
        return [box, *self._saved(node)] if self.show.saved else [box]

    def _saved(self, node: GraphNode) -> list[str]:
        """What `node` keeps alive: an edge from where it was made, or a note if that is here, or not on the tape."""
        lines = []
        look = f'color="{self.colours.kinds["output"][1]}" style=dotted penwidth=1.6'
        for number, saved in enumerate(node.saved):
            if saved.buffer < 0 or not saved.bytes:
                continue
            text = escape(f"{saved.name} {byte_text(saved.bytes)}", quote=True).replace("\\", "\\\\")
            if saved.source in (-1, node.id):
                note = f"s{node.id}_{number}"
                lines.append(
                    f'{note} [shape=note label="{text}" fontsize=9 fillcolor="{self.colours.background}" {look}]'
                )
                lines.append(f"{{rank=same; {note}; n{node.id}}}")
                lines.append(f"n{node.id} -> {note} [{look} arrowhead=none]")
            else:
                lines.append(f'n{saved.source} -> n{node.id} [{look} constraint=false arrowhead=odot label="{text}"]')
        return lines


def _faint(text: str, colours: Theme) -> str:
    return f'<font color="{colours.faint}">{escape(text)}</font>'


def _legend(dot: Any, graph: Graph, colours: Theme, show: Show) -> None:
    """One small table, out of the way of the graph's own ranks."""
    cells = "".join(
        f'<td bgcolor="{colours.kinds[kind][0]}" border="1" color="{colours.kinds[kind][1]}" width="14"></td>'
        f'<td align="left"><font color="{colours.faint}">{KINDS[kind]}  </font></td>'
        for kind in legend_kinds(graph)
    )
    if not all(edge.differentiable for edge in graph.edges):
        cells += f'<td align="left"><font color="{colours.faint}">- - -  {NO_GRADIENT}  </font></td>'
    if show.saved:
        cells += (
            f'<td align="left"><font color="{colours.kinds["output"][1]}">· · ·</font>'
            f'<font color="{colours.faint}">  {KEPT}</font></td>'
        )
    dot.attr("graph", label=f'<<table border="0" cellspacing="4" cellpadding="2"><tr>{cells}</tr></table>>',
             labelloc="b", labeljust="c")  # fmt: skip
