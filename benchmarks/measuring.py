"""Rounds: the peers of a workload are built, compared, and then measured in turns."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.agreement import Computed, outliers
from benchmarks.cases import make
from benchmarks.peers import PEERS
from benchmarks.process import PeerProcess

__all__ = ["measure"]

Figures = dict[str, Any]


def measure(
    workload: str,
    peers: Sequence[str],
    threads: Sequence[int],
    *,
    rounds: int = 7,
    seconds: float = 0.5,
    cpu: bool = False,
    pythons: Mapping[str, str] | None = None,
) -> dict[str, Figures]:
    """Figures of every peer, or ``{"left_out": why}``.

    Parameters
    ----------
    workload : str
        Such as ``W2-32``.
    peers : sequence of str
        Names in ``PEERS``.
    threads : sequence of int
        Each peer runs in a process for each.
    rounds : int
        In a round, every process measures once, one after the other.
    seconds : float
        That each measures for in a round; at least two steps.
    cpu : bool
        Count the CPU time of all threads instead of the wall's.
    pythons : mapping, optional
        Interpreters of peers that are installed elsewhere.
    """
    results: dict[str, Figures] = {}
    processes: list[PeerProcess] = []
    with tempfile.TemporaryDirectory() as folder:
        case = make(workload)
        path = str(case.save(folder))
        computed: dict[str, Computed] = {}
        try:
            for name in peers:
                if case.family not in PEERS[name].families:
                    results[name] = {"left_out": "not written for this workload"}
                    continue
                for count in threads:
                    process = PeerProcess(name, count, (pythons or {}).get(name, sys.executable))
                    processes.append(process)
                    if "absent" in process.started:
                        why = f"not installed ({process.started['absent']}): {PEERS[name].command}"
                        results[name] = {"left_out": why}
                        break
                    answer = process.ask(case=path)
                    if "error" in answer:
                        results[name] = {"left_out": answer["error"]}
                        break
                    if "gradients" in answer:
                        computed[process.label] = _computed(answer)
                    process.started |= answer
            wrong = outliers(computed) if computed else {}
            for label, reason in wrong.items():
                results[label.partition(":")[0]] = {"left_out": f"computes something else: {reason}"}
            running = [process for process in processes if process.name not in results]
            results |= _in_turns(running, rounds, seconds, cpu)
        finally:
            for process in processes:
                process.close()
    return {name: results[name] for name in peers}


def _computed(answer: Figures) -> Computed:
    path = Path(answer["gradients"])
    with np.load(path) as file:
        gradients = {key[2:]: file[key] for key in file.files if key.startswith("g/")}
    return answer["loss"], gradients


def _in_turns(processes: Sequence[PeerProcess], rounds: int, seconds: float, cpu: bool) -> dict[str, Figures]:
    times: dict[str, list[float]] = {process.label: [] for process in processes}
    peak: dict[str, float] = {}
    failed: dict[str, str] = {}
    for number in range(-1, rounds):  # The round before the first warms up.
        for process in processes:
            if process.name in failed:
                continue
            answer = process.ask(seconds=seconds if number >= 0 else 0.0, steps=2, cpu=cpu)
            if "error" in answer:
                failed[process.name] = answer["error"]
                continue
            if number >= 0:
                times[process.label] += answer["times"]
            peak[process.label] = answer["peak_mb"]
    results: dict[str, Figures] = {name: {"left_out": reason} for name, reason in failed.items()}
    for process in processes:
        if process.name in failed:
            continue
        median = statistics.median(times[process.label])
        imports = (each.started["import_s"] for each in processes if each.name == process.name)
        process.started["import_s"] = min((each for each in imports if each is not None), default=None)
        figures = results.setdefault(process.name, _of_library(process.started))
        figures["threads"][process.threads] = {
            "median_us": 1e6 * median,
            "min_us": 1e6 * min(times[process.label]),
            "steps": len(times[process.label]),
            "peak_mb": peak[process.label],
            "compile_s": max(0.0, process.started["check_s"] + process.started["first_step_s"] - median),
        }
    for figures in results.values():
        if "threads" in figures:
            best = min(figures["threads"], key=lambda count: figures["threads"][count]["median_us"])
            figures |= {"best_threads": best, **figures["threads"][best]}
    torch = results.get("torch", {}).get("median_us")
    for figures in results.values():
        if torch and "median_us" in figures:
            figures["ratio"] = figures["median_us"] / torch
    return results


def _of_library(started: Figures) -> Figures:
    keys = ("version", "kernels", "import_s", "installed_mb", "installed_with_dependencies_mb")
    return {**{key: started[key] for key in keys}, "threads": {}}
