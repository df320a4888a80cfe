"""Where time and memory go: ``profile`` and its tables (``torch.profiler``).

>>> import tinygrad5329 as tg
>>> from tinygrad5329.profiler import profile, record_function
>>> model = tg.nn.Linear(3, 2)
>>> with profile(profile_memory=True) as prof, record_function("step"):
...     model(tg.ones(5, 3)).sum().backward()
>>> [each.key for each in prof.key_averages() if each.kind.name in ("FORWARD", "BACKWARD")]
['linear', 'sum', 'SumBackward0', 'LinearBackward0']

``prof.key_averages().table(...)`` is PyTorch's table; ``prof.by_module()`` and ``prof.by_operation()`` put forward and
backward side by side; ``prof.export_chrome_trace(path)`` writes what chrome://tracing and Perfetto show.
"""

from __future__ import annotations

from tinygrad5329.profiler.blocks import record_function
from tinygrad5329.profiler.handlers import tensorboard_trace_handler
from tinygrad5329.profiler.profiling import profile
from tinygrad5329.profiler.schedule import ProfilerAction, ProfilerActivity, schedule, supported_activities

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]
