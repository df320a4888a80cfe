"""The tree of module calls of a graph: what clusters, folds and layouts are made of.

Operations are taken in the order in which they ran, and neighbours in the same module make one call. Such
a group is an interval of a topological order, so groups never depend on each other in a circle, even
where a module is used several times.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tinygrad5329.graph.model import Graph

__all__ = ["Call", "CallTree"]


@dataclass(eq=False, slots=True)
class Call:
    """A run of operations in one module, and in the modules below it.

    `level` is how deep the module is: 0 for the model itself, 1 for its children; -1 for the whole graph.
    `number` counts the calls of the same module. `members` are nodes of the graph and further calls.
    """

    path: str | None
    level: int
    parent: Call | None
    number: int = 1
    members: list[int | Call] = field(default_factory=list)


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
        known = {module.path for module in graph.modules}
        count: Counter[str] = Counter()
        open_calls = [self.root]
        for node in graph.nodes:
            if node.kind not in ("op", "module"):
                continue
            chain = [path for path in _chain(node.module) if path in known]
            if node.kind == "module" and chain:
                chain.pop()
            shared = 0
            while shared < min(len(chain), len(open_calls) - 1) and open_calls[shared + 1].path == chain[shared]:
                shared += 1
            del open_calls[shared + 1 :]
            for path in chain[shared:]:
                count[path] += 1
                level = path.count(".") + 1 if path else 0
                call = Call(path, level, open_calls[-1], count[path])
                open_calls[-1].members.append(call)
                open_calls.append(call)
            open_calls[-1].members.append(node.id)
            self.home[node.id] = open_calls[-1]
        self._place_leaves()

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
        while a is not b:
            if a.level >= b.level and a.parent is not None:
                a = a.parent
            else:
                assert b.parent is not None
                b = b.parent
        return a

    def calls(self) -> list[Call]:
        """Every call, parents before what they hold."""
        found = [self.root]
        for call in found:
            found.extend(member for member in call.members if isinstance(member, Call))
        return found


def _chain(path: str | None) -> list[str]:
    if path is None:
        return []
    parts = path.split(".") if path else []
    return [".".join(parts[:n]) for n in range(len(parts) + 1)]
