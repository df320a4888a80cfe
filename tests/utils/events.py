"""Reading event files back, with the messages of whichever library is installed."""

from __future__ import annotations

import struct
from importlib import import_module
from pathlib import Path
from typing import Any


def read_events(folder: Path, library: str) -> list[Any]:
    """The events in the files of `folder`, not of those below it, in the order they were written."""
    package = "tensorboardX.proto" if library == "tensorboardX" else "tensorboard.compat.proto"
    kind = import_module(f"{package}.event_pb2").Event
    events = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data = path.read_bytes()
        while data:
            # A record: its length, the checksum of that, the event, the checksum of that.
            (length,) = struct.unpack("<Q", data[:8])
            events.append(kind.FromString(data[12 : 12 + length]))
            data = data[16 + length :]
    return events


def values_of(events: list[Any]) -> dict[str, list[tuple[int, Any]]]:
    """What was written under each tag: steps and values."""
    found: dict[str, list[tuple[int, Any]]] = {}
    for event in events:
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value))
    return found


def curves_of(events: list[Any]) -> dict[str, list[tuple[int, float]]]:
    """The curves alone."""
    return {
        tag: [(step, value.simple_value) for step, value in values]
        for tag, values in values_of(events).items()
        if values[0][1].WhichOneof("value") == "simple_value"
    }
