"""The figures as Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.cases import FAMILIES
from benchmarks.peers import PEERS
from benchmarks.targets import verdicts
from tinygrad5329.backends import threads

__all__ = ["HEAD", "machine", "markdown", "row"]

HEAD = "workload | peer | ratio to PyTorch | median us | min us | threads | other threads | compile s | peak MB"

Results = Mapping[str, Mapping[str, Mapping[str, Any]]]


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    return {
        "processor": model,
        "cores": threads.usable_cores(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": threads.library(),
        "blas_coretype": os.environ.get("OPENBLAS_CORETYPE", ""),
    }


def _machine_line(about: Mapping[str, Any]) -> str:
    forced = f", OPENBLAS_CORETYPE={about['blas_coretype']}" if about["blas_coretype"] else ""
    return (
        f"{about['cores']} cores of {about['processor']}, Python {about['python']}, NumPy {about['numpy']} on "
        f"{about['blas']}{forced}"
    )


def line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def row(workload: str, name: str, figures: Mapping[str, Any]) -> str:
    """The line of a peer that ran."""
    kernels = figures["kernels"]
    others = "; ".join(
        f"{count}: {each['median_us']:,.0f}"
        for count, each in figures["threads"].items()
        if count != figures["best_threads"]
    )
    return line(
        workload,
        f"{name} ({kernels})" if kernels and not name.endswith(kernels) else name,
        f"{figures['ratio']:.2f}" if "ratio" in figures else "-",
        f"{figures['median_us']:,.0f}",
        f"{figures['min_us']:,.0f}",
        str(figures["best_threads"]),
        others or "-",
        f"{figures['compile_s']:.2f}",
        f"{figures['peak_mb']:.0f}",
    )


def markdown(results: Results, about: Mapping[str, Any], command: str) -> str:
    """The whole report."""
    return "\n".join(_lines(results, about, command)) + "\n"


def _lines(results: Results, about: Mapping[str, Any], command: str) -> Iterator[str]:
    names = list(dict.fromkeys(name for peers in results.values() for name in peers))
    yield from (
        "# Speed beside other libraries",
        "",
        f"`{command}` on {_machine_line(about)}; float32.",
        "Median time of a step (forward, loss, zero_grad, backward, optimizer) over PyTorch eager's, each library",
        "at its better thread count, all in one interleaved run. Below 1 is faster than PyTorch. `products` are the",
        "step's matrix products alone, by NumPy: a bound, but for kernels that multiply small matrices themselves.",
        "",
        line("workload", *names),
        "|---" * (len(names) + 1) + "|",
    )
    for workload, peers in results.items():
        ratios = (f"{peers[name]['ratio']:.2f}" if "ratio" in peers.get(name, {}) else "-" for name in names)
        yield line(workload, *ratios)
    yield from ("", *(f"- {family}: {text}." for family, text in FAMILIES.items()))
    if held := list(verdicts(results)):
        met = sum(ratio <= wanted for _, _, ratio, wanted in held)
        yield from ("", "## Targets", "", f"{met} of {len(held)} are met.", "")
        yield from (line("workload", "peer", "ratio", "target", ""), "|---" * 5 + "|")
        for workload, name, ratio, wanted in held:
            verdict = "met" if ratio <= wanted else "not met"
            yield line(workload, name, f"{ratio:.2f}", f"{wanted:.2f}", verdict)
    yield from ("", "## In full", "")
    yield f"| {HEAD} |"
    yield "|---" * (HEAD.count("|") + 1) + "|"
    for workload, peers in results.items():
        for name, figures in peers.items():
            if "threads" in figures:
                yield row(workload, name, figures)
    yield from (
        "",
        "Compile is the first step less a later one, with what the check before had to compile. Peak is resident",
        "memory while steps run, above the imported library, with the batch and the weights; for a compiled peer (and",
        "for compiled kernels) it holds the compiler too, which `python -m benchmarks memory` tells apart.",
        "Before measuring, loss and gradients of all peers were compared from the same weights, without dropout.",
        "",
        "## The libraries",
        "",
        line("peer", "version", "import s on top of NumPy", "installed MB", "with dependencies MB"),
        "|---|---|---|---|---|",
    )
    for name in names:
        found: Sequence[Mapping[str, Any]] = [
            peers[name] for peers in results.values() if "version" in peers.get(name, {})
        ]
        if found:
            seconds = min((each["import_s"] for each in found if each["import_s"] is not None), default=None)
            imports = "-" if seconds is None else f"{seconds:.2f}"
            sizes = (found[0]["installed_mb"], found[0]["installed_with_dependencies_mb"])
            yield line(name, found[0]["version"], imports, *(f"{size:.1f}" for size in sizes))
    left = [
        (w, name, each["left_out"])
        for w, peers in results.items()
        for name, each in peers.items()
        if "left_out" in each
    ]
    if left:
        yield from ("", "## Left out", "")
        for name, why in dict.fromkeys((name, why) for _, name, why in left):
            where = ", ".join(w for w, other, reason in left if (other, reason) == (name, why))
            note = f" ({PEERS[name].note})" if PEERS[name].note and "not installed" not in why else ""
            yield f"- {name} in {where}: {why}{note}."
