"""``to_html``: a graph as one page to look around in and to play, without network or programs."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from tinygrad5329.atomic import write_atomically
from tinygrad5329.graph.calls import CallTree
from tinygrad5329.graph.capture import capture
from tinygrad5329.graph.fold import fold
from tinygrad5329.graph.formulas import formula_of, rule_place
from tinygrad5329.graph.known_options import explains_options
from tinygrad5329.graph.labels import KINDS, legend_kinds
from tinygrad5329.graph.model import Graph
from tinygrad5329.graph.options import graph_of
from tinygrad5329.graph.repeats import equal_calls
from tinygrad5329.graph.themes import THEMES, Theme
from tinygrad5329.graph.timeline import held_bytes

__all__ = ["to_html"]

SCRIPTS = ("tree.js", "level.js", "picture.js", "view.js", "details.js", "play.js", "main.js")

#: How many boxes the page shows unfolded when it opens.
OPEN = 60


@explains_options
def to_html(
    output: Any,
    path: str | os.PathLike[str],
    params: Any = None,
    *,
    inputs: Any = None,
    depth: int | None = None,
    title: str = "Computation graph",
    values: bool = False,
    gradients: bool = False,
    sites: bool = False,
    times: bool = False,
) -> Path:
    """Write the graph behind `output` as one self-contained page, which opens from disk.

    The page pans (drag), zooms (wheel, ``+``, ``-``, ``0`` to fit) and searches (``/``) by name, operation, module,
    shape or dtype. Modules fold and unfold by a click; equal ones in a row are one box at first. A chosen node shows
    its shape, formulas, line of code, and the statistics that were captured. The slider plays the forward and then
    the backward pass in the order of the tape, over the memory that the tape holds. Arrow keys walk through the
    boxes and fold and unfold, ``p`` plays, ``,`` and ``.`` step. It is light or dark as the reader's system prefers.

    Parameters
    ----------
    output, params, inputs, depth
        As for :func:`draw`.
    path : path-like
        The file to write, in one step.
    title : str
        The page's title.
    values, gradients, sites, times
        As for :func:`capture`; a graph that is captured already shows what it has.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    TypeError, RuntimeError, ValueError
        As :func:`draw`.
    """
    graph = _graph(output, params, inputs, values=values, gradients=gradients, sites=sites, times=times)
    if depth is not None:
        graph = fold(graph, depth)
    # "<" as an escape, so that no name can end the script element.
    data = json.dumps(_data(graph), separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "TITLE": escape(title),
        "SUMMARY": escape(_summary(graph)),
        "DATA": data,
        "COLOURS": _colours(),
        "STYLE": _player_file("style.css"),
        "LEGEND": _legend(graph),
        "SCRIPT": "\n".join(_player_file(name) for name in SCRIPTS),
    }
    # In one pass, so that a mark in a name or in the title stays what it is.
    page = re.sub("@([A-Z]+)@", lambda mark: parts[mark[1]], _player_file("page.html"))
    return write_atomically(Path(path), page.encode())


def _graph(output: Any, params: Any, inputs: Any, **wanted: bool) -> Graph:
    if not isinstance(output, Graph):
        return capture(output, params, inputs, **wanted)
    if any(wanted.values()):
        names = ", ".join(name for name, asked in wanted.items() if asked)
        raise TypeError(f"graph: to_html: {names} belong to capture(); this graph is captured already")
    return graph_of(output, params, inputs, repeats=False)


@cache
def _player_file(name: str) -> str:
    return (files("tinygrad5329.graph") / "player" / name).read_text(encoding="utf-8")


def _data(graph: Graph) -> dict[str, Any]:
    """What the page knows: the graph as it is, and what does not follow from it."""
    names = sorted({node.name for node in graph.nodes if node.kind == "op"})
    formulas = {name: [*(formula_of(name) or ("", "")), rule_place(name)] for name in names}
    return {
        "graph": graph.to_dict(),
        "classes": {module.path: module.class_name for module in graph.modules if module.class_name},
        "formulas": {name: found for name, found in formulas.items() if any(found)},
        "repeats": [[call.index for call in run] for run in equal_calls(CallTree(graph))],
        "held": held_bytes(graph),
        "open": OPEN,
    }


def _summary(graph: Graph) -> str:
    operations = sum(node.operations or node.kind == "op" for node in graph.nodes)
    parameters = sum(node.parameters for node in graph.nodes)
    text = f"{operations:,} operation{'s' if operations != 1 else ''}"
    return f"{text}, {parameters:,} parameters" if parameters else text


def _colours() -> str:
    light, dark = _variables(THEMES["light"], "#d9480f"), _variables(THEMES["dark"], "#ffa94d")
    return (
        f":root {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {dark} }} }}\n"
        f":root[data-theme=dark] {{ color-scheme: dark; {dark} }}\n"
        ":root[data-theme=light] { color-scheme: light }"
    )


def _variables(theme: Theme, mark: str) -> str:
    pairs = [
        ("back", theme.background), ("text", theme.text), ("faint", theme.faint), ("edge", theme.edge),
        ("frame", theme.frame), ("mark", mark),
        *((f"frame{level}", fill) for level, fill in enumerate(theme.modules)),
    ]  # fmt: skip
    for kind, (fill, line) in theme.kinds.items():
        pairs += [(f"{kind}-fill", fill), (f"{kind}-line", line)]
    return " ".join(f"--{name}: {colour};" for name, colour in pairs)


def _legend(graph: Graph) -> str:
    kinds = legend_kinds(graph)
    if graph.calls and "module" not in kinds:
        kinds = [kind for kind in KINDS if kind in {*kinds, "module"}]
    return "".join(
        f'<span><i style="background: var(--{kind}-fill); border-color: var(--{kind}-line)"></i>{KINDS[kind]}</span>'
        for kind in kinds
    )
