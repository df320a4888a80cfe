"""Looking at a graph: capture it from the tape, and draw it.

>>> import tinygrad5329 as tg
>>> w = tg.tensor([1.0, 2.0], requires_grad=True)
>>> loss = (w * w).sum()
>>> print(tg.graph.tree(loss, {"w": w}))
sum () float32
mul (2,) float32
├─ w (2,) float32  parameter
└─ w, see above

:func:`capture` reads the tape into a plain :class:`Graph`; everything else draws one: :func:`draw` and
:func:`render` with Graphviz, :func:`to_svg` and :func:`to_html` with a layout of our own, :func:`tree` as
text, :func:`to_mermaid` for pages that draw it themselves. :class:`record_modules` notes which module each operation
runs in, :class:`record` its line of code and its value too; a call that :func:`capture` is given is recorded by itself.
"""

from __future__ import annotations

from tinygrad5329.graph.capture import capture
from tinygrad5329.graph.draw import draw
from tinygrad5329.graph.fold import fold
from tinygrad5329.graph.html import to_html
from tinygrad5329.graph.memory import memory
from tinygrad5329.graph.mermaid import to_mermaid
from tinygrad5329.graph.model import Graph, GraphCall, GraphEdge, GraphModule, GraphNode, GraphSaved
from tinygrad5329.graph.modules import record_modules
from tinygrad5329.graph.record import record
from tinygrad5329.graph.render import render
from tinygrad5329.graph.statistics import Statistics
from tinygrad5329.graph.svg import to_svg
from tinygrad5329.graph.tree import tree

__all__ = [
    "Graph",
    "GraphCall",
    "GraphEdge",
    "GraphModule",
    "GraphNode",
    "GraphSaved",
    "Statistics",
    "capture",
    "draw",
    "fold",
    "memory",
    "record",
    "record_modules",
    "render",
    "to_html",
    "to_mermaid",
    "to_svg",
    "tree",
]
