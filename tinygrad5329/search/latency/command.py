"""``python -m tinygrad5329.search.latency``: measure a latency table and say how well it predicts."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from tinygrad5329.search.latency.agreement import agreement
from tinygrad5329.search.latency.table import LatencyTable
from tinygrad5329.search.networks.operations import operations_of_space
from tinygrad5329.search.tasks.by_name import task_by_name
from tinygrad5329.search.tasks.trained_task import TrainedTask

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        task = task_by_name(options.space, **({} if options.data is None else {"data": options.data}))
        if not isinstance(task, TrainedTask):
            raise ValueError(
                f"{options.space}: the operations of a {type(task).__name__} are not known, as it is no TrainedTask"
            )
        facts = task.split.facts
        operations = operations_of_space(task.space, facts.features, facts.classes)
        started = time.perf_counter()
        table = LatencyTable.measure(operations, options.batch)
        took = time.perf_counter() - started
        table.save(options.out)
    except (ValueError, OSError, ImportError) as error:
        print(f"latency: {error}", file=sys.stderr)
        return 2
    sizes = " and ".join(map(str, options.batch))
    print(f"{task.name} on {facts.name} ({facts.features} features, {facts.classes} classes), one thread")
    print(f"{len(operations)} operations, batches of {sizes} rows, measured in {took:.1f} s, written to {options.out}")
    if options.networks:
        _say_how_well(task, table, options)
    return 0


def _say_how_well(task: TrainedTask, table: LatencyTable, options: argparse.Namespace) -> None:
    print(f"\n{options.networks} random networks, measured and predicted:")
    print(f"{'rows':>6}{'median':>12}{'fastest':>12}{'slowest':>12}{'rank corr.':>12}{'mean error':>12}{'bias':>8}")
    for batch in options.batch:
        found = agreement(task, table, batch, networks=options.networks, seed=options.seed)
        times = (statistics.median(found.measured), min(found.measured), max(found.measured))
        shown = "".join(f"{_duration(each):>12}" for each in times)
        bias = statistics.fmean(found.errors)
        print(f"{batch:>6}{shown}{found.rank_correlation:>12.3f}{found.mean_error:>12.1%}{bias:>+8.1%}")


def _duration(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad5329.search.latency",
        description="Measure how long each operation of a search space takes on this machine, into a JSON file.",
    )
    parser.add_argument("--space", default="report", help="report, cell, mini or FILE.py:NAME (default: report)")
    parser.add_argument("--data", help="decides the number of features and classes (default: the task's own)")
    parser.add_argument(
        "--out", default="latency.json", metavar="FILE", help="where to write it (default: latency.json)"
    )
    parser.add_argument(
        "--batch",
        type=_at_least(1),
        nargs="+",
        default=[1, 200],
        metavar="ROWS",
        help="rows of a pass (default: 1 200)",
    )
    parser.add_argument(
        "--networks", type=_at_least(0), default=30, metavar="N", help="random networks to compare with (default: 30)"
    )
    parser.add_argument("--seed", type=_at_least(0), default=0, help="of those networks (default: 0)")
    return parser


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise ValueError
        return value

    number.__name__ = f"whole number from {least}"
    return number
