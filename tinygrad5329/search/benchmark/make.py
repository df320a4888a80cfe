"""Making the mini benchmark's table: ``python -m tinygrad5329.search.benchmark.make`` (minutes on one core)."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tinygrad5329.atomic import write_atomically
from tinygrad5329.search.benchmark.mini_task import VALIDATION_ROWS, MiniTask
from tinygrad5329.search.benchmark.table import TABLE, table_text, words_of
from tinygrad5329.search.space import Architecture
from tinygrad5329.search.task import Outcome

__all__ = ["SEEDS", "main", "make_table"]

SEEDS = (0, 1, 2)
#: Accuracies kept of each training.
REPORTS = 5
#: Architectures trained between two writes.
_WRITTEN_EVERY = 10


def make_table(
    path: str | os.PathLike[str],
    *,
    task: MiniTask | None = None,
    architectures: Sequence[Architecture] | None = None,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Path:
    """Train all architectures with all seeds into a table; goes on with a table that is there already.

    Parameters
    ----------
    path : path-like
        Replaced as a whole every few architectures: what kills it costs no more than those.
    task : MiniTask, optional
    architectures : sequence of dict, optional
        Only these, in place of the whole space.
    progress : callable
        Told how many architectures are done, and of how many.

    Raises
    ------
    ValueError
        If the file there is no table of the same task.
    """
    path = Path(path)
    task = task or MiniTask()
    wanted = list(task.space.enumerate() if architectures is None else architectures)
    every = max(task.epochs // REPORTS, 1)
    kept = list(range(task.epochs % every or every, task.epochs + 1, every))
    head = {
        "task": task.describe(),
        "steps": task.steps,
        "seeds": list(SEEDS),
        "reports": [epoch * task.steps // task.epochs for epoch in kept],
        "test_rows": task.split.facts.test_samples,
    }
    rows = _resumed(path, head)
    unsaved = 0
    for done, architecture in enumerate(wanted, start=1):
        if (words := words_of(architecture)) in rows:
            continue
        rows[words] = _row(task, architecture, kept)
        unsaved += 1
        if unsaved == _WRITTEN_EVERY:
            write_atomically(path, table_text(head, rows))
            unsaved = 0
        progress(done, len(wanted))
    write_atomically(path, table_text(head, rows))
    return path


def _resumed(path: Path, head: dict[str, Any]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rows: dict[str, Any] = found.pop("rows")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: no table of the mini benchmark; delete it to make a new one") from error
    if found != head:
        raise ValueError(f"{path}: a table of another task, or of other data; delete it to make a new one")
    return rows


def _row(task: MiniTask, architecture: Architecture, kept: Sequence[int]) -> list[Any]:
    """Parameters, and for each seed the validation rows classified rightly after some epochs, and the test rows."""
    row: list[Any] = []
    for seed in SEEDS:
        values, outcome = _trained(task, architecture, seed)
        if not row:
            row.append(outcome.measures["parameters"])
        tested = round(outcome.measures["test_accuracy"] * task.split.facts.test_samples)
        row.append([*(round(values[epoch - 1] * VALIDATION_ROWS) for epoch in kept), tested])
    return row


def _trained(task: MiniTask, architecture: Architecture, seed: int) -> tuple[list[float], Outcome]:
    values: list[float] = []
    outcome = task.train(architecture, seed=seed, report=lambda _, value: values.append(value))
    return values, outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad5329.search.benchmark.make",
        description="Trains all 258 architectures of the mini task with three seeds each and writes the table of it. "
        "Started again it goes on where it was stopped.",
    )
    parser.add_argument(
        "--out", default=str(Path(__file__).with_name(TABLE)), help="the table (default: the package's)"
    )
    options = parser.parse_args(arguments)
    started = time.monotonic()

    def progress(done: int, total: int) -> None:
        if done % _WRITTEN_EVERY == 0 or done == total:
            print(f"{done} of {total} architectures, {time.monotonic() - started:.0f} s", flush=True)

    try:
        path = make_table(options.out, progress=progress)
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        return 130
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
