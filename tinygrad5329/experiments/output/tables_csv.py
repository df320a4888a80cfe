"""Everything as CSV: one file with a line a row of a study, one with a line a run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from tinygrad5329.experiments.results import Outcome, Run
from tinygrad5329.experiments.study import FIGURES

__all__ = ["results_csv", "runs_csv"]

_SPLITS = ("train", "validation", "test")
_METRICS = ("loss", "accuracy", "precision", "recall", "f1")
_PLAIN = (
    "key",
    "status",
    "error",
    "parameters",
    "epochs",
    "best_epoch",
    "training_seconds",
    "training_cpu_seconds",
    "inference_seconds",
    "peak_memory_bytes",
    "code",
    "finished_at",
)


def results_csv(outcome: Outcome) -> str:
    """One line a row of a study: each figure's mean, deviation, the report's and the difference; unknown is empty."""
    lines = []
    for result in outcome.studies:
        for row in result.rows:
            line: dict[str, Any] = {
                "study": result.study.key,
                "tables": " ".join(map(str, result.study.tables)),
                "row": row.name,
                "group": row.row.group,
                "runs": len(row.runs),
                "diverged": row.diverged,
                "failed": len(row.failed),
                "chosen": json.dumps(row.chosen, sort_keys=True) if row.chosen else "",
                "quick": outcome.quick,
            }
            for name in FIGURES:
                figure = row.figures.get(name)
                line[name] = "" if figure is None else figure.mean
                line[f"{name}_deviation"] = "" if figure is None or figure.deviation is None else figure.deviation
                line[f"{name}_report"] = row.report.get(name, "")
                line[f"{name}_difference"] = row.differences.get(name, "")
            lines.append(line)
    return _csv(lines)


def runs_csv(outcome: Outcome) -> str:
    """One line a run, tries of a tuning included: where it belongs, its configuration, its figures."""
    places: dict[str, list[str]] = {}
    runs: dict[str, Run] = {}
    for result in outcome.studies:
        for row in result.rows:
            for kind, group in (("", row.runs), (" (tuning)", tuple(run for _, run in row.tried))):
                for run in group:
                    runs[run["key"]] = run
                    place = f"{result.study.key}/{row.name}{kind}"
                    if place not in places.setdefault(run["key"], []):
                        places[run["key"]].append(place)
    return _csv(_run_line(run, places[key]) for key, run in runs.items())


def _run_line(run: Run, places: list[str]) -> dict[str, Any]:
    line: dict[str, Any] = {"rows": "; ".join(places)}
    line |= {name: "" if run.get(name) is None else run[name] for name in _PLAIN}
    for split in _SPLITS:
        metrics: Mapping[str, Any] = run[split] or {}
        line |= {f"{split}_{name}": "" if metrics.get(name) is None else metrics[name] for name in _METRICS}
    for name, value in run["config"].items():
        line[f"config_{name}"] = json.dumps(value, sort_keys=True) if isinstance(value, (dict, list)) else value
    return line


def _csv(lines: Iterable[Mapping[str, Any]]) -> str:
    lines = list(lines)
    columns = list(dict.fromkeys(name for line in lines for name in line))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
