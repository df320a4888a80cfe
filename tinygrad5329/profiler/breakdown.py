"""Where the time of forward and backward passes goes, side by side: by operation and by module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tinygrad5329.profiler.columns import Column, aligned
from tinygrad5329.profiler.events import Event
from tinygrad5329.profiler.module_paths import ModuleCall
from tinygrad5329.profiler.recorder import Kind, Options
from tinygrad5329.profiler.units import bytes_text, count_text, time_text

__all__ = ["Breakdown", "Share", "by_module", "by_operation"]

_SORTABLE = ("total", "forward_total", "forward_self", "backward_total", "backward_self", "bytes", "flops", "calls")
#: What happened in no module that was called while the profile recorded.
OUTSIDE = "(no module)"


@dataclass(slots=True)
class Share:
    """What one operation or module took. Times in microseconds; memory in bytes, forward and backward.

    Attributes
    ----------
    name, class_name : str
        Of the operation, with an empty class; or the path of the module and its class.
    calls : int
    forward_total, forward_self : float
        With and without what is inside: other operations, or the modules below.
    backward_total, backward_self : float
        The same of the gradient rules of what ran there.
    bytes, flops : int
        Allocated, and floating point operations, in the whole of it.
    product_time : float
        The time of the events that have floating point operations.
    """

    name: str
    class_name: str = ""
    calls: int = 0
    forward_total: float = 0.0
    forward_self: float = 0.0
    backward_total: float = 0.0
    backward_self: float = 0.0
    bytes: int = 0
    flops: int = 0
    product_time: float = 0.0

    @property
    def total(self) -> float:
        """Forward and backward."""
        return self.forward_total + self.backward_total

    @property
    def gflops(self) -> float:
        """What was achieved in products: 10^9 floating point operations a second."""
        return self.flops / self.product_time / 1e3 if self.product_time else 0.0


class Breakdown(list[Share]):
    """Shares, a list; printed, it is its :meth:`table`."""

    def __init__(self, shares: Iterable[Share], options: Options, title: str) -> None:
        super().__init__(shares)
        self._options = options
        self._title = title

    def __str__(self) -> str:
        return self.table()

    def table(self, sort_by: str | None = None, row_limit: int = 100) -> str:
        """The shares as text, within 120 columns where the numbers leave the names room.

        Parameters
        ----------
        sort_by : str, optional
            ``"total"``, ``"forward_total"``, ``"forward_self"``, ``"backward_total"``, ``"backward_self"``,
            ``"bytes"``, ``"flops"`` or ``"calls"``, largest first; without it, in the order in which they began.
        row_limit : int
            How many rows are shown; -1 for all.

        Raises
        ------
        ValueError
            `sort_by` is not one of these.
        """
        if sort_by is not None and sort_by not in _SORTABLE:
            raise ValueError(f"table: sort_by={sort_by!r} is no column; there are {', '.join(_SORTABLE)}")
        rows = list(self) if sort_by is None else sorted(self, key=lambda each: getattr(each, sort_by), reverse=True)
        shown = rows if row_limit < 0 else rows[:row_limit]
        columns = [Column(self._title, [each.name for each in shown], text=True)]
        if any(each.class_name for each in shown):
            columns.append(Column("Class", [each.class_name for each in shown], text=True))
        columns += [
            Column("Calls", [str(each.calls) for each in shown]),
            Column("Fwd total", [time_text(each.forward_total) for each in shown]),
            Column("Fwd self", [time_text(each.forward_self) for each in shown]),
            Column("Bwd total", [time_text(each.backward_total) for each in shown]),
            Column("Bwd self", [time_text(each.backward_self) for each in shown]),
        ]
        if self._options.memory:
            columns.append(Column("Bytes", [bytes_text(each.bytes) for each in shown]))
        if self._options.flops:
            columns.append(Column("FLOPs", [count_text(each.flops) if each.flops else "--" for each in shown]))
            columns.append(Column("GFLOP/s", [f"{each.gflops:.2f}" if each.flops else "--" for each in shown]))
        lines = aligned(columns)
        if len(rows) > len(shown):
            lines.append(f"... and {len(rows) - len(shown)} more: row_limit={row_limit}")
        return "\n".join(lines) + "\n"


def by_operation(events: list[Event], options: Options) -> Breakdown:
    """One row an operation, in the order in which they first ran."""
    shares: dict[str, Share] = {}
    made = {event.sequence_nr: event.name for event in events if event.kind is Kind.FORWARD and event.sequence_nr}

    def name_of(event: Event) -> str:
        return event.name if event.kind is Kind.FORWARD else made.get(event.sequence_nr, event.name)

    for event in events:
        if event.kind not in (Kind.FORWARD, Kind.BACKWARD):
            continue
        share = _share(shares, name_of(event))
        # What is inside an operation of the same name is in its total already.
        inside = any(each.kind is event.kind and name_of(each) == share.name for each in _around(event))
        total = 0.0 if inside else event.cpu_time_total
        if event.kind is Kind.FORWARD:
            share.calls += 1
            share.forward_self += event.self_cpu_time_total
            share.forward_total += total
        else:
            share.backward_self += event.self_cpu_time_total
            share.backward_total += total
        _count(share, event)
    return Breakdown(shares.values(), options, "Operation")


def by_module(events: list[Event], options: Options) -> Breakdown:
    """One row a module, in the order in which they were first called; what is in none of them comes last."""
    shares: dict[str, Share] = {}
    rest = Share(OUTSIDE)
    for event in events:
        if event.kind is Kind.MODULE:
            assert event.module is not None
            share = _share(shares, event.module.path)
            share.class_name = event.module.class_name
            share.calls += 1
            share.forward_self += event.cpu_time_total - sum(each.cpu_time_total for each in _modules_below(event))
            if event.module.path not in _paths(event.module.parent):
                share.forward_total += event.cpu_time_total
            continue
        around = {each.kind for each in _around(event)}
        chain = [_share(shares, path) for path in _paths(event.module)] or [rest]
        # Rules that are recorded run operations, whose time is part of theirs.
        if event.kind is Kind.BACKWARD and Kind.BACKWARD not in around:
            chain[0].backward_self += event.cpu_time_total
            for share in chain:
                share.backward_total += event.cpu_time_total
        if event.kind is Kind.FORWARD and event.module is None and not around & {Kind.FORWARD, Kind.BACKWARD}:
            rest.forward_total += event.cpu_time_total
            rest.forward_self += event.cpu_time_total
            rest.calls += 1
        for share in chain:
            _count(share, event)
    used = rest.total or rest.bytes or rest.flops
    return Breakdown([*shares.values(), *([rest] if used else [])], options, "Module")


def _count(share: Share, event: Event) -> None:
    share.bytes += event.self_cpu_memory_usage
    share.flops += event.flops
    share.product_time += event.cpu_time_total if event.flops else 0.0


def _around(event: Event) -> Iterator[Event]:
    """The events around one, from the inside out."""
    outer = event.cpu_parent
    while outer is not None:
        yield outer
        outer = outer.cpu_parent


def _share(shares: dict[str, Share], name: str) -> Share:
    share = shares.get(name)
    if share is None:
        share = shares[name] = Share(name)
    return share


def _paths(call: ModuleCall | None) -> list[str]:
    """The paths of a call and those around it, innermost first, each once."""
    found: dict[str, None] = {}
    while call is not None:
        found[call.path] = None
        call = call.parent
    return list(found)


def _modules_below(event: Event) -> Iterator[Event]:
    """The calls of modules nearest inside an event."""
    stack = list(event.cpu_children)
    while stack:
        child = stack.pop()
        if child.kind is Kind.MODULE:
            yield child
        else:
            stack += child.cpu_children
