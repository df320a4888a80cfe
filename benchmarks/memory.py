"""``python -m benchmarks memory``: peak resident memory of training above the imported library, beside PyTorch's."""

from __future__ import annotations

import argparse
import sys
import tempfile
from typing import Any

from benchmarks.cases import make, select
from benchmarks.peers import PEERS
from benchmarks.process import PeerProcess

__all__ = ["main", "own_mb", "peak_mb"]


def peak_mb(workload: str, peer: str, *, steps: int = 20, threads: int = 1, python: str = sys.executable) -> float:
    """Megabytes that `steps` steps need at most above what the process holds after the import.

    Weights, batch and optimizer state count. No check runs before, so nothing else is in the way.
    """
    return _run(workload, peer, steps, threads, python)["peak_mb"]


def own_mb(workload: str, peer: str, *, threads: int = 1, python: str = sys.executable) -> float:
    """Megabytes of these that are the library's own, loaded when it first computes: what a batch of 2 needs."""
    return _run(f"{workload.partition('-')[0]}-2", peer, 3, threads, python)["now_mb"]


def _run(workload: str, peer: str, steps: int, threads: int, python: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, PeerProcess(peer, threads, python) as process:
        if "absent" in process.started:
            raise SystemExit(f"{peer} is not installed ({process.started['absent']}): {PEERS[peer].command}")
        for answer in (
            process.ask(case=str(make(workload).save(folder)), checked=False),
            last := process.ask(steps=steps),
        ):
            if "error" in answer:
                raise SystemExit(f"{peer}: {answer['error']}")
        return last


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks memory", description=__doc__)
    parser.add_argument("workloads", nargs="?", default="W2-2048")
    parser.add_argument("--peers", default="tinygrad5329-numpy,tinygrad5329-fast,torch")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", default="1", help="such as 1,2 (default: %(default)s)")
    options = parser.parse_args(arguments)
    print("| workload | peer | threads | peak MB above the import | of which loaded by a first step of batch 2 |")
    print("|---|---|---|---|---|")
    for workload in select(options.workloads):
        for peer in options.peers.split(","):
            for count in map(int, options.threads.split(",")):
                peak = peak_mb(workload, peer, steps=options.steps, threads=count)
                own = own_mb(workload, peer, threads=count)
                print(f"| {workload} | {peer} | {count} | {peak:.1f} | {own:.1f} |", flush=True)
