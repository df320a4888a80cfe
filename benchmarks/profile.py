"""``python -m benchmarks profile``: where one step of this package goes, per layer of the engine and per operation."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter, thread_time
from typing import Any

from benchmarks.cases import make, select
from benchmarks.instruments import LAYERS, Clocks, Key, Section, attached
from benchmarks.process import THREAD_VARIABLES

__all__ = ["Profile", "main", "profile", "table"]

#: How often steps with and without clocks take turns.
_TURNS = 15

_OP_LAYERS = ("dispatch", "kernel", "record", "pull", "rule")


@dataclass
class Profile:
    """A step without clocks, and its sections: microseconds and calls by layer and name, which sum to it.

    `slower` is how much slower steps with clocks ran, the clocks' own time taken off: what the sections have
    been divided by, and how far to trust them.
    """

    workload: str
    step_us: float
    slower: float
    sections: dict[Key, tuple[float, float]]

    def layer(self, layer: str) -> tuple[float, float]:
        parts = [value for key, value in self.sections.items() if key[0] == layer]
        return sum(part[0] for part in parts), sum(part[1] for part in parts)


def profile(workload: str, seconds: float = 3.0, clock: Callable[[], float] = perf_counter) -> Profile:
    """Time steps with and without clocks in turns, and average the fastest quarter of each kind."""
    from benchmarks.peers.tinygrad5329_eager import build

    program = build(make(workload))
    for _ in range(3):
        program.step()
    plain: list[float] = []
    clocked: list[tuple[float, dict[Key, Section]]] = []
    clocks = Clocks(clock)
    for _ in range(_TURNS):
        plain += list(_repeat(lambda: _seconds(program.step, clock), seconds / 2 / _TURNS))
        with attached(clocks, program.optimizer):
            for sections in _repeat(lambda: clocks.run(program.step), seconds / 2 / _TURNS):
                clocked.append((sum(section[0] for section in sections.values()), sections))
    plain = sorted(plain)[: max(1, len(plain) // 4)]
    chosen = [sections for _, sections in sorted(clocked, key=lambda each: each[0])[: max(1, len(clocked) // 4)]]
    totals: dict[Key, tuple[float, float]] = {}
    for sections in chosen:
        for key, (took, calls, _) in sections.items():
            before = totals.get(key, (0.0, 0.0))
            totals[key] = (before[0] + 1e6 * took / len(chosen), before[1] + calls / len(chosen))
    step = 1e6 * sum(plain) / len(plain)
    slower = sum(took for took, _ in totals.values()) / step
    return Profile(workload, step, slower, {key: (took / slower, calls) for key, (took, calls) in totals.items()})


def _repeat(function: Callable[[], Any], seconds: float) -> Iterator[Any]:
    """What `function` gives until the time is over, at least twice; first runs warm the interpreter's caches."""
    for _ in range(2):
        function()
    end, count = perf_counter() + seconds, 0
    while perf_counter() < end or count < 2:
        yield function()
        count += 1


def _seconds(step: Callable[[], Any], clock: Callable[[], float]) -> float:
    start = clock()
    step()
    return clock() - start


def table(found: Profile, rows: int = 25) -> str:
    """The profile as Markdown."""
    return "\n".join((*_layers(found), "", *_operations(found, rows), "", *_around(found, rows)))


def _layers(found: Profile) -> Iterator[str]:
    yield f"## {found.workload}: a step of {found.step_us:,.1f} us"
    yield ""
    yield f"Steps with clocks, less the clocks' own time, took {found.slower:.2f} times as long; figures are scaled."
    yield ""
    yield "| layer | us | % | calls | what |\n|---|---|---|---|---|"
    for layer, what in LAYERS.items():
        us, calls = found.layer(layer)
        if calls:
            yield f"| {layer} | {us:,.1f} | {100 * us / found.step_us:.1f} | {calls:.0f} | {what} |"
    yield f"| sum | {found.step_us:,.1f} | 100.0 | | |"


def _operations(found: Profile, rows: int) -> Iterator[str]:
    yield f"| operation | calls | {' | '.join(_OP_LAYERS)} | sum us |{'|---' * (len(_OP_LAYERS) + 3)}|".replace(
        "||-", "|\n|-"
    )
    sums: dict[str, float] = {}
    for (layer, name), (us, _) in found.sections.items():
        if layer in _OP_LAYERS:
            sums[name] = sums.get(name, 0.0) + us
    for name in sorted(sums, key=sums.__getitem__, reverse=True)[:rows]:
        calls = max(found.sections.get((layer, name), (0, 0))[1] for layer in _OP_LAYERS)
        cells = (f"{found.sections.get((layer, name), (0, 0))[0]:,.1f}" for layer in _OP_LAYERS)
        yield f"| {name} | {calls:.0f} | {' | '.join(cells)} | {sums[name]:,.1f} |"


def _around(found: Profile, rows: int) -> Iterator[str]:
    yield "| around the operations | layer | calls | us |\n|---|---|---|---|"
    rest = [(key, value) for key, value in found.sections.items() if key[0] not in _OP_LAYERS]
    for (layer, name), (us, calls) in sorted(rest, key=lambda each: -each[1][0])[:rows]:
        yield f"| {name} | {layer} | {calls:.0f} | {us:,.1f} |"


def main(arguments: list[str]) -> None:
    """Run in a process of its own, whose BLAS begins with the threads that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks profile", description=__doc__)
    parser.add_argument("workloads", nargs="?", default="W2-32")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cpu", action="store_true", help="the thread's CPU time: steadier on a busy machine")
    options = parser.parse_args(arguments)
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(options.threads))
    for workload in select(options.workloads):
        command = [sys.executable, "-m", "benchmarks.profile", workload, str(options.seconds), str(int(options.cpu))]
        if status := subprocess.run(command, env=environment).returncode:
            raise SystemExit(status)


if __name__ == "__main__":
    print(table(profile(sys.argv[1], float(sys.argv[2]), thread_time if sys.argv[3] == "1" else perf_counter)))
