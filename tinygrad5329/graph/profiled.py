"""Times and memory of a profile, for the nodes of a graph."""

from __future__ import annotations

from typing import Any

from tinygrad5329.graph.model import Graph

__all__ = ["note_profile"]


def note_profile(graph: Graph, profile: Any) -> None:
    """Set the times and the allocated bytes of the operations that `profile` saw run.

    Its events carry the tape's number of their operation. Raises TypeError for anything but a profile, and
    ValueError if it saw none of these operations.
    """
    if not callable(getattr(profile, "events", None)):
        raise TypeError(
            "graph: capture: profile: expected a tinygrad5329.profiler.profile that has stopped, got "
            f"{type(profile).__name__}"
        )
    nodes = {node.seq: node for node in graph.nodes if node.seq}
    seen = False
    for event in profile.events():
        node = nodes.get(event.sequence_nr)
        phase = event.kind.name.lower()
        if node is None or phase not in ("forward", "backward"):
            continue
        seen = True
        seconds = event.time_range.elapsed_us() * 1e-6
        setattr(node, f"{phase}_seconds", (getattr(node, f"{phase}_seconds") or 0.0) + seconds)
        allocated = getattr(node, f"{phase}_bytes") or 0
        setattr(node, f"{phase}_bytes", allocated + event.self_cpu_memory_usage)
    if not seen:
        raise ValueError(
            "graph: capture: profile: it saw none of the operations of this graph; compute the output within the "
            "profile's block, and stop it before you pass it"
        )
