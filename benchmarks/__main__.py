"""``python -m benchmarks``: median step times of peers, interleaved in rounds, as ratios to PyTorch.

Every peer runs in a process of its own, so that no library changes another's memory or threads, and the
processes take turns, so that a slow moment of the machine hits all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.workloads import WORKLOADS

ROOT = Path(__file__).resolve().parent.parent


class Peer:
    """A worker process."""

    def __init__(self, name: str) -> None:
        self.name = name
        threads = name.partition(":")[2]
        environment = dict(os.environ)
        if threads:
            environment |= {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", name],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.started = self._answer()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process of {self.name} ended; see its error above")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def measure(workload: str, peers: list[str], rounds: int, seconds: float) -> dict[str, Any]:
    """Median and minimum seconds of a step, for every peer."""
    workers = [Peer(name) for name in peers]
    steps, times, peak = {}, {name: [] for name in peers}, {}
    try:
        for worker in workers:
            worker.ask(workload=workload)
            warm = worker.ask(steps=20)["times"]
            steps[worker.name] = max(5, int(seconds / statistics.median(warm)))
        for _ in range(rounds):
            for worker in workers:
                answer = worker.ask(steps=steps[worker.name])
                times[worker.name] += answer["times"]
                peak[worker.name] = answer["peak_rss_kb"] / 1024
    finally:
        for worker in workers:
            worker.close()
    return {
        name: {
            "median_us": 1e6 * statistics.median(times[name]),
            "min_us": 1e6 * min(times[name]),
            "steps": len(times[name]),
            "peak_rss_mb": peak[name],
        }
        for name in peers
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--workloads", default="W2-32", help=f"comma-separated, or 'all': {', '.join(WORKLOADS)}")
    parser.add_argument(
        "--peers",
        default="tinygrad5329:1,tinygrad5329:2,torch:1,torch:2",
        help="comma-separated names with a thread count; the best thread count of each counts",
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each peer in each round")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    peers = options.peers.split(",")
    results = {}
    print(f"| workload | {' | '.join(f'{name} us' for name in peers)} | best ours / best PyTorch |")
    print("|---" * (len(peers) + 2) + "|")
    for workload in list(WORKLOADS) if options.workloads == "all" else options.workloads.split(","):
        result = results[workload] = measure(workload, peers, options.rounds, options.seconds)
        best: dict[str, float] = {}
        for name in peers:
            library = name.partition(":")[0]
            best[library] = min(best.get(library, float("inf")), result[name]["median_us"])
        ratio = f"{best['tinygrad5329'] / best['torch']:.2f}" if {"torch", "tinygrad5329"} <= set(best) else "-"
        cells = (f"{result[name]['median_us']:.0f} (min {result[name]['min_us']:.0f})" for name in peers)
        print(f"| {workload} | {' | '.join(cells)} | {ratio} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
