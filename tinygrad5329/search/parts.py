"""What a space is declared of beside single decisions: parts that repeat, and cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinygrad5329.search.domains import Choice, Domain, Value

__all__ = ["Cell", "Stack"]


@dataclass(frozen=True, init=False)
class Stack:
    """A part that is repeated ``low`` to ``high`` times, each time with decisions of its own.

    In an architecture it is a list of objects. Its decisions are named ``NAME.depth`` (how often) and ``NAME.1.KEY``,
    ``NAME.2.KEY`` and so on.

    Parameters
    ----------
    low, high : int
        1 or more; equal for a fixed number of times.
    part : mapping of str to domain
        ``when`` names a decision of the same repetition, or by its whole name another one of the space.

    Examples
    --------
    >>> layers = Stack(1, 2, {"width": Choice(32, 64)})
    """

    low: int
    high: int
    part: Mapping[str, Domain]

    def __init__(self, low: int, high: int, part: Mapping[str, Domain]) -> None:
        if type(low) is not int or type(high) is not int or not 1 <= low <= high:
            raise ValueError(f"Stack: expected whole numbers 1 <= low <= high, got {low!r} and {high!r}")
        if not part:
            raise ValueError("Stack: expected one decision or more to repeat, got none")
        for name, domain in part.items():
            check_name("Stack", name)
            if not isinstance(domain, Domain):
                raise TypeError(f"Stack: {name} is no Choice, Integer or Float but {domain!r}")
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        object.__setattr__(self, "part", dict(part))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        part = {name: domain.as_dict() for name, domain in self.part.items()}
        return {"kind": "stack", "low": self.low, "high": self.high, "part": part}


@dataclass(frozen=True, init=False)
class Cell:
    """A small graph with an operation on every edge: node j is the sum of those from all nodes before it.

    The search cell of DARTS (Liu et al. 2019) in the form of NAS-Bench-201 (Dong and Yang 2020, figure 1): node 0 is
    the input, the last node the output. In an architecture it is an object of operations by edge, ``{"0-1": ...,
    "0-2": ..., "1-2": ...}``; its decisions are named ``NAME.0-1`` and so on.

    Parameters
    ----------
    nodes : int
        Two or more, with the input and the output.
    operations : sequence of str
        What an edge can be; among them usually ``"none"`` and ``"skip"``.
    """

    nodes: int
    operations: tuple[Value, ...]

    def __init__(self, nodes: int, operations: tuple[str, ...] | list[str]) -> None:
        if type(nodes) is not int or nodes < 2:
            raise ValueError(f"Cell: expected two nodes or more, got {nodes!r}")
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "operations", Choice(*operations).options)

    @property
    def edges(self) -> tuple[str, ...]:
        """Names of all edges, node by node: ``"0-1"``, ``"0-2"``, ``"1-2"``, ..."""
        return tuple(f"{start}-{end}" for end in range(1, self.nodes) for start in range(end))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"kind": "cell", "nodes": self.nodes, "operations": list(self.operations)}


def check_name(where: str, name: Any) -> None:
    """Complain of a name that could not stand between the points of a path."""
    if not isinstance(name, str) or not name or "." in name:
        raise ValueError(f"{where}: names are words without points, got {name!r}")
