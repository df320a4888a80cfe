"""``to_html``: a graph as one page to look around in, without network or programs."""

from __future__ import annotations

import json
import os
import re
from html import escape
from pathlib import Path
from typing import Any

from tinygrad5329.atomic import write_atomically
from tinygrad5329.graph.draw import graph_of
from tinygrad5329.graph.html_page import PAGE
from tinygrad5329.graph.labels import byte_text, warn_if_large
from tinygrad5329.graph.model import Graph
from tinygrad5329.graph.svg import svg_text

__all__ = ["to_html"]


def to_html(
    output: Any,
    path: str | os.PathLike[str],
    params: Any = None,
    *,
    inputs: Any = None,
    depth: int | None = None,
    show_shapes: bool = True,
    show_dtypes: bool = True,
    title: str = "Computation graph",
) -> Path:
    """Write the graph behind `output` as one self-contained page, which opens from disk.

    The page pans (drag, arrow keys), zooms (wheel, ``+``, ``-``, ``0`` to fit), searches (``/``) by name,
    operation, module, shape or dtype, and shows what is known of a node that is clicked. It is light or dark
    as the reader's system prefers.

    Parameters
    ----------
    output, params, inputs, depth, show_shapes, show_dtypes
        As for :func:`draw`.
    path : path-like
        The file to write, in one step.
    title : str
        The page's title.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    TypeError, RuntimeError, ValueError
        As :func:`draw`.
    """
    graph = graph_of(output, params, inputs, depth)
    warn_if_large(graph, "a page")
    picture = svg_text(graph, show_shapes=show_shapes, show_dtypes=show_dtypes)
    # "<" as an escape, so that no name can end the script element.
    data = json.dumps(_details(graph), separators=(",", ":")).replace("<", "\\u003c")
    parts = {"TITLE": escape(title), "SUMMARY": escape(_summary(graph)), "SVG": picture, "DATA": data}
    # In one pass, so that a mark in a name or in the title stays what it is.
    page = re.sub("@([A-Z]+)@", lambda mark: parts[mark[1]], PAGE)
    return write_atomically(Path(path), page.encode())


def _summary(graph: Graph) -> str:
    operations = sum(node.kind == "op" or node.operations for node in graph.nodes)
    parameters = sum(node.parameters for node in graph.nodes)
    text = f"{operations:,} operations"
    return f"{text}, {parameters:,} parameters" if parameters else text


def _details(graph: Graph) -> list[dict[str, Any]]:
    """What the page shows of each node, in the order of their numbers."""
    reads: list[list[list[Any]]] = [[] for _ in graph.nodes]
    read_by: list[list[int]] = [[] for _ in graph.nodes]
    for edge in graph.edges:
        reads[edge.target].append([edge.source, edge.slot])
        if edge.target not in read_by[edge.source]:
            read_by[edge.source].append(edge.target)
    found = []
    for node in graph.nodes:
        rows = [["kind", "folded module" if node.kind == "module" else node.kind]]
        if node.title:
            rows.append(["class" if node.kind == "module" else "node", node.title])
        if node.aliases:
            rows.append(["also named", ", ".join(node.aliases)])
        if node.outputs:
            rows += [[f"output {i}", f"{tuple(shape)} {dtype}"] for i, (shape, dtype) in enumerate(node.outputs)]
        else:
            rows += [["shape", str(tuple(node.shape))], ["dtype", node.dtype]]
        rows.append(["bytes", f"{node.bytes:,} ({byte_text(node.bytes)})" if node.bytes > 1023 else str(node.bytes)])
        if node.module is not None and node.kind != "module":
            kind = graph.class_of(node.module)
            rows.append(["module", f"{node.module or 'model'}{f' ({kind})' if kind else ''}"])
        if node.operations:
            rows.append(["operations", f"{node.operations:,}"])
        if node.parameters:
            rows.append(["parameters", f"{node.parameters:,}"])
        if node.seq:
            rows.append(["ran as number", f"{node.seq:,}"])
        found.append(
            {
                "name": node.name or node.kind,
                "rows": rows,
                "reads": reads[node.id],
                "readBy": read_by[node.id],
            }
        )
    return found
