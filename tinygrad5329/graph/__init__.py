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
text. :class:`record_modules` notes which module each operation runs in.
"""

from __future__ import annotations

from tinygrad5329.graph.capture import capture
from tinygrad5329.graph.draw import draw
from tinygrad5329.graph.fold import fold
from tinygrad5329.graph.html import to_html
from tinygrad5329.graph.model import Graph, GraphEdge, GraphModule, GraphNode
from tinygrad5329.graph.modules import record_modules
from tinygrad5329.graph.render import render
from tinygrad5329.graph.svg import to_svg
from tinygrad5329.graph.tree import tree

__all__ = [
    "Graph",
    "GraphEdge",
    "GraphModule",
    "GraphNode",
    "capture",
    "draw",
    "fold",
    "record_modules",
    "render",
    "to_html",
    "to_svg",
    "tree",
]
