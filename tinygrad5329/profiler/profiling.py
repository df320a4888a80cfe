"""``profile``: record what a block does (``torch.profiler.profile``)."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterable
from contextlib import ContextDecorator
from time import perf_counter_ns
from typing import Any

from tinygrad5329.atomic import write_atomically
from tinygrad5329.profiler.attachment import attach, detach
from tinygrad5329.profiler.averages import Averages
from tinygrad5329.profiler.breakdown import Breakdown, by_module, by_operation
from tinygrad5329.profiler.event_list import EventList
from tinygrad5329.profiler.events import events_of
from tinygrad5329.profiler.recorder import Kind, Options, Recorder
from tinygrad5329.profiler.schedule import ProfilerAction, ProfilerActivity
from tinygrad5329.profiler.trace import chrome_trace, stacks, write_trace

__all__ = ["profile"]

_RECORDING = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


class profile(ContextDecorator):
    """Records operations, gradient rules, module calls and optimizer steps of a block (``torch.profiler.profile``).

    Everything that runs meanwhile is recorded, in all threads. Names of events are those of the operations here
    (``linear``) and of their nodes (``LinearBackward0``). A profiler that does not record costs nothing; one that
    does takes a microsecond or so an event, which counts as part of what is around the event.

    Parameters
    ----------
    activities : iterable of ProfilerActivity, optional
        There is the CPU alone; asking for another device warns.
    schedule : callable, optional
        Which steps are recorded; see :func:`~tinygrad5329.profiler.schedule`. Then call :meth:`step` after each.
    on_trace_ready : callable, optional
        Called with the profiler whenever a recording is complete.
    record_shapes : bool
        Note the shapes of inputs, and of what modules return.
    profile_memory : bool
        Count the bytes of the arrays that operations return or keep.
    with_stack : bool
        Note the lines of the user's code that led to each operation.
    with_flops : bool
        Count floating point operations of products: matrices, convolutions, attention, recurrent layers.
    with_modules : bool
        Note module calls. Unlike PyTorch's it is on unless switched off.
    acc_events : bool
        Keep the events of all cycles of a schedule, not only of the last.

    Raises
    ------
    TypeError
        An option is of another kind.
    AssertionError
        There are no activities.
    RuntimeError
        When it starts while another one records.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> model = tg.nn.Sequential(tg.nn.Linear(4, 8), tg.nn.ReLU(), tg.nn.Linear(8, 1))
    >>> with profile(with_flops=True) as prof:
    ...     model(tg.ones(16, 4)).sum().backward()
    >>> [(each.key, each.count, each.flops) for each in prof.key_averages() if "linear" in each.key.lower()]
    [('linear', 2, 1280), ('LinearBackward0', 2, 1536)]
    >>> print(prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=5))  # doctest: +SKIP
    >>> print(prof.by_module().table())  # doctest: +SKIP
    >>> prof.export_chrome_trace("trace.json")  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = True,
        acc_events: bool = False,
    ) -> None:
        activities = (ProfilerActivity.CPU,) if activities is None else tuple(activities)
        if not activities:
            raise AssertionError("profile: no activities: pass activities=[ProfilerActivity.CPU], or none")
        for each in activities:
            if not isinstance(each, ProfilerActivity):
                raise TypeError(
                    f"profile: activities: expected ProfilerActivity.CPU, got {type(each).__name__}; pass "
                    "activities=[ProfilerActivity.CPU], or none"
                )
            if each is not ProfilerActivity.CPU:
                warnings.warn(f"profile: there is no {each.name} here: the CPU alone is profiled", stacklevel=2)
        for name, value in (("schedule", schedule), ("on_trace_ready", on_trace_ready)):
            if value is not None and not callable(value):
                raise TypeError(f"profile: {name} must be a function, got {type(value).__name__}")
        self._options = Options(
            shapes=record_shapes, memory=profile_memory, stack=with_stack, flops=with_flops, modules=with_modules
        )
        self._schedule = schedule
        self._on_trace_ready = on_trace_ready
        self._keeps_all = acc_events
        self._action = ProfilerAction.NONE
        self._recorder: Recorder | None = None
        self._finished: list[Recorder] = []
        self._events: EventList | None = None
        self._metadata: dict[str, Any] = {}
        self._step_began = 0
        self.step_num = 0

    # --- starting and stopping -----------------------------------------------------------------------

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin with the first step; without a schedule, begin to record."""
        if self._recorder is not None:
            raise RuntimeError("profile: it has started already; stop() it first")
        self._move_to(ProfilerAction.RECORD if self._schedule is None else self._schedule(self.step_num))

    def stop(self) -> None:
        """End the recording. Nothing happens if nothing is recorded."""
        self._end_step()
        self._move_to(None)

    def step(self) -> None:
        """Say that a step has ended and the next one begins."""
        self._end_step()
        self.step_num += 1
        if self._schedule is not None:
            self._move_to(self._schedule(self.step_num))

    def _end_step(self) -> None:
        """Note the step that ends as a block."""
        if self._recorder is not None and self._schedule is not None:
            start = max(self._step_began, self._recorder.began)
            self._recorder.log.add((start, perf_counter_ns(), Kind.USER, f"ProfilerStep#{self.step_num}", 0, 0, None))

    def _move_to(self, action: ProfilerAction | None) -> None:
        """Do what follows from the last step's action and the next one's; None is the end."""
        before, recorder = self._action, self._recorder
        if recorder is not None and (
            action in (None, ProfilerAction.NONE)
            or before is ProfilerAction.RECORD_AND_SAVE
            or (before in _RECORDING and action is ProfilerAction.WARMUP)
        ):
            self._recorder = None
            recorder.ended = perf_counter_ns()
            detach(recorder)
            if before in _RECORDING:
                self._finished = [*(self._finished if self._keeps_all else ()), recorder]
                self._events = None
                # In front of the call, which may ask what is recorded.
                self._action = ProfilerAction.NONE
                if self._on_trace_ready is not None:
                    self._on_trace_ready(self)
        if action is not None and action is not ProfilerAction.NONE:
            if self._recorder is None:
                starting = Recorder(self._options)
                attach(starting)
                self._recorder = starting
            elif before is ProfilerAction.WARMUP and action in _RECORDING:
                self._recorder.forget()
        self._action = ProfilerAction.NONE if action is None else action
        self._step_began = perf_counter_ns()

    # --- results -------------------------------------------------------------------------------------

    def events(self) -> EventList:
        """What was recorded, in the order in which it began: a list, which has ``table()`` and ``key_averages()``.

        Raises
        ------
        RuntimeError
            Nothing has been recorded yet.
        """
        if self._events is None:
            if not self._finished:
                raise RuntimeError(_nothing_recorded(self._recorder is not None, self._schedule is not None))
            first, *others = (events_of(recorder) for recorder in self._finished)
            # Recordings of several cycles, one after the other.
            for recorder, events in zip(self._finished[1:], others, strict=True):
                offset = (recorder.began - self._finished[0].began) / 1e3
                for event in events:
                    event.time_range = event.time_range._replace(
                        start=event.time_range.start + offset, end=event.time_range.end + offset
                    )
                    event.id += len(first)
                first = first + events
            self._events = EventList(first, self._options)
        return self._events

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> Averages:
        """The events added up by name (``profile.key_averages``).

        Parameters
        ----------
        group_by_input_shape : bool
            Keep apart what had inputs of other shapes; needs `record_shapes`.
        group_by_stack_n : int
            Keep apart what came from other lines: so many of the user's, from the innermost; needs `with_stack`.

        Raises
        ------
        ValueError
            Shapes or lines were not recorded.
        """
        return self.events().key_averages(group_by_input_shape, group_by_stack_n)

    def by_operation(self) -> Breakdown:
        """For each operation, calls and times of its forward and its gradient rules side by side."""
        return by_operation(self.events(), self._options)

    def by_module(self) -> Breakdown:
        """For each module that was called, the times of the forward and of the gradient rules of what ran in it.

        Raises
        ------
        ValueError
            Module calls were not recorded.
        """
        if not self._options.modules:
            raise ValueError("by_module: no module calls were recorded; pass with_modules=True to profile")
        return by_module(self.events(), self._options)

    def node_times(self) -> dict[int, tuple[float | None, float | None]]:
        """Seconds of forward and backward of each operation by its number on the tape (``node.seq``).

        None stands for what did not run while this recorded. A node that was passed twice has the sum.
        """
        found: dict[int, tuple[float | None, float | None]] = {}
        for event in self.events():
            number, took = event.sequence_nr, event.cpu_time_total / 1e6
            if not number:
                continue
            forward, backward = found.get(number, (None, None))
            if event.kind is Kind.BACKWARD:
                found[number] = forward, took + (backward or 0.0)
            elif forward is None:
                found[number] = took, backward
        return found

    # --- files ---------------------------------------------------------------------------------------

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write the events for chrome://tracing, Perfetto (ui.perfetto.dev) or TensorBoard; ``.gz`` compresses."""
        events = self.events()
        threads = {thread: name for each in self._finished for thread, (name, _) in each.threads.items()}
        write_trace(path, chrome_trace(events, threads, self._metadata))

    def export_stacks(self, path: str | os.PathLike[str], metric: str = "self_cpu_time_total") -> None:
        """Write stacks with their time, for flame graphs; needs `with_stack`.

        Raises
        ------
        ValueError
            No lines were recorded, or `metric` is not ``"self_cpu_time_total"``.
        """
        if metric != "self_cpu_time_total":
            raise ValueError(f"export_stacks: metric={metric!r}: there is no device but the CPU; 'self_cpu_time_total'")
        if not self._options.stack:
            raise ValueError("export_stacks: no lines were recorded; pass with_stack=True to profile")
        write_atomically(path, stacks(self.events()))

    def add_metadata(self, key: str, value: str) -> None:
        """Put a string into the trace's file."""
        self._metadata[str(key)] = str(value)

    def add_metadata_json(self, key: str, value: str) -> None:
        """Put a value, given as JSON, into the trace's file."""
        self._metadata[str(key)] = json.loads(value)


def _nothing_recorded(running: bool, scheduled: bool) -> str:
    if running:
        return "profile: it still records: leave its block, or stop() it, before asking for results"
    if scheduled:
        return (
            "profile: nothing was recorded: the schedule never came to the end of an active step; call step() after "
            "each step, at least wait + warmup + active times"
        )
    return "profile: nothing was recorded: use it as `with profile() as prof: ...`, or call start() and stop()"
