"""``python -m benchmarks.flat_memory``: resident memory of a training loop over many steps."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tinygrad5329 as tg
from benchmarks.workloads import w2
from tinygrad5329 import nn, optim


def resident_mb() -> float:
    """Resident memory of this process, in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def small() -> Callable[[], Any]:
    """One training step of a small model that keeps state of every kind: running statistics, masks, Adam's moments."""
    model = nn.Sequential(nn.Linear(32, 64), nn.BatchNorm1d(64), nn.GELU(), nn.Dropout(0.2), nn.Linear(64, 4))
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    inputs, targets = tg.randn(32, 32), tg.randint(0, 4, (32,))

    def step() -> Any:
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flat_memory", description=__doc__)
    parser.add_argument(
        "--model", choices=("best", "small"), default="best", help="the report's best model, or a small one"
    )
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--warm-up", type=int, default=500)
    options = parser.parse_args()
    step = small() if options.model == "small" else w2(tg, nn, optim, 32)
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
