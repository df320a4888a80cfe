"""The tree of module calls of a graph: what clusters, folds and layouts are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from tinygrad5329.graph.model import Graph

__all__ = ["Call", "CallTree"]


@dataclass(eq=False, slots=True)
class Call:
    """A module call, with the nodes and further calls that it holds.

    `level` is how deep the module is: 0 for the model itself, 1 for its children; -1 for the whole graph.
    `index` is its position in :attr:`Graph.calls`, and the other fields are those of ``GraphCall``.
    """

    path: str | None
    level: int
    parent: Call | None
    number: int = 1
    members: list[int | Call] = field(default_factory=list)
    index: int = -1
    phase: str = ""
    repeat: int = 1
    last: str = ""


class CallTree:
    """The calls of `graph`: `root` holds everything; `home` is the call that each node stands in.

    `attached` maps each leaf that only one operation reads to that operation. Such a leaf is at home
    where its reader is; an input always is outside of all calls.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.root = Call(None, -1, None)
        self.home: dict[int, Call] = {}
        self.attached: dict[int, int] = {}
        made: list[Call | None] = [None] * len(graph.calls)
        for node in graph.nodes:
            if node.kind not in ("op", "module"):
                continue
            home = self._call(node.call, made)
            home.members.append(node.id)
            self.home[node.id] = home
        self._place_leaves()

    def _call(self, index: int, made: list[Call | None]) -> Call:
        """The call at `index`; it enters its parent when its first operation is met."""
        fresh = []
        while index >= 0 and made[index] is None:
            fresh.append(index)
            index = self.graph.calls[index].parent
        call = self.root if index < 0 else made[index]
        assert call is not None
        for each in reversed(fresh):
            data = self.graph.calls[each]
            level = data.path.count(".") + 1 if data.path else 0
            call, parent = Call(data.path, level, call, data.number, [], each, data.phase, data.repeat, data.last), call
            parent.members.append(call)
            made[each] = call
        return call

    def _place_leaves(self) -> None:
        readers: dict[int, list[int]] = {}
        for edge in self.graph.edges:
            if edge.source not in self.home:
                readers.setdefault(edge.source, []).append(edge.target)
        for leaf, targets in readers.items():
            if self.graph.nodes[leaf].kind == "input":
                call = self.root
            else:
                call = self.home[targets[0]]
                for target in targets[1:]:
                    call = self.meet(call, self.home[target])
                if len(targets) == 1:
                    self.attached[leaf] = targets[0]
            self.home[leaf] = call
            call.members.append(leaf)

    @staticmethod
    def meet(a: Call, b: Call) -> Call:
        """The innermost call that holds both."""
        around = set()
        above: Call | None = a
        while above is not None:
            around.add(above)
            above = above.parent
        while b not in around:
            assert b.parent is not None
            b = b.parent
        return b

    def calls(self) -> list[Call]:
        """Every call, parents before what they hold."""
        found = [self.root]
        for call in found:
            found.extend(member for member in call.members if isinstance(member, Call))
        return found
