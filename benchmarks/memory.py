"""``python -m benchmarks memory``: peak resident memory of training above the imported library, beside PyTorch's."""

from __future__ import annotations

import argparse
import sys
import tempfile

from benchmarks.cases import make, select
from benchmarks.peers import PEERS
from benchmarks.process import PeerProcess

__all__ = ["main", "peak_mb"]


def peak_mb(workload: str, peer: str, *, steps: int = 20, threads: int = 1, python: str = sys.executable) -> float:
    """Megabytes that `steps` steps need at most above what the process holds after the import.

    Weights, batch and optimizer state count. No check runs before, so nothing else is in the way.
    """
    with tempfile.TemporaryDirectory() as folder, PeerProcess(peer, threads, python) as process:
        if "absent" in process.started:
            raise SystemExit(f"{peer} is not installed ({process.started['absent']}): {PEERS[peer].command}")
        for answer in (
            process.ask(case=str(make(workload).save(folder)), checked=False),
            last := process.ask(steps=steps),
        ):
            if "error" in answer:
                raise SystemExit(f"{peer}: {answer['error']}")
        return float(last["peak_mb"])


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks memory", description=__doc__)
    parser.add_argument("workloads", nargs="?", default="W2-2048")
    parser.add_argument("--peers", default="tinygrad5329,torch")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    print("| workload | peer | peak MB above the import |\n|---|---|---|")
    for workload in select(options.workloads):
        for peer in options.peers.split(","):
            peak = peak_mb(workload, peer, steps=options.steps, threads=options.threads)
            print(f"| {workload} | {peer} | {peak:.1f} |", flush=True)
