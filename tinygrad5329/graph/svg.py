"""``to_svg``: a picture of a graph without any program but Python."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from tinygrad5329.atomic import write_atomically
from tinygrad5329.graph.calls import Call, CallTree
from tinygrad5329.graph.known_options import explains_options
from tinygrad5329.graph.labels import (
    KINDS,
    NO_GRADIENT,
    byte_text,
    call_text,
    legend_kinds,
    node_lines,
    size_text,
    text_width,
    warn_if_large,
)
from tinygrad5329.graph.layout import Layout, Placed, lay_out
from tinygrad5329.graph.model import Graph, GraphNode
from tinygrad5329.graph.options import Show, graph_of
from tinygrad5329.graph.themes import THEMES, Theme, theme_named

__all__ = ["svg_text", "to_svg"]

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
SIZE, SMALL = 12.0, 10.0
LINE, PILL_LINE = 14.0, 19.0
PILL_GAP = 14.0
LEGEND = 34.0


@explains_options
def to_svg(
    output: Any,
    path: str | os.PathLike[str],
    params: Any = None,
    *,
    inputs: Any = None,
    depth: int | None = None,
    repeats: bool | None = None,
    show_shapes: bool = True,
    show_dtypes: bool = True,
    show_values: bool = False,
    show_gradients: bool = False,
    show_counts: bool = False,
    show_times: bool = False,
    show_bytes: bool = False,
    theme: str = "auto",
) -> Path:
    """Write a picture of the graph behind `output` as SVG, laid out by this package.

    It needs no Graphviz. Parameters that one operation reads stand to its left; every module call is a
    frame.

    Parameters
    ----------
    output, params, inputs, depth, repeats
        As for :func:`draw`.
    show_shapes, show_dtypes, show_values, show_gradients, show_counts, show_times, show_bytes
        As for :func:`draw`.
    path : path-like
        The file to write, in one step.
    theme : {"auto", "light", "dark", "print"}
        ``"auto"`` is light, or dark where the reader's browser prefers that.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If the theme is unknown.
    TypeError, RuntimeError
        As :func:`capture`.
    """
    show = Show(show_shapes, show_dtypes, show_values, show_gradients, show_counts, show_times, show_bytes)
    graph = graph_of(output, params, inputs, depth, repeats, show)
    warn_if_large(graph, "a picture")
    text = svg_text(graph, show, theme=theme)
    return write_atomically(Path(path), text.encode())


def svg_text(graph: Graph, show: Show, *, theme: str = "auto", legend: bool = True) -> str:
    """The picture of `graph` as the text of one ``<svg>`` element."""
    style = css(theme)
    return _Picture(graph, show).text(style, legend)


def css(theme: str) -> str:
    """The style sheet of a theme."""
    if theme == "auto":
        return f"{_rules(THEMES['light'])} @media (prefers-color-scheme: dark) {{ {_rules(THEMES['dark'])} }}"
    return _rules(theme_named(theme, also=("auto",)))


def _rules(theme: Theme) -> str:
    rules = [
        f".tg-back {{ fill: {theme.background} }}",
        f".tg text {{ fill: {theme.text}; font-family: {FONT} }}",
        f".tg text.faint, .tg tspan.faint {{ fill: {theme.faint} }}",
        f".tg text.gradient {{ fill: {theme.kinds['output'][1]} }}",
        f".tg .edge {{ stroke: {theme.edge}; fill: none; stroke-width: 1.3 }}",
        ".tg .constant { stroke-dasharray: 4 3 }",
        f".tg .tip {{ fill: {theme.edge}; stroke: none }}",
    ]
    line = theme.kinds["module"][1]
    for level, fill in enumerate(theme.modules):
        rules.append(f".tg .frame{level} {{ fill: {fill}; stroke: {theme.frame} }}")
    for kind, (fill, line) in theme.kinds.items():
        rules.append(f".tg .{kind} rect {{ fill: {fill}; stroke: {line}; stroke-width: 1.3 }}")
    rules.append(f".tg .repeat {{ stroke: {line}; stroke-width: 2 }}")
    rules.append(".tg .leaf rect { stroke-dasharray: 4 3 }")
    return " ".join(rules)


class _Picture:
    def __init__(self, graph: Graph, show: Show) -> None:
        self.graph, self.show = graph, show
        self.tree = CallTree(graph)
        self.ends = {node for node, _ in graph.outputs}
        self.pills: dict[int, list[int]] = {}
        for leaf, reader in self.tree.attached.items():
            if graph.nodes[leaf].kind != "input":
                self.pills.setdefault(reader, []).append(leaf)
        # An input stands by itself, at the top, even if one operation reads it.
        self.tree.attached = {leaf: reader for reader, leaves in self.pills.items() for leaf in leaves}
        self.constant = {edge.source for edge in graph.edges if not edge.differentiable}
        self.constant -= {edge.source for edge in graph.edges if edge.differentiable}
        self.layout: Layout = lay_out(self.tree, self._measure, self._head)

    def _lines(self, node: int) -> list[str]:
        lines = node_lines(self.graph, self.graph.nodes[node], self.tree.home[node].path, self.show)
        return [" ".join(lines)] if node in self.tree.attached else lines

    def _card(self, node: int) -> tuple[float, float]:
        """The size of a node's own box."""
        lines = self._lines(node)
        first, *rest = lines
        if node in self.tree.attached:
            return text_width(first, SMALL) + 18, PILL_LINE
        width = max([text_width(first, SIZE, bold=True), *(text_width(line, SMALL) for line in rest)])
        return max(width + 20, 60.0), LINE * len(lines) + 10

    def _measure(self, node: int) -> tuple[float, float, float]:
        width, height = self._card(node)
        pills = [self._card(leaf) for leaf in self.pills.get(node, ())]
        left = max((w for w, _ in pills), default=0.0) + (PILL_GAP if pills else 0.0)
        stack = sum(h for _, h in pills) + 4 * max(len(pills) - 1, 0)
        return left + width, max(height, stack), left + width / 2

    def _head(self, call: Call) -> tuple[float, float]:
        kind, path = call_text(self.graph, call)
        return text_width(f"{kind}  ", SIZE, bold=True) + text_width(path, SMALL), 21.0

    def text(self, style: str, legend: bool) -> str:
        kinds = legend_kinds(self.graph)
        names = [KINDS[kind] for kind in kinds]
        if not all(edge.differentiable for edge in self.graph.edges):
            names.append(NO_GRADIENT)
        steps = [text_width(name, SMALL) + 38 for name in names]
        width = max(self.layout.width, sum(steps) + 16) if legend else self.layout.width
        height = self.layout.height + (LEGEND if legend else 0)
        shift = (width - self.layout.width) / 2
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="tg" viewBox="0 0 {_f(width)} {_f(height)}" '
            f'width="{_f(width)}" height="{_f(height)}" role="img" aria-label="computation graph">',
            f"<style>{style}</style>",
            f'<rect class="tg-back" width="{_f(width)}" height="{_f(height)}"/>',
            f'<g transform="translate({_f(shift)} 0)">',
            *self._frames(),
            *self._edges(),
            *self._nodes(),
            "</g>",
        ]
        if legend:
            parts += self._legend(kinds, names, steps, width, height)
        return "\n".join([*parts, "</svg>"])

    def _frames(self) -> Iterator[str]:
        for call, at in self.layout.calls:
            kind, path = call_text(self.graph, call)
            more = " repeat" if call.repeat > 1 else ""
            yield (
                f'<g class="call" data-path="{escape(call.path or "")}">'
                f'<rect class="frame{max(call.level, 0) % 3}{more}" '
                f'x="{_f(at.x)}" y="{_f(at.y)}" width="{_f(at.width)}" height="{_f(at.height)}" rx="8"/>'
                f'<text x="{_f(at.x + 10)}" y="{_f(at.y + 15)}" font-size="12">'
                + (f'<tspan font-weight="bold">{escape(kind)}</tspan>  ' if kind else "")
                + f'<tspan class="faint" font-size="10">{escape(path)}</tspan></text></g>'
            )

    def _edges(self) -> Iterator[str]:
        """One path for all edges from a source, and one for their tips: large graphs stay responsive."""
        times = Counter((edge.source, edge.target) for edge in self.graph.edges)
        lines: dict[int, list[str]] = {}
        tips: list[str] = []
        words: list[str] = []
        for source, (x1, y1), (x2, y2), target in self.layout.pieces:
            end = y2 - 6 if target is not None else y2
            middle = _f((y1 + end) / 2)
            bend = f"V{_f(end)}"
            if abs(x1 - x2) >= 0.05:
                bend = f"C{_f(x1)} {middle} {_f(x2)} {middle} {_f(x2)} {_f(end)}"
            lines.setdefault(source, []).append(f"M{_f(x1)} {_f(y1)}{bend}")
            if target is not None:
                tips.append(f"M{_f(x2)} {_f(y2)}l-3.5 -7h7z")
                if times[source, target] > 1:
                    # Read more than once, as in x * x.
                    at = f'x="{_f(x2 - 6)}" y="{_f(y2 - 2)}" text-anchor="end"'
                    words.append(f'<text class="faint" {at} font-size="10">× {times[source, target]}</text>')
        for source, pieces in lines.items():
            kind = "edge constant" if source in self.constant else "edge"
            path = "".join(pieces)
            yield f'<path class="{kind}" data-from="{source}" d="{path}"/>'
        if tips:
            path = "".join(tips)
            yield f'<path class="tip" d="{path}"/>'
        yield from words

    def _nodes(self) -> Iterator[str]:
        for number, at in self.layout.nodes.items():
            pills = self.pills.get(number, [])
            width = self._card(number)[0]
            yield from self._box(number, Placed(at.x + at.width - width, at.y, width, at.height))
            sizes = [self._card(leaf) for leaf in pills]
            y = at.y + (at.height - sum(h for _, h in sizes) - 4 * max(len(pills) - 1, 0)) / 2
            right = at.x + at.width - width - PILL_GAP
            for leaf, (w, h) in zip(pills, sizes, strict=True):
                yield from self._box(leaf, Placed(right - w, y, w, h))
                middle = y + h / 2
                kind = "edge constant" if leaf in self.constant else "edge"
                yield f'<path class="{kind}" d="M{_f(right)} {_f(middle)}h{_f(PILL_GAP - 5)}"/>'
                yield f'<path class="tip" d="M{_f(right + PILL_GAP)} {_f(middle)}l-6 -3v6z"/>'
                y += h + 4

    def _box(self, number: int, at: Placed) -> Iterator[str]:
        node = self.graph.nodes[number]
        kind = "output" if number in self.ends else "backward" if node.phase else node.kind
        lines = self._lines(number)
        round_ = 9 if node.kind in ("parameter", "input", "leaf") else 3
        yield f'<g class="node {kind}" data-id="{number}"><title>{escape(_tip(node))}</title>'
        if node.kind == "module":
            yield _rect(Placed(at.x + 3, at.y + 3, at.width, at.height), round_)
        yield _rect(at, round_)
        if kind == "output":
            yield _rect(Placed(at.x + 2.5, at.y + 2.5, at.width - 5, at.height - 5), round_ - 1)
        x, y = _f(at.x + at.width / 2), at.y + at.height / 2
        if number in self.tree.attached:
            words = _pill_text(node, lines[0])
            yield f'<text x="{x}" y="{_f(y + 3.5)}" text-anchor="middle" font-size="10">{words}</text></g>'
            return
        y -= LINE * (len(lines) - 1) / 2
        for i, line in enumerate(lines):
            colour = "gradient" if line.startswith("grad ") else "faint"
            look = f'font-size="10" class="{colour}"' if i else 'font-size="12" font-weight="bold"'
            at_y = _f(y + 4 + LINE * i)
            yield f'<text x="{x}" y="{at_y}" text-anchor="middle" {look}>{escape(line)}</text>'
        yield "</g>"

    def _legend(
        self, kinds: list[str], names: list[str], steps: list[float], width: float, height: float
    ) -> Iterator[str]:
        x, y = (width - sum(steps)) / 2 + 8, height - LEGEND / 2 - 6
        for i, (name, step) in enumerate(zip(names, steps, strict=True)):
            if i < len(kinds):
                round_ = 6 if kinds[i] in ("parameter", "input", "leaf") else 2
                yield f'<g class="{kinds[i]}">{_rect(Placed(x, y, 20, 12), round_)}</g>'
            else:
                yield f'<path class="edge constant" d="M{_f(x)} {_f(y + 6)}h20"/>'
            yield f'<text class="faint" x="{_f(x + 26)}" y="{_f(y + 10)}" font-size="10">{name}</text>'
            x += step


def _pill_text(node: GraphNode, line: str) -> str:
    size = line.find(" (")
    if size < 0:
        return escape(line)
    return f'{escape(line[:size])}<tspan class="faint">{escape(line[size:])}</tspan>'


def _tip(node: GraphNode) -> str:
    return f"{node.title or node.kind} {node.name} {size_text(node)} {byte_text(node.bytes)}".strip()


def _rect(at: Placed, radius: float) -> str:
    return f'<rect x="{_f(at.x)}" y="{_f(at.y)}" width="{_f(at.width)}" height="{_f(at.height)}" rx="{radius}"/>'


def _f(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
