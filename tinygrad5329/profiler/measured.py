"""What one event and the sum of several have in common: times as text, and what PyTorch says of devices."""

from __future__ import annotations

from typing import Any

from tinygrad5329.profiler.units import time_text

__all__ = ["Measured"]


class Measured:
    """Adds to ``cpu_time``, ``cpu_time_total`` and ``self_cpu_time_total`` their texts (``FormattedTimesMixin``).

    Attributes
    ----------
    device_time, device_time_total, self_device_time_total, device_memory_usage, self_device_memory_usage
        0: there is no device but the CPU.
    use_device
        None, likewise.
    is_async, is_remote : bool
        False: nothing runs elsewhere.
    """

    __slots__ = ()

    device_time = device_time_total = self_device_time_total = 0.0
    device_memory_usage = self_device_memory_usage = 0
    use_device = None
    is_async = is_remote = False

    @property
    def cpu_time_str(self: Any) -> str:
        """``cpu_time`` in a unit that suits it."""
        return time_text(self.cpu_time)

    @property
    def cpu_time_total_str(self: Any) -> str:
        """``cpu_time_total`` in a unit that suits it."""
        return time_text(self.cpu_time_total)

    @property
    def self_cpu_time_total_str(self: Any) -> str:
        """``self_cpu_time_total`` in a unit that suits it."""
        return time_text(self.self_cpu_time_total)
