"""What is written down while a profile records: as little as can be, for everything else is worked out afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from time import perf_counter_ns
from typing import Any

import numpy as np

__all__ = ["FIELDS", "Kind", "Options", "Recorder", "shape_of", "shapes_in", "users_stack"]

#: How many values one record has: start and end in nanoseconds, kind, what, number on the tape, bytes, details.
FIELDS = 7
#: How many of the user's frames are noted.
_DEPTH = 32


class Kind(IntEnum):
    """What a record is about, and what its `what` and details are."""

    #: An operation: its primitive or name. Details: shapes of inputs and output, stack.
    FORWARD = 0
    #: A node in a backward pass: its name. Details: shapes, output's shape, which gradients, primitive's name.
    BACKWARD = 1
    #: A call of a module: the module. Details: shapes of what it returned.
    MODULE = 2
    #: A block of the user's: its name.
    USER = 3
    #: A part of the engine: its name.
    ENGINE = 4


@dataclass(frozen=True)
class Options:
    """What a profile notes beyond times."""

    shapes: bool = False
    memory: bool = False
    stack: bool = False
    flops: bool = False
    modules: bool = True


class _Log(threading.local):
    """One thread's records, one after the other in a flat list: no object a record for the collector to visit."""

    def __init__(self, threads: dict[int, tuple[str, list[Any]]]) -> None:
        thread = threading.current_thread()
        # A thread that has ended may have left its number to this one.
        _, records = threads.setdefault(threading.get_native_id(), (thread.name, []))
        self.add: Callable[[Any], None] = records.extend
        #: Where optimizer steps began that have not ended.
        self.steps: list[tuple[Any, int]] = []


class Recorder:
    """The records of all threads.

    Attributes
    ----------
    log : threading.local
        ``log.add`` takes a tuple of :data:`FIELDS` values.
    threads : dict
        By the system's number of each thread: its name and its records.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.threads: dict[int, tuple[str, list[Any]]] = {}
        self.log = _Log(self.threads)
        self.began = perf_counter_ns()
        self.ended = 0

    def forget(self) -> None:
        """Throw away what has been written down so far."""
        for _, records in self.threads.values():
            del records[:]
        self.began = perf_counter_ns()


def users_stack(frame: Any) -> tuple[tuple[Any, int], ...]:
    """The code objects and lines of the user's frames from `frame` outwards, innermost first."""
    found: list[tuple[Any, int]] = []
    while frame is not None and len(found) < _DEPTH:
        if not frame.f_globals.get("__name__", "").startswith("tinygrad5329."):
            found.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return tuple(found)


def shape_of(value: Any) -> Any:
    """The shape of a tensor or an array, None of anything else."""
    array = getattr(value, "_array", value)
    return array.shape if isinstance(array, np.ndarray) else None


def shapes_in(value: Any) -> Any:
    """The shapes of the tensors in what a module returned, in lists and dicts like theirs."""
    if isinstance(value, (list, tuple)):
        return [shapes_in(each) for each in value]
    if isinstance(value, dict):
        return {key: shapes_in(each) for key, each in value.items()}
    return shape_of(value)
