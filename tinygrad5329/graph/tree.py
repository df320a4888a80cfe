"""``tree``: a graph as text for the terminal."""

from __future__ import annotations

from typing import Any

from tinygrad5329.graph.known_options import explains_options
from tinygrad5329.graph.labels import size_text
from tinygrad5329.graph.model import Graph, GraphNode
from tinygrad5329.graph.options import graph_of

__all__ = ["Tree", "tree"]


@explains_options
def tree(
    output: Any, params: Any = None, *, inputs: Any = None, depth: int | None = None, repeats: bool = False
) -> str:
    """The graph behind `output` as text, from the output down to the leaves.

    Below each operation, indented, stands what it reads. The one with the most operations behind it continues
    in the same column, so a deep network makes a long text and not a wide one. What several operations
    read is written once, with a number by which the others refer to it.

    Parameters
    ----------
    output, params, inputs, depth, repeats
        As for :func:`draw`.

    Returns
    -------
    str

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> w, b = tg.ones(3, requires_grad=True), tg.zeros(3, requires_grad=True)
    >>> h = w * 2 + b
    >>> print(tg.graph.tree((h * h.exp()).sum(), {"w": w, "b": b}))
    sum () float32
    mul (3,) float32
    ├─ see [1] add
    exp (3,) float32
    add (3,) float32  [1]
    ├─ b (3,) float32  parameter
    mul (3,) float32
    └─ w (3,) float32  parameter
    """
    graph = graph_of(output, params, inputs, depth, repeats)
    return "\n".join(Tree(graph, [node for node, _ in graph.outputs]).lines())


class Tree:
    """The lines of a tree, from `roots` down."""

    def __init__(self, graph: Graph, roots: list[int]) -> None:
        self.nodes = graph.nodes
        self.reads: list[list[int]] = [[] for _ in graph.nodes]
        #: How many operations deep it is from here to the farthest leaf.
        self.depth = [0] * len(graph.nodes)
        for edge in graph.edges:
            self.reads[edge.target].append(edge.source)
            self.depth[edge.target] = max(self.depth[edge.target], self.depth[edge.source] + 1)
        self.roots = roots
        #: For each operation, the one that continues its column; and the branches that it owns.
        self.main: dict[int, int] = {}
        self.owned: dict[int, set[int]] = {}
        self._claim()
        self.numbers: dict[int, int] = {}
        self.leaves_seen: set[int] = set()

    def _is_leaf(self, node: int) -> bool:
        return self.nodes[node].kind not in ("op", "module")

    def _claim(self) -> None:
        """Give each operation one place, going down the main column first."""
        claimed: set[int] = set()
        stack: list[tuple[int | None, int]] = [(None, root) for root in reversed(self.roots)]
        while stack:
            reader, node = stack.pop()
            if node in claimed:
                continue
            claimed.add(node)
            if reader is not None and self.main.get(reader) != node:
                self.owned.setdefault(reader, set()).add(node)
            free = list({s: None for s in self.reads[node] if not self._is_leaf(s) and s not in claimed})
            free.sort(key=self.depth.__getitem__, reverse=True)
            stack += [(node, each) for each in reversed(free[1:])]
            if free:
                self.main[node] = free[0]
                stack.append((node, free[0]))

    def lines(self) -> list[str]:
        """The text."""
        referred = self._referred()
        found: list[str] = []
        printed: set[int] = set()
        for root in self.roots:
            if root in printed:
                continue
            # Entries: a finished line, or (prefix of the first line, prefix of the rest, operation).
            stack: list[str | tuple[str, str, int]] = [("", "", root)]
            while stack:
                entry = stack.pop()
                if isinstance(entry, str):
                    found.append(entry)
                    continue
                first, rest, node = entry
                printed.add(node)
                found.append(first + self._op_text(self.nodes[node], node in referred))
                stack += reversed(self._below(node, rest))
        return found

    def _below(self, node: int, rest: str) -> list[str | tuple[str, str, int]]:
        main = self.main.get(node)
        reads = list(self.reads[node])
        if main is not None:
            reads.remove(main)
        owned = set(self.owned.get(node, ()))
        entries: list[str | tuple[str, str, int]] = []
        for i, source in enumerate(reads):
            last = main is None and i == len(reads) - 1
            branch, bar = (rest + "└─ ", rest + "   ") if last else (rest + "├─ ", rest + "│  ")
            if self._is_leaf(source):
                entries.append(branch + self._leaf_text(source))
            elif source in owned:
                owned.remove(source)
                entries.append((branch, bar, source))
            else:
                entries.append(f"{branch}see [{self._number(source)}] {self.nodes[source].name}")
        if main is not None:
            entries.append((rest, rest, main))
        return entries

    def _referred(self) -> set[int]:
        """The operations that some reader cannot have below itself."""
        places: set[tuple[int, int]] = set()
        referred = set()
        for target, sources in enumerate(self.reads):
            for source in sources:
                at_home = self.main.get(target) == source or source in self.owned.get(target, ())
                if not self._is_leaf(source) and (not at_home or (target, source) in places):
                    referred.add(source)
                places.add((target, source))
        return referred

    def _number(self, node: int) -> int:
        return self.numbers.setdefault(node, len(self.numbers) + 1)

    def _op_text(self, node: GraphNode, referred: bool) -> str:
        text = (
            f"{node.title or node.name} {size_text(node)}"
            if node.kind == "module"
            else f"{node.name} {size_text(node)}"
        )
        if node.kind == "module":
            text += f"  ({node.operations} ops, {node.parameters:,} parameters)"
        if node.module:
            text += f"  in {node.module}"
        return f"{text}  [{self._number(node.id)}]" if referred else text

    def _leaf_text(self, number: int) -> str:
        node = self.nodes[number]
        name = " = ".join([node.name, *node.aliases]) or "leaf"
        if number in self.leaves_seen:
            return f"{name}, see above" if node.name else f"{name} {size_text(node)}, see above"
        self.leaves_seen.add(number)
        return f"{name} {size_text(node)}" + ("" if node.kind == "leaf" else f"  {node.kind}")
