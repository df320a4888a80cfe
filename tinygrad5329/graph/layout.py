"""Our own layered layout, for pictures without the Graphviz program.

Each module call is laid out by itself and then stands as one box in the layout of its parent, with ports
on its border for the edges that cross it; so frames never overlap and nothing foreign lies inside them.
Within a call this is the method of Sugiyama, Tagawa and Toda ("Methods for visual understanding of
hierarchical system structures", 1981): longest-path layers, orders by barycentres, then positions. An edge
that crosses layers goes through one lane a layer, which all edges from the same source share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tinygrad5329.graph.calls import Call, CallTree
from tinygrad5329.graph.level import Item, Level

__all__ = ["Layout", "Placed", "lay_out"]

PADDING = 12.0

Point = tuple[float, float]


@dataclass(slots=True)
class Placed:
    """Where something is: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Layout:
    """A finished layout: places of nodes and of calls, and the pieces of edges.

    A piece is the source that it belongs to, its start, its end, and the node at which it ends with an
    arrow; None where another piece continues it.
    """

    width: float = 0.0
    height: float = 0.0
    nodes: dict[int, Placed] = field(default_factory=dict)
    calls: list[tuple[Call, Placed]] = field(default_factory=list)
    pieces: list[tuple[int, Point, Point, int | None]] = field(default_factory=list)


def lay_out(
    tree: CallTree,
    measure: Callable[[int], tuple[float, float, float]],
    head: Callable[[Call], tuple[float, float]],
) -> Layout:
    """Place the nodes of a graph.

    Parameters
    ----------
    tree : CallTree
    measure : callable
        Width and height of a node, attached leaves included, and the x at which edges meet it.
    head : callable
        Width and height of a call's title.
    """
    calls = tree.calls()
    items: dict[int | Call, Item] = {}
    levels: dict[Call, Level] = {call: Level() for call in calls}
    for call in calls:
        for member in call.members:
            if isinstance(member, Call):
                items[member] = Item(member)
            elif member not in tree.attached:
                width, height, axis = measure(member)
                items[member] = Item(member, width, height, axis, leaf=_leaf(tree, member))
            else:
                continue
            levels[call].items.append(items[member])
    _link(tree, items, levels)
    for call in reversed(calls):
        level = levels[call]
        title_width, title_height = head(call)
        width, height = level.arrange()
        if call is not tree.root:
            item = items[call]
            level.left, level.top = PADDING, title_height
            if level.entries:
                # The title ends left of the edges that come in from above.
                first = min(port.x for port in level.entries.values())
                level.left = max(PADDING, PADDING + title_width + 4 - first)
            item.width = max(level.left + width, PADDING + title_width) + PADDING
            item.height = height + title_height
            item.tops = {source: level.left + port.x for source, port in level.entries.items()}
            item.bottoms = {source: level.left + port.x for source, port in level.exits.items()}
            item.axis = item.width / 2
        else:
            level.left = level.top = PADDING
            result = Layout(width + 2 * PADDING, height + 2 * PADDING)
    for call in calls:
        level = levels[call]
        if call is not tree.root:
            item = items[call]
            parent = levels[call.parent]  # type: ignore[index]
            level.left += parent.left + item.x
            level.top += parent.top + item.y
            x, y = parent.left + item.x, parent.top + item.y
            result.calls.append((call, Placed(x, y, item.width, item.height)))
        for item in level.items:
            if isinstance(item.key, int):
                place = Placed(level.left + item.x, level.top + item.y, item.width, item.height)
                result.nodes[item.key] = place
        for source, start, end, target in level.pieces():
            key = target.key if target is not None and isinstance(target.key, int) else None
            result.pieces.append(
                (
                    source,
                    (start[0] + level.left, start[1] + level.top),
                    (end[0] + level.left, end[1] + level.top),
                    key,
                )
            )
    return _with_borders(result, tree, levels, items)


def _leaf(tree: CallTree, node: int) -> bool:
    return tree.graph.nodes[node].kind not in ("op", "module")


def _link(tree: CallTree, items: dict[int | Call, Item], levels: dict[Call, Level]) -> None:
    """Cut each edge at the borders of the calls that it crosses."""
    for edge in tree.graph.edges:
        if edge.source in tree.attached:
            continue
        source, above, below = edge.source, items[edge.source], items[edge.target]
        up, down = tree.home[edge.source], tree.home[edge.target]
        meeting = tree.meet(up, down)
        while up is not meeting:
            levels[up].link(above, levels[up].exit(source), source)
            above, up = items[up], up.parent  # type: ignore[assignment]
        while down is not meeting:
            levels[down].link(levels[down].entry(source, _leaf(tree, source)), below, source)
            below, down = items[down], down.parent  # type: ignore[assignment]
        levels[meeting].link(above, below, source)


def _with_borders(result: Layout, tree: CallTree, levels: dict[Call, Level], items: dict[int | Call, Item]) -> Layout:
    """Lead edges from a call's upper border past its title to where its content starts."""
    for call, place in result.calls:
        level = levels[call]
        for source, port in level.entries.items():
            x = level.left + port.x
            result.pieces.append((source, (x, place.y), (x, level.top + port.y), None))
    return result
