"""The options that pictures share: what stands in the boxes, and what is folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinygrad5329.graph.capture import capture
from tinygrad5329.graph.fold import fold
from tinygrad5329.graph.model import Graph
from tinygrad5329.graph.repeats import join_repeats
from tinygrad5329.graph.shared import join_shared

__all__ = ["Show", "graph_of"]

#: From how many nodes on equal modules in a row are drawn once, unless the caller says otherwise.
REPEATS_FROM = 100


@dataclass(frozen=True, slots=True)
class Show:
    """What stands in a box, below its name."""

    shapes: bool = True
    dtypes: bool = True
    values: bool = False
    gradients: bool = False
    counts: bool = False
    times: bool = False
    bytes: bool = False
    saved: bool = False


def graph_of(
    output: Any,
    params: Any,
    inputs: Any,
    depth: int | None = None,
    repeats: bool | None = None,
    show: Show | None = None,
) -> Graph:
    """The graph behind `output`, or `output` itself if it is a captured graph; folded if asked for.

    With `show` it is for a picture: parameters that the same operations share are one node there, but where their
    numbers are shown.
    """
    joins = show is not None and not (show.values or show.gradients)
    show = show or Show()
    if isinstance(output, Graph):
        if params is not None or inputs is not None:
            raise TypeError("graph: params and inputs belong to capture(); this graph is captured already")
        graph = output
        _check(graph, show)
    else:
        timed = show.times or show.gradients
        graph = capture(output, params, inputs, values=show.values, gradients=timed, times=show.times)
    if joins:
        graph = join_shared(graph)
    if repeats or (repeats is None and len(graph.nodes) >= REPEATS_FROM):
        graph = join_repeats(graph)
    return graph if depth is None else fold(graph, depth)


def _check(graph: Graph, show: Show) -> None:
    wanted = (
        ("values", show.values, any(node.value for node in graph.nodes)),
        ("gradients", show.gradients, any(node.gradient for node in graph.nodes)),
        ("saved", show.saved, any(node.saved for node in graph.nodes)),
        ("times", show.times, any(node.forward_seconds or node.backward_seconds for node in graph.nodes)),
    )
    for name, asked, there in wanted:
        if asked and not there:
            raise ValueError(f"graph: show_{name}: this graph does not have them: {_REMEDIES[name]}")


_REMEDIES = {
    "values": "pass capture(..., values=True)",
    "gradients": "pass capture(..., gradients=True)",
    "times": "pass capture(..., profile=p) of a profile p, or capture(..., gradients=True, times=True)",
    "saved": "capture it before backward(), which frees what operations keep",
}
