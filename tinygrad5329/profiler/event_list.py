"""``EventList``: all events of a profile, with what PyTorch's list of them can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad5329.profiler.averages import Average, Averages, averages_of
from tinygrad5329.profiler.events import Event
from tinygrad5329.profiler.recorder import Options

__all__ = ["EventList"]


class EventList(list[Event]):
    """Events in the order in which they began (``torch.autograd.profiler_util.EventList``)."""

    def __init__(self, events: Iterable[Event], options: Options) -> None:
        super().__init__(events)
        self._options = options

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> Averages:
        """The events added up by name; see :meth:`tinygrad5329.profiler.profile.key_averages`."""
        if group_by_input_shape and not self._options.shapes:
            raise ValueError("key_averages: no shapes were recorded; pass record_shapes=True to profile")
        if group_by_stack_n and not self._options.stack:
            raise ValueError("key_averages: no lines were recorded; pass with_stack=True to profile")
        return averages_of(self, self._options, group_by_input_shape, group_by_stack_n)

    def total_average(self) -> Average:
        """All of them as one."""
        return self.key_averages().total_average()

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, in microseconds."""
        return self.key_averages().self_cpu_time_total

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options: Any) -> str:
        """One row an event, modules among them; options are those of ``key_averages().table``."""
        rows = []
        for event in self:
            rows.append(Average(event.name, event.kind, input_shapes=event.input_shapes, stack=event.stack))
            rows[-1].add(event, always=True)
        shapes, stack = self._options.shapes, self._options.stack
        whole = Averages(rows, self._options, self.self_cpu_time_total, shapes=shapes, stack=stack)
        return whole.table(sort_by, row_limit, **options)

    def __str__(self) -> str:
        return self.table()
