"""The ratios to PyTorch eager that this package sets out to reach (``targets.json``), and whether it does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["target", "verdicts"]


@cache
def _targets() -> dict[str, dict[str, float]]:
    return json.loads(Path(__file__).with_name("targets.json").read_text(encoding="utf-8"))


def target(workload: str, kernels: str) -> float | None:
    """The largest ratio wanted of a workload with "numpy" or "fast" kernels; None if none is set."""
    return _targets().get(workload, {}).get(kernels)


def verdicts(results: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[tuple[str, str, float, float]]:
    """Workload, peer, ratio and target of each row of this package for which a target is set."""
    for workload, peers in results.items():
        for name, figures in peers.items():
            wanted = target(workload, figures.get("kernels", ""))
            if wanted is not None and "ratio" in figures:
                yield workload, name, figures["ratio"], wanted
