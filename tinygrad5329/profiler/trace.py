"""Writing a profile for other programs: Chrome's trace format, and stacks for flame graphs."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from tinygrad5329.atomic import write_atomically
from tinygrad5329.profiler.events import Event
from tinygrad5329.profiler.recorder import Kind

__all__ = ["chrome_trace", "stacks", "write_trace"]

#: PyTorch's categories, by which viewers colour and filter.
_CATEGORIES = {
    Kind.FORWARD: "cpu_op",
    Kind.BACKWARD: "cpu_op",
    Kind.MODULE: "python_function",
    Kind.USER: "user_annotation",
    Kind.ENGINE: "cpu_op",
}


def chrome_trace(events: list[Event], threads: dict[int, str], metadata: dict[str, Any]) -> dict[str, Any]:
    """The events in the trace format of Chrome and Perfetto; arrows lead from operations to their gradient rules.

    Times are in microseconds. Nesting follows from times, as the format has it.
    """
    process = os.getpid()
    found: list[dict[str, Any]] = [
        {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": "tinygrad5329"}}
    ]
    for thread, name in threads.items():
        found.append({"ph": "M", "name": "thread_name", "pid": process, "tid": thread, "args": {"name": name}})
    made = {
        event.sequence_nr: event
        for event in events
        if event.kind is Kind.FORWARD and event.sequence_nr  # the innermost, which comes last
    }
    for event in events:
        start = round(event.time_range.start, 3)
        where = {"pid": process, "tid": event.thread}
        found.append(
            {
                "ph": "X",
                "cat": _CATEGORIES[event.kind],
                "name": event.name,
                **where,
                "ts": start,
                "dur": round(event.cpu_time_total, 3),
                "args": _arguments(event),
            }
        )
        forward = made.get(event.sequence_nr) if event.kind is Kind.BACKWARD else None
        if forward is not None:
            arrow = {"cat": "fwdbwd", "name": "fwdbwd", "id": event.id, "pid": process}
            found.append({"ph": "s", **arrow, "tid": forward.thread, "ts": round(forward.time_range.start, 3)})
            found.append({"ph": "f", **arrow, "tid": event.thread, "ts": start, "bp": "e"})
    return {"schemaVersion": 1, "displayTimeUnit": "ms", **metadata, "traceEvents": found}


def _arguments(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = {"External id": event.id}
    if event.sequence_nr:
        found["Sequence number"] = event.sequence_nr
    if event.module is not None:
        found["Module"] = event.module.path
        if event.kind is Kind.MODULE:
            found["Class"] = event.module.class_name
    if event.input_shapes:
        found["Input Dims"] = event.input_shapes
    if event.output_shapes is not None:
        found["Output Dims"] = event.output_shapes
    if event.self_cpu_memory_usage:
        found["Bytes"] = event.self_cpu_memory_usage
    if event.flops:
        found["FLOPs"] = event.flops
        found["GFLOP/s"] = round(event.flops / event.cpu_time_total / 1e3, 3)
    if event.stack:
        found["Call stack"] = event.stack
    return found


def write_trace(path: str | os.PathLike[str], trace: dict[str, Any]) -> None:
    """Write `trace` as JSON, compressed if the name ends in ``.gz``."""
    # Keys of a module's own output may be of any kind.
    text = json.dumps(trace, default=str, skipkeys=False)
    write_atomically(path, gzip.compress(text.encode()) if Path(path).suffix == ".gz" else text)


def stacks(events: list[Event]) -> str:
    """Lines ``outermost;...;innermost;event number`` with the self time in microseconds, for flame graphs."""
    totals: Counter[str] = Counter()
    for event in events:
        if event.stack:
            frames = [*reversed(event.stack), event.name]
            totals[";".join(each.translate(_SPACES) for each in frames)] += max(0, int(event.self_cpu_time_total))
    return "".join(f"{frames} {value}\n" for frames, value in totals.items() if value)


#: Separators of the format, which names must not hold.
_SPACES = str.maketrans(" ;\t\n", "____")
