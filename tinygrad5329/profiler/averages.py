"""``key_averages()``: events added up by name, and their table (``torch.autograd.profiler_util.EventList``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from tinygrad5329.profiler.columns import Column, aligned
from tinygrad5329.profiler.events import Event
from tinygrad5329.profiler.measured import Measured
from tinygrad5329.profiler.recorder import Kind, Options
from tinygrad5329.profiler.units import bytes_text, count_text, time_text

__all__ = ["Average", "Averages", "averages_of"]

#: What a table can be sorted by: PyTorch's names, and those of the columns that it does not have.
_SORTABLE = (
    "self_cpu_time_total", "cpu_time_total", "cpu_time", "self_cpu_memory_usage", "cpu_memory_usage", "count", "flops",
    "gflops", "key",
)  # fmt: skip


@dataclass(slots=True)
class Average(Measured):
    """Events of one name, added up; names are PyTorch's (``FunctionEventAvg``), times microseconds.

    As in PyTorch, `flops` are those of the events themselves, which may be added up over all names; `total_flops` are
    those of everything inside them too.
    """

    key: str
    kind: Kind
    count: int = 0
    cpu_time_total: float = 0.0
    self_cpu_time_total: float = 0.0
    cpu_memory_usage: int = 0
    self_cpu_memory_usage: int = 0
    flops: int = 0
    total_flops: int = 0
    #: The time of the events that have floating point operations: what `gflops` is reckoned with.
    product_time: float = 0.0
    input_shapes: list[Any] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)

    @property
    def cpu_time(self) -> float:
        """The mean time of one event."""
        return self.cpu_time_total / self.count if self.count else 0.0

    @property
    def gflops(self) -> float:
        """What was achieved: 10^9 floating point operations a second."""
        return self.total_flops / self.product_time / 1e3 if self.product_time else 0.0

    @property
    def is_user_annotation(self) -> bool:
        """Whether it is a block that `record_function` named."""
        return self.kind is Kind.USER

    def add(self, event: Event, always: bool = False) -> None:
        """Add one event. What is inside an event of the same name is in its total already, but for `always`."""
        self.count += 1
        self.self_cpu_time_total += event.self_cpu_time_total
        self.self_cpu_memory_usage += event.self_cpu_memory_usage
        self.flops += event.flops
        outer = None if always else event.cpu_parent
        while outer is not None:
            if outer.key == event.key and outer.kind is event.kind:
                return
            outer = outer.cpu_parent
        flops = event.total_flops
        self.cpu_time_total += event.cpu_time_total
        self.cpu_memory_usage += event.cpu_memory_usage
        self.total_flops += flops
        self.product_time += event.cpu_time_total if flops else 0.0


class Averages(list[Average]):
    """Averages, a list; printed, it is its :meth:`table`."""

    def __init__(self, averages: Iterable[Average], options: Options, self_time: float, *, shapes: bool, stack: bool):
        super().__init__(averages)
        self._options = options
        #: The time of all events, in microseconds (``EventList.self_cpu_time_total``).
        self.self_cpu_time_total = self_time
        self._shapes = shapes
        self._stack = stack

    def __str__(self) -> str:
        return self.table()

    def total_average(self) -> Average:
        """All of them as one."""
        total = Average("Total", Kind.ENGINE)
        for each in self:
            total.count += each.count
            total.self_cpu_time_total += each.self_cpu_time_total
            total.self_cpu_memory_usage += each.self_cpu_memory_usage
            total.flops += each.flops
        total.cpu_time_total, total.cpu_memory_usage = total.self_cpu_time_total, total.self_cpu_memory_usage
        total.total_flops = total.flops
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
    ) -> str:
        """The averages as text (``EventList.table``), within 120 columns where the numbers leave the names room.

        Parameters
        ----------
        sort_by : str, optional
            ``"self_cpu_time_total"``, ``"cpu_time_total"``, ``"cpu_time"``, ``"self_cpu_memory_usage"``,
            ``"cpu_memory_usage"``, ``"count"``, ``"flops"`` (the column, with what is inside), ``"gflops"``: largest
            first; or ``"key"``. Without it, the order of the first events.
        row_limit : int
            How many rows are shown; -1 for all.
        max_src_column_width, max_name_column_width, max_shapes_column_width : int
            The most characters for lines of code, names and shapes.
        header : str, optional
            A line above the table.

        Raises
        ------
        ValueError
            `sort_by` is not one of these, or needs what was not profiled.
        """
        rows = self._sorted(sort_by)
        shown = rows if row_limit < 0 else rows[:row_limit]
        whole = self.self_cpu_time_total or 1.0
        columns = [
            Column("Name", [each.key for each in shown], text=True, widest=max_name_column_width),
            Column("Self %", [f"{100 * each.self_cpu_time_total / whole:.1f}" for each in shown]),
            Column("Self CPU", [time_text(each.self_cpu_time_total) for each in shown]),
            Column("Total %", [f"{100 * each.cpu_time_total / whole:.1f}" for each in shown]),
            Column("CPU total", [time_text(each.cpu_time_total) for each in shown]),
            Column("Mean", [time_text(each.cpu_time) for each in shown]),
            Column("Calls", [str(each.count) for each in shown]),
        ]
        if self._options.memory:
            columns.append(Column("CPU Mem", [bytes_text(each.cpu_memory_usage) for each in shown]))
            columns.append(Column("Self Mem", [bytes_text(each.self_cpu_memory_usage) for each in shown]))
        if self._options.flops:
            counts = [count_text(each.total_flops) if each.total_flops else "--" for each in shown]
            columns.append(Column("FLOPs", counts))
            columns.append(Column("GFLOP/s", [f"{each.gflops:.2f}" if each.total_flops else "--" for each in shown]))
        if self._shapes:
            cells = [_shapes_text(each.input_shapes) for each in shown]
            columns.append(Column("Input shapes", cells, text=True, widest=max_shapes_column_width, narrowest=24))
        if self._stack:
            # The file's name tells more in few characters than the beginning of its path.
            cells = [each.stack[0].replace("\\", "/").rpartition("/")[2] if each.stack else "" for each in shown]
            columns.append(Column("Source", cells, text=True, widest=max_src_column_width, narrowest=24))
        lines = [*([] if header is None else [header]), *aligned(columns)]
        left = len(rows) - len(shown)
        if left:
            lines.append(f"... and {left} more: row_limit={row_limit}")
        lines += ["", f"Self CPU time total: {time_text(self.self_cpu_time_total)}"]
        return "\n".join(lines) + "\n"

    def _sorted(self, sort_by: str | None) -> list[Average]:
        if sort_by is None:
            return list(self)
        if sort_by not in _SORTABLE:
            raise ValueError(f"table: sort_by={sort_by!r} is no column: {_nearest(str(sort_by))}")
        if "memory" in sort_by and not self._options.memory:
            raise ValueError(
                f"table: sort_by={sort_by!r}: memory was not profiled; pass profile_memory=True to profile"
            )
        if sort_by in ("flops", "gflops") and not self._options.flops:
            raise ValueError(
                f"table: sort_by={sort_by!r}: operations were not counted; pass with_flops=True to profile"
            )
        column = "total_flops" if sort_by == "flops" else sort_by
        return sorted(self, key=lambda each: getattr(each, column), reverse=sort_by != "key")


def _nearest(name: str) -> str:
    """What to say instead of `name`."""
    for device in ("cuda", "device", "xpu"):
        if device in name and name.replace(device, "cpu") in _SORTABLE:
            return f"everything runs on the CPU; pass {name.replace(device, 'cpu')!r}"
    close = get_close_matches(name, _SORTABLE, n=1, cutoff=0.6)
    return (f"did you mean {close[0]!r}? " if close else "") + f"There are {', '.join(_SORTABLE)}"


def _shapes_text(shapes: list[Any]) -> str:
    """Shapes in the brevity of a table: ``32x128, 10x128, -``, with - for no tensor and () for a number."""
    return ", ".join("-" if shape is None else "x".join(map(str, shape)) or "()" for shape in shapes)


def averages_of(events: Iterable[Event], options: Options, by_shape: bool, stack_depth: int) -> Averages:
    """The events of all kinds but modules added up, in the order of the first of each.

    Parameters
    ----------
    by_shape : bool
        Keep apart what had inputs of other shapes.
    stack_depth : int
        Keep apart what came from other lines: so many of the user's, from the innermost. 0 for not.
    """
    found: dict[Any, Average] = {}
    self_time = 0.0
    for event in events:
        if event.cpu_parent is None:
            self_time += event.cpu_time_total
        if event.kind is Kind.MODULE:
            continue
        shapes = event.input_shapes if by_shape else []
        stack = event.stack[:stack_depth]
        key = (event.kind, event.key, str(shapes), tuple(stack))
        average = found.get(key)
        if average is None:
            average = found[key] = Average(event.key, event.kind, input_shapes=shapes, stack=stack)
        average.add(event)
    return Averages(found.values(), options, self_time, shapes=by_shape, stack=bool(stack_depth))
