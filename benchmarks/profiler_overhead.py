"""``python -m benchmarks.profiler_overhead W2-256 W6-...``: what a profiler that records adds to a training step.

Steps without and with a profiler take turns, in the thread's CPU time, which a busy machine disturbs least.
"""

from __future__ import annotations

import sys
from statistics import median
from time import thread_time
from typing import Any

from benchmarks.cases import make
from benchmarks.peers.tinygrad5329_eager import build

_OPTIONS = {
    "times and modules": {},
    "+ shapes, memory, FLOPs": {"record_shapes": True, "profile_memory": True, "with_flops": True},
    "+ the user's lines": {"record_shapes": True, "profile_memory": True, "with_flops": True, "with_stack": True},
}


def measure(workload: str, turns: int = 15, steps: int = 20) -> None:
    """Print what each choice of options adds, in percent of a step and microseconds an event."""
    from tinygrad5329.profiler import profile

    step = build(make(workload)).step
    for _ in range(3):
        step()
    plain: list[float] = []
    profiled: dict[str, list[float]] = {name: [] for name in _OPTIONS}
    events: dict[str, float] = {}
    for _ in range(turns):
        plain.append(_seconds(step, steps))
        for name, options in _OPTIONS.items():
            with profile(**options) as prof:
                profiled[name].append(_seconds(step, steps))
            events[name] = len(prof.events()) / steps
    base = median(plain)
    print(f"{workload}: a step of {1e6 * base:,.0f} us, {events['times and modules']:.0f} events")
    for name, found in profiled.items():
        more = median(a - b for a, b in zip(found, plain, strict=True))
        each = 1e6 * more / events[name]
        print(f"    {name:26} {100 * more / base:6.2f} %   {each:6.2f} us an event")


def _seconds(step: Any, steps: int) -> float:
    start = thread_time()
    for _ in range(steps):
        step()
    return (thread_time() - start) / steps


if __name__ == "__main__":
    for each in sys.argv[1:] or ["W2-256"]:
        measure(each)
