"""``torch.profiler``: the blocks can stay in a script, but nothing is recorded, and what asks for results says so."""

from __future__ import annotations

import enum
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any, NoReturn

from tinygrad5329.compat.notice import notice

__all__ = ["ProfilerAction", "ProfilerActivity", "profile", "record_function", "schedule"]


class ProfilerActivity(enum.Enum):
    """What PyTorch can record."""

    CPU = 0
    XPU = 1
    CUDA = 3


class ProfilerAction(enum.Enum):
    """What PyTorch's profiler does in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


class record_function(ContextDecorator):
    """A named block or function: nothing happens. TypeError unless `name` is a str."""

    def __init__(self, name: str, args: str | None = None) -> None:
        if not isinstance(name, str):
            raise TypeError(f"record_function: name must be a str, got {type(name).__name__}")
        self.name = name

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *error: object) -> None:
        """Leaves an error to go on."""


class profile(ContextDecorator):
    """A block that PyTorch would record; a notice says, once, that nothing is. Any of PyTorch's options may be given.

    Results (``key_averages()``, ``export_chrome_trace(...)``) raise RuntimeError.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        notice("profile: nothing is recorded here; python -m cProfile tells where the time goes")
        self.step_num = 0

    def __enter__(self) -> profile:
        return self

    def __exit__(self, *error: object) -> None:
        """Leaves an error to go on."""

    def start(self) -> None:
        """Nothing is recorded."""

    def stop(self) -> None:
        """Nothing is recorded."""

    def step(self) -> None:
        """Counts steps in ``step_num``."""
        self.step_num += 1

    def __getattr__(self, name: str) -> NoReturn:
        text = f"profile.{name}: nothing was recorded; profile with python -m cProfile instead"
        raise AttributeError(text) if name.startswith("_") else RuntimeError(text)


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """A function of the step's number that says what a profiler does in it, which is nothing."""
    return lambda step: ProfilerAction.NONE
