"""How much memory the tape holds along the forward and the backward pass."""

from __future__ import annotations

from tinygrad5329.graph.model import Graph

__all__ = ["held_bytes"]


def held_bytes(graph: Graph) -> list[int] | None:
    """The bytes kept for the backward pass after each step; None if they are no longer known.

    Step 0 is before the first operation, step `i` after operation `i`, and step `n + i` after the `i`-th gradient
    rule of the backward pass. Memory that several operations keep counts once, from the first that keeps it until
    the rule of the last one has run; memory of leaves, which lives anyway, does not.

    >>> import tinygrad5329 as tg
    >>> x = tg.ones(4, requires_grad=True)
    >>> held_bytes(tg.graph.capture(x.exp().tanh()))
    [0, 16, 32, 16, 0]
    """
    operations = sorted((node for node in graph.nodes if node.forward), key=lambda node: node.forward)
    if not any(node.saved for node in operations):
        return None
    count = len(operations)
    change = [0] * (2 * count + 1)
    known: set[int] = set()
    for node in operations:
        for saved in node.saved:
            if saved.buffer >= 0 and saved.buffer not in known:
                known.add(saved.buffer)
                change[node.forward] += saved.bytes
                # The first that keeps it is the last whose rule runs.
                change[2 * count + 1 - node.forward] -= saved.bytes
    held, total = [], 0
    for each in change:
        total += each
        held.append(total)
    return held
