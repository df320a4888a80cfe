"""Noticing a loop that keeps appending to a graph, as ``total_loss += loss`` does, and naming its line.

What is appended holds the graph of every iteration, although backward passes have freed what they need: memory grows
until the loop ends. Nothing is noted while operations run. Every 32nd backward pass keeps a weak reference to the node
that it started from, or to that of the loss it is a multiple of. If four in a row stay alive, all nodes that exist are
searched, once, for those that were computed from them; only if all four flow together is there a loop that appends. Its
operations then watch for the next time, which is the line to name.

That costs a count in each backward pass (some 0.1 us of 30 us and more), and a few microseconds in every 32nd.
"""

from __future__ import annotations

import gc
import itertools
import sys
import warnings
import weakref
from collections import deque
from typing import Any

from tinygrad5329.tape import Node, Port
from tinygrad5329.tensor import Tensor

__all__ = ["EVERY", "look", "passes"]

#: How many backward passes lie between two looks; a power of two.
EVERY = 32
#: How many looks tell.
_LOOKS = 4
#: The number of a backward pass.
passes = itertools.count(1).__next__


class _Seen:
    """What earlier looks saw."""

    def __init__(self) -> None:
        self.told = False
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        #: Where passes that freed their graphs began.
        self.freed: deque[weakref.ref[Node]] = deque(maxlen=_LOOKS)
        #: Size and newest operation of the graphs that were kept.
        self.kept: deque[tuple[int, int]] = deque(maxlen=_LOOKS)
        #: Looks until all nodes are searched again, and how many it is to be after that.
        self.pause = 0
        self.patience = 8


_seen = _Seen()


def look(edge: Node | Port | None, keep: bool) -> None:
    """See whether the graphs of earlier passes are still there; called before a pass walks from `edge`."""
    if _seen.told:
        return
    node = edge.node if type(edge) is Port else edge
    if not isinstance(node, Node):
        return
    if keep:
        _look_at_kept(node)
        return
    _seen.freed.append(weakref.ref(_unscaled(node)))
    # A copy: another thread may look meanwhile.
    nodes = [each() for each in tuple(_seen.freed)]
    if len(nodes) < _LOOKS or any(each is None for each in nodes):
        return
    if _seen.pause:
        _seen.pause -= 1
        return
    appended = _computed_from(nodes)
    if appended:
        _Watch(appended)
    # Losses may be kept in a list, which is no graph that grows: searching again and again would cost more.
    _seen.pause, _seen.patience = _seen.patience, 2 * _seen.patience


def _unscaled(node: Node) -> Node:
    """The loss itself where a multiple of it is passed, as for gradients that are accumulated over batches."""
    while len(node.edges) == 1 and getattr(getattr(node, "op", None), "name", "") in ("mul", "div", "neg"):
        edge = node.edges[0]
        source = edge.node if type(edge) is Port else edge
        if not isinstance(source, Node):
            break
        node = source
    return node


def _computed_from(nodes: list[Any]) -> list[Node]:
    """The operations after the first of `nodes` into which all of them flow, oldest first; none if they do not."""
    readers: dict[int, list[Node]] = {}
    # By its type: an object may say that it is of a class that it is not.
    for each in [each for each in gc.get_objects() if issubclass(type(each), Node)]:
        for edge in getattr(each, "edges", ()):
            source = edge.node if type(edge) is Port else edge
            if isinstance(source, Node):
                readers.setdefault(id(source), []).append(each)
    # The newest one may not have been appended yet.
    first, *others = (_closure(node, readers) for node in nodes[:-1])
    if not first or not all(set(first) & set(each) for each in others):
        return []
    return sorted(first.values(), key=lambda node: node.seq)


def _closure(node: Node, readers: dict[int, list[Node]]) -> dict[int, Node]:
    found: dict[int, Node] = {}
    stack = list(readers.get(id(node), ()))
    while stack:
        each = stack.pop()
        if id(each) not in found:
            found[id(each)] = each
            stack += readers.get(id(each), ())
    return found


class _Watch:
    """Stands in front of the operations that append, until one is given the newest result of theirs."""

    def __init__(self, appended: list[Node]) -> None:
        self.newest: weakref.ref[Node] | None = weakref.ref(appended[-1])
        self.count = len(_behind(appended[-1]))
        self.before: dict[Any, tuple[Any, Any]] = {}
        for op in {node.op for node in appended[-8:] if hasattr(node, "op")}:
            watched = self._watched(op.run)
            self.before[op] = op.run, watched
            op.run = watched

    def _watched(self, run: Any) -> Any:
        def watched(*inputs: Any, **params: Any) -> Any:
            newest = None if self.newest is None else self.newest()
            if newest is None:
                self.end()
            elif any(isinstance(each, Tensor) and each._node is newest for each in inputs):
                self.end()
                self.tell()
            return run(*inputs, **params)

        return watched

    def end(self) -> None:
        """Step aside; where a profiler stands in front, at the first run after it has left."""
        self.newest = None
        for op, (run, watched) in self.before.items():
            if op.run is watched:
                op.run = run

    def tell(self) -> None:
        """Warn of the line that runs."""
        if _seen.told:
            return
        _seen.told = True
        _warn(
            "this line appends to a graph that no backward pass will free: its result holds the "
            f"{self.count:,} operations of all iterations so far, whose backward passes are over, and more with every "
            "one. To add up numbers, take loss.item(), or loss.detach()"
        )


def _look_at_kept(node: Node) -> None:
    """A graph that is kept, reaches back to before an earlier look, and has grown from look to look."""
    graph = _behind(node)
    kept = tuple(_seen.kept)
    grown = all(later - earlier >= EVERY for (earlier, _), (later, _) in itertools.pairwise(kept))
    if len(kept) == _LOOKS and grown and len(graph) - kept[-1][0] >= EVERY:
        first_size, first_root = kept[0]
        if min(each.seq for each in graph.values()) < first_root:
            _seen.told = True
            _warn(
                f"backward(retain_graph=True) goes back through all earlier iterations: {len(graph):,} operations now, "
                f"{first_size:,} of them {EVERY * _LOOKS} passes ago. detach() what is carried from one iteration to "
                "the next, such as a hidden state"
            )
            return
    _seen.kept.append((len(graph), node.seq))


def _behind(node: Node) -> dict[int, Node]:
    """All operations that lead to `node`, and itself."""
    found = {id(node): node}
    stack = [node]
    while stack:
        for edge in stack.pop().edges:
            source = edge.node if type(edge) is Port else edge
            if isinstance(source, Node) and id(source) not in found:
                found[id(source)] = source
                stack.append(source)
    return found


def _warn(text: str) -> None:
    """Warn of the line of the user's program that is running."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("tinygrad5329."):
        frame = frame.f_back
    warnings.warn_explicit(text, UserWarning, frame.f_code.co_filename, frame.f_lineno)
