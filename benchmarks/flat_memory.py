"""``python -m benchmarks.flat_memory``: resident memory of the best model's training loop over many steps."""

from __future__ import annotations

import argparse
from pathlib import Path

import tinygrad5329 as tg
from benchmarks.workloads import w2
from tinygrad5329 import nn, optim


def resident_mb() -> float:
    """Resident memory of this process, in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flat_memory", description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--warm-up", type=int, default=500)
    options = parser.parse_args()
    step = w2(tg, nn, optim, 32)
    for _ in range(options.warm_up):
        step()
    start = resident_mb()
    largest = start
    for number in range(1, options.steps + 1):
        step()
        if number % 1000 == 0:
            largest = max(largest, resident_mb())
    print(f"resident after warm-up {start:.1f} MB, largest of {options.steps} steps {largest:.1f} MB, "
          f"growth {largest - start:+.2f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
