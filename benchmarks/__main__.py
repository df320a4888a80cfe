"""``python -m benchmarks``: step times of this package and its peers, interleaved in rounds, as ratios to PyTorch.

Every peer runs in processes of its own, one for each thread count, so that no library changes another's memory
or threads, and the processes take turns, so that a slow moment of the machine hits all of them. Also:
``python -m benchmarks profile W2-32`` (where a step goes) and ``python -m benchmarks memory W2-2048``.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from pathlib import Path

from benchmarks import memory, profile
from benchmarks.cases import select
from benchmarks.measuring import measure
from benchmarks.peers import PEERS
from benchmarks.report import HEAD, machine, markdown, row

FOLDER = Path(__file__).resolve().parent


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["profile"]:
        return profile.main(arguments[1:])
    if arguments[:1] == ["memory"]:
        return memory.main(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    everyone = [name for name in PEERS if name != "tinygrad5329"]
    parser.add_argument("--workloads", default="all", help="such as W1-32,W2 (all its batches), W2-512, or all")
    parser.add_argument(
        "--peers",
        default=",".join(everyone),
        help="tinygrad5329, which runs what a user gets, is added where none of this package's is named "
        "(default: %(default)s)",
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each process in each round")
    parser.add_argument(
        "--cpu", action="store_true", help="CPU time of all threads: for a busy machine, with --threads 1"
    )
    parser.add_argument("--threads", help="such as 1,2 (default: 1 and all cores)")
    parser.add_argument(
        "--python", action="append", default=[], metavar="PEER=PATH", help="another interpreter for a peer"
    )
    parser.add_argument("--json", type=Path, default=FOLDER / "results.json")
    parser.add_argument("--markdown", type=Path, default=FOLDER / "RESULTS.md")
    options = parser.parse_args(arguments)
    peers = [name for name in options.peers.split(",") if name]
    if not any(name.startswith("tinygrad5329") for name in peers):
        peers.insert(0, "tinygrad5329")
    if unknown := [name for name in peers if name not in PEERS]:
        parser.error(f"unknown peer {unknown[0]!r}: one of {', '.join(PEERS)}")
    pythons = dict(item.partition("=")[::2] for item in options.python)
    if unknown := [name for name in pythons if name not in PEERS]:
        parser.error(f"--python names the unknown peer {unknown[0]!r}: one of {', '.join(PEERS)}")
    text = options.threads or ",".join(map(str, sorted({1, os.cpu_count() or 1})))
    threads = [int(count) for count in text.split(",")]
    results = {}
    paths = ("--python", "--json", "--markdown")
    kept = (a for a, before in zip(arguments, ["", *arguments], strict=False) if a not in paths and before not in paths)
    command = shlex.join(["python", "-m", "benchmarks", *kept])
    about = machine()
    print(f"| {HEAD} |\n{'|---' * (HEAD.count('|') + 1)}|")
    for workload in select(options.workloads):
        results[workload] = measure(
            workload, peers, threads, rounds=options.rounds, seconds=options.seconds, cpu=options.cpu, pythons=pythons
        )
        for name, figures in results[workload].items():
            text = (
                f"{workload}: {name} left out: {figures['left_out']}"
                if "left_out" in figures
                else row(workload, name, figures)
            )
            print(text, flush=True)
        # Written after each workload: a long run that is stopped has its figures.
        document = {"command": command, "machine": about, "results": results}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        options.markdown.write_text(markdown(results, about, command), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
