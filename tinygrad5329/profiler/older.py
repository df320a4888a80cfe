"""``torch.autograd.profiler``: the older way to ask for a profile, which much published code still uses."""

from __future__ import annotations

import warnings
from typing import Any

from tinygrad5329.profiler.averages import Average
from tinygrad5329.profiler.blocks import record_function
from tinygrad5329.profiler.profiling import profile as _profile

__all__ = ["profile", "record_function"]


class profile(_profile):
    """A block whose operations are recorded (``torch.autograd.profiler.profile``).

    Parameters
    ----------
    enabled : bool
        Otherwise nothing is recorded, and results raise.
    use_cuda : bool
        There is none: warns.
    record_shapes, with_flops, profile_memory, with_stack, with_modules : bool
        As for :class:`tinygrad5329.profiler.profile`.
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_modules: bool = True,
    ) -> None:
        if use_cuda:
            warnings.warn("profile: there is no CUDA here: the CPU alone is profiled", stacklevel=2)
        self.enabled = bool(enabled)
        super().__init__(
            record_shapes=record_shapes, with_flops=with_flops, profile_memory=profile_memory, with_stack=with_stack,
            with_modules=with_modules,
        )  # fmt: skip

    def __str__(self) -> str:
        return self.table() if self._finished else repr(self)

    def start(self) -> None:
        """Begin to record, if it is enabled."""
        if self.enabled:
            super().start()

    @property
    def function_events(self) -> Any:
        """The events."""
        return self.events()

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options: Any) -> str:
        """The table of all events added up by name."""
        return self.key_averages().table(sort_by=sort_by, row_limit=row_limit, **options)

    def total_average(self) -> Average:
        """All events as one."""
        return self.key_averages().total_average()

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, in microseconds."""
        return self.key_averages().self_cpu_time_total
