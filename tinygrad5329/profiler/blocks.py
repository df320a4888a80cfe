"""``record_function``: a named block of the user's in a profile (``torch.profiler.record_function``)."""

from __future__ import annotations

from contextlib import ContextDecorator
from time import perf_counter_ns

from tinygrad5329.profiler.attachment import attached
from tinygrad5329.profiler.recorder import Kind

__all__ = ["record_function"]


class record_function(ContextDecorator):
    """A block, or a decorated function, that appears in a profile under `name`; without a profiler, nothing happens.

    Parameters
    ----------
    name : str
    args : str, optional
        Shown behind the name.

    Raises
    ------
    TypeError
        `name` is no str.
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        if not isinstance(name, str):
            raise TypeError(f"record_function: name must be a str, got {type(name).__name__}")
        self.name = name
        self.args = args
        self._began: list[int] = []

    def __enter__(self) -> record_function:
        self._began.append(perf_counter_ns())
        return self

    def __exit__(self, *error: object) -> None:
        start = self._began.pop()
        recorder = attached()
        if recorder is not None:
            # A block that was open when the recording began is known from there on.
            name = self.name if self.args is None else f"{self.name} {self.args}"
            recorder.log.add((max(start, recorder.began), perf_counter_ns(), Kind.USER, name, 0, 0, None))

    def _recreate_cm(self) -> record_function:
        # A decorated function may run in several threads, or call itself.
        return record_function(self.name, self.args)
