"""``CompiledStep``: a function that is recorded when it is first called, and replayed from then on."""

from __future__ import annotations

import functools
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad5329.replay.environment import Environment
from tinygrad5329.replay.listening import listening
from tinygrad5329.replay.program import Program
from tinygrad5329.replay.recorder import Recorder
from tinygrad5329.replay.source import MISS, Source
from tinygrad5329.replay.traced import plain

__all__ = ["CompiledStep"]

#: Programs that are kept, each for its own guards.
_KEPT = 8
#: Recordings without a replay between them, after which the step is left alone.
_PATIENCE = 16

_recording = threading.local()
#: Held while a step is recorded, and while its list of entries is exchanged for another.
_lock = threading.RLock()


class _Entry:
    """What is known for one set of guards: a recording, and the replay once a second one was the same."""

    __slots__ = ("check", "program", "run", "source")

    def __init__(self, check: Callable[[Any, Any], bool], program: Program) -> None:
        self.check = check
        self.program = program
        self.run: Callable[[Any, Any], Any] | None = None
        self.source: Source | None = None


class CompiledStep:
    """A step that is recorded twice and then replayed; see :func:`tinygrad5329.compile`.

    Attributes
    ----------
    code : str
        The replay that ran last, as Python.
    """

    def __init__(self, function: Callable[..., Any], fullgraph: bool = False) -> None:
        functools.update_wrapper(self, function, updated=())
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self._compiled_function = function
        self._fullgraph = fullgraph
        self._entries: list[_Entry] = []
        self._recordings = 0
        self._eager = False
        self._warned: set[str] = set()
        self._difference = "each had other guards"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function would return, replayed where the guards hold."""
        if self._eager or getattr(_recording, "on", False):
            return self._compiled_function(*args, **kwargs)
        result = self._replayed(args, kwargs)
        if result is MISS:
            with _lock:
                # Another thread may have recorded what this one waited for.
                result = self._replayed(args, kwargs)
                if result is MISS:
                    result = self._record(args, kwargs)
        return self._compiled_function(*args, **kwargs) if result is MISS else result

    def _replayed(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the first replay whose guards hold gives; `MISS` where none do."""
        entries = self._entries
        for entry in entries:
            if entry.run is not None and entry.check(args, kwargs):
                result = entry.run(args, kwargs)
                if result is not MISS:
                    if entry is not entries[0]:
                        self._first(entry)
                    self._recordings = 0
                    return result
        return MISS

    def _first(self, entry: _Entry) -> None:
        """Look at `entry` first from now on. Lists of entries are never changed: other threads go through them."""
        with _lock:
            if entry in self._entries:
                self._entries = [entry, *(each for each in self._entries if each is not entry)]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    @property
    def code(self) -> str:
        source = self._latest()
        return "# not recorded yet: a step is recorded in its first two calls\n" if source is None else source.text

    def memory_plan(self) -> str:
        """The steps at which most memory is alive, from the liveness of the replay's arrays."""
        source = self._latest()
        if source is None:
            return self.code
        peak = max((size for _, size in source.plan), default=0)
        lines = [f"{'step':>6}  {'alive kB':>12}  operation"]
        lines += [
            f"{i:>6}  {size / 1024:>12,.1f}  {what}{'   <- peak' if size == peak else ''}"
            for i, (what, size) in enumerate(source.plan)
            if size
        ]
        return "\n".join(lines)

    def _latest(self) -> Source | None:
        return next((entry.source for entry in self._entries if entry.source is not None), None)

    # --- recording -----------------------------------------------------------------------------------

    def _record(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the step eagerly and write it down; `MISS` if it is one to leave alone."""
        environment = Environment(self._compiled_function, args, kwargs)
        reason = environment.refusal
        if reason is None:
            changed = environment.changed(args, kwargs)
            reason = None if changed is None else f"a step cannot be replayed with {changed}"
        self._recordings += 1
        if self._recordings > _PATIENCE:
            self._eager = True
            reason = f"no two of {_PATIENCE} recordings were the same: {self._difference}"
        if reason is not None:
            self._tell(reason)
            return MISS
        recorder = Recorder(environment.given, environment.watched)
        waiting = [entry for entry in self._entries if entry.run is None and entry.check(args, kwargs)]
        _recording.on = True
        try:
            scope = getattr(self._compiled_function, "__globals__", {})
            with listening(recorder, scope), environment.watching_options(recorder):
                result = self._compiled_function(*_heard(recorder, args), **_heard(recorder, kwargs))
                returned = recorder.finish(result)
        finally:
            _recording.on = False
        changed = environment.changed(args, kwargs)
        if changed is not None:
            recorder.refuse(f"the step changes {changed}")
        environment.add_tensors(recorder)
        program = Program(recorder, returned)
        result = plain(result)
        recorder.close()
        self._keep(environment, program, waiting)
        return result

    def _keep(self, environment: Environment, program: Program, waiting: list[_Entry]) -> None:
        """Make a replay of a program that was recorded before; keep another until it is recorded again."""
        entry = _Entry(environment.check(), program)
        if program.refusal is not None:
            entry.run = self._run_eagerly
            self._recordings = 0
            self._tell(program.refusal)
        for other in waiting:
            self._difference = program.differs_from(other.program) or ""
            if not self._difference:
                entry.source = Source(program)
                entry.run = entry.source.function()
                self._entries = [each for each in self._entries if each is not other]
        self._entries = [entry, *self._entries][:_KEPT]

    def _run_eagerly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._compiled_function(*args, **kwargs)

    def _tell(self, reason: str) -> None:
        """Say once why the step runs eagerly."""
        text = f"compile: {self.__name__} runs eagerly: {reason}"
        if self._fullgraph:
            raise RuntimeError(text)
        if reason not in self._warned:
            self._warned.add(reason)
            frame, level = sys._getframe(1), 2
            while frame.f_back is not None and frame.f_globals["__name__"].startswith("tinygrad5329.replay"):
                frame, level = frame.f_back, level + 1
            warnings.warn(text, UserWarning, stacklevel=level)


def _heard(recorder: Recorder, value: Any) -> Any:
    """Arguments as the recorded step sees them: arrays traced."""
    if isinstance(value, np.ndarray):
        return recorder.asarray(value)
    if type(value) in (tuple, list):
        return type(value)(_heard(recorder, each) for each in value)
    if type(value) is dict:
        return {key: _heard(recorder, each) for key, each in value.items()}
    return value
