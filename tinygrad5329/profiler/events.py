"""``Event``: one thing that happened while a profile recorded, and how events are made of what was written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tinygrad5329.profiler.measured import Measured
from tinygrad5329.profiler.module_paths import ModuleCall, ModulePaths
from tinygrad5329.profiler.multiply_accumulates import counted, counted_backward
from tinygrad5329.profiler.recorder import FIELDS, Kind, Recorder

__all__ = ["Event", "Interval", "events_of"]


class Interval(NamedTuple):
    """Start and end in microseconds since the recording began (``torch.autograd.profiler_util.Interval``)."""

    start: float
    end: float

    def elapsed_us(self) -> float:
        """How long it took."""
        return self.end - self.start


@dataclass(eq=False, slots=True)
class Event(Measured):
    """One event; names are PyTorch's (``FunctionEvent``), times microseconds, memory bytes.

    Attributes
    ----------
    name : str
        Of the operation, of the node in a backward pass (``LinearBackward0``), or of the block.
    kind : Kind
    time_range : Interval
    thread : int
        The system's number of the thread.
    sequence_nr : int
        The number of the operation on the tape, by which a node finds it; 0 without one.
    cpu_parent, cpu_children
        The event around this one, and those directly inside it.
    self_cpu_memory_usage : int
        Bytes of the arrays that it allocated and returned, or kept for the backward pass; what a kernel
        allocates and frees before it returns is not seen. Where memory was not profiled, 0.
    flops : int
        Floating point operations of its own, two for each multiply-accumulate of a product; 0 where they were not
        profiled.
    input_shapes : list
        Shapes of the inputs, None for those that are no tensors; empty where they were not recorded.
    stack : list of str
        The lines of the user's code that led here, innermost first, where recorded.
    module : ModuleCall or None
        The innermost module that it happened in; for a node, the one that its operation ran in.
    output_shapes
        Of a module, where shapes were recorded.
    """

    name: str
    kind: Kind
    time_range: Interval
    thread: int
    id: int = 0
    sequence_nr: int = 0
    cpu_parent: Event | None = None
    cpu_children: list[Event] = field(default_factory=list)
    self_cpu_memory_usage: int = 0
    flops: int = 0
    input_shapes: list[Any] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    module: ModuleCall | None = None
    output_shapes: Any = None

    @property
    def key(self) -> str:
        """What :meth:`~tinygrad5329.profiler.profile.key_averages` groups by: the name; steps have one key."""
        return "ProfilerStep*" if self.kind is Kind.USER and self.name.startswith("ProfilerStep#") else self.name

    @property
    def is_user_annotation(self) -> bool:
        """Whether it is a block that `record_function` named."""
        return self.kind is Kind.USER

    @property
    def cpu_time_total(self) -> float:
        """How long it took, in microseconds."""
        return self.time_range.elapsed_us()

    cpu_time = cpu_time_total

    @property
    def self_cpu_time_total(self) -> float:
        """The part of it that is not inside other events."""
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    @property
    def cpu_memory_usage(self) -> int:
        """The bytes of this event and all inside it."""
        return self.self_cpu_memory_usage + sum(each.self_cpu_memory_usage for each in self.inside())

    @property
    def total_flops(self) -> int:
        """The floating point operations of this event and all inside it."""
        return self.flops + sum(each.flops for each in self.inside())

    def inside(self) -> Iterator[Event]:
        """All events inside this one."""
        stack = list(self.cpu_children)
        while stack:
            event = stack.pop()
            yield event
            stack += event.cpu_children

    def __repr__(self) -> str:
        return f"<Event {self.name}: {self.cpu_time_total:.1f} us>"


def events_of(recorder: Recorder) -> list[Event]:
    """The events of all threads in the order in which they began, each with what is around and inside it."""
    options = recorder.options
    found: list[Event] = []
    paths = ModulePaths()
    made: dict[int, tuple[Event, Any]] = {}
    #: Nodes, their details, for what is known only once all operations are.
    nodes: list[tuple[Event, Any]] = []
    for thread, (_, records) in recorder.threads.items():
        rows = sorted(zip(*[iter(records)] * FIELDS, strict=True), key=lambda row: (row[0], -row[1]))
        around: list[tuple[int, Event]] = []
        for start, end, kind, what, number, nbytes, details in rows:
            event = Event("", kind, Interval((start - recorder.began) / 1e3, (end - recorder.began) / 1e3), thread)
            event.sequence_nr, event.self_cpu_memory_usage = number, nbytes
            while around and around[-1][0] < end:
                around.pop()
            if around:
                outer = event.cpu_parent = around[-1][1]
                outer.cpu_children.append(event)
                event.module = outer.module
            around.append((end, event))
            found.append(event)
            if kind is Kind.MODULE:
                event.module = paths.call(what, event.module)
                event.name = f"nn.Module: {event.module.path}"
                event.output_shapes = details
            elif kind is Kind.FORWARD:
                event.name = what if isinstance(what, str) else what.name
                # Where an operation calls another, both tell of its node: the inner one, which comes later, made it.
                made[number] = event, details
                if details is not None:
                    shapes, out, stack = details
                    if options.flops and not isinstance(what, str):
                        event.flops = 2 * counted(what.name, shapes, out)
                    event.input_shapes = shapes if options.shapes else []
                    event.stack = _lines(stack)
            else:
                event.name = what
                if kind is Kind.BACKWARD:
                    nodes.append((event, details))
    made.pop(0, None)
    for event, details in nodes:
        _complete(event, details, made.get(event.sequence_nr))
    found.sort(key=lambda event: event.time_range.start)
    for number, event in enumerate(found):
        event.id = number
    return found


def _complete(event: Event, details: Any, forward: tuple[Event, Any] | None) -> None:
    """Give a node's event what its operation's event knows."""
    noted = None
    if forward is not None:
        event.module, event.stack, noted = forward[0].module, forward[0].stack, forward[1]
        event.input_shapes = forward[0].input_shapes
    if details is None:
        return
    shapes, out, needs, op = details
    if noted is not None:
        shapes = [mine or theirs for mine, theirs in zip(shapes, noted[0], strict=True)]
    event.flops = 2 * counted_backward(op, shapes, out, needs)


def _lines(stack: Any) -> list[str]:
    return [f"{code.co_filename}({line}): {code.co_name}" for code, line in stack or ()]
