"""In which steps a profiler records: ``schedule`` and what it says (``torch.profiler.schedule``)."""

from __future__ import annotations

import enum
from collections.abc import Callable

__all__ = ["ProfilerAction", "ProfilerActivity", "schedule", "supported_activities"]


class ProfilerActivity(enum.Enum):
    """Where PyTorch can record; here everything runs on the CPU."""

    CPU = 0
    XPU = 1
    CUDA = 3


def supported_activities() -> set[ProfilerActivity]:
    """What can be recorded on this machine (``torch.profiler.supported_activities``)."""
    return {ProfilerActivity.CPU}


class ProfilerAction(enum.Enum):
    """What a profiler does in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """A function of the step's number for ``profile(schedule=...)`` (``torch.profiler.schedule``).

    Parameters
    ----------
    wait, warmup, active : int
        Steps of each cycle: not recorded, recorded and thrown away, recorded.
    repeat : int
        How many cycles there are; 0 for no end.
    skip_first : int
        Steps before the first cycle.
    skip_first_wait : int
        If not 0, the first cycle does not wait.

    Raises
    ------
    AssertionError
        A number is negative, or `active` is 0.

    Examples
    --------
    >>> plan = schedule(wait=1, warmup=1, active=2, repeat=1)
    >>> [plan(step).name for step in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    numbers = {"wait": wait, "warmup": warmup, "repeat": repeat, "skip_first": skip_first}
    for name, number in {**numbers, "skip_first_wait": skip_first_wait}.items():
        if number < 0:
            raise AssertionError(f"schedule: {name} must not be negative, got {number}")
    if active < 1:
        raise AssertionError(f"schedule: active must be at least 1, got {active}: no step would be recorded")
    cycle = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"schedule: steps are numbered from 0, got {step}")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        if repeat and step // cycle >= repeat:
            return ProfilerAction.NONE
        place = step % cycle
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD_AND_SAVE if place == cycle - 1 else ProfilerAction.RECORD

    return action
