"""``tinygrad5329 search``: its options, its errors, and what it says."""

from __future__ import annotations

import argparse
import errno
import importlib.util
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

from tinygrad5329.training.termination import Terminated, terminable

__all__ = ["add_options", "run"]

USER_ERROR = 2
FAILURE = 1
DEFAULT_OUT = "search"
DEFAULT_ALGORITHM = "evolution"
#: Options of the tasks that have a name, and how the tasks call them.
_TASK_OPTIONS = {
    "data": "data",
    "epochs": "epochs",
    "max_parameters": "max_parameters",
    "max_latency": "max_latency",
    "latency": "latency",
    "quick": "quick",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of ``search``."""
    from tinygrad5329.search.tasks.by_name import NAMES

    what = parser.add_argument_group("what to search")
    what.add_argument(
        "--space",
        metavar="NAME|FILE.py:TASK",
        default="report",
        help=f"{', '.join(NAMES)}, or a task in a Python file (default: report)",
    )
    what.add_argument(
        "--data", metavar="NAME|FOLDER", help="digits, report128, cifar10-pca128, or a folder (default: digits)"
    )
    what.add_argument("--epochs", type=_count, metavar="N", help="of every training (default: the task's)")
    what.add_argument("--max-parameters", type=_count, metavar="N", help="no network with more parameters")
    what.add_argument(
        "--max-latency", type=_microseconds, metavar="US", help="no network that takes more microseconds for one row"
    )
    what.add_argument("--latency", metavar="FILE", help="latency table of this machine; --max-latency needs it")
    what.add_argument("--quick", action="store_true", help="on few rows: a trial run")

    how = parser.add_argument_group("how")
    how.add_argument(
        "--algo",
        metavar="NAME",
        default=DEFAULT_ALGORITHM,
        help="random, greedy, grid, tpe, cmaes, halving, hyperband, evolution, pnas, enas, rlnas, rlnas-fit, "
        f"darts, darts2, darts2-fd or nsga2 (default: {DEFAULT_ALGORITHM})",
    )
    how.add_argument(
        "--budget",
        metavar="N|TIME",
        required=True,
        help="training steps of all trials together, or processor time such as 20m or 1.5h; failed trials count",
    )
    how.add_argument("--seed", type=_seed, default=0, metavar="N", help="of proposals and trainings (default: 0)")
    how.add_argument("--jobs", type=_count, metavar="N", help="processes that train (default: as many as cores)")

    where = parser.add_argument_group("where to")
    where.add_argument(
        "--storage",
        metavar="FILE|URL",
        help="study.db (SQLite), study.log (journal), or a database that many machines share, such as "
        "postgresql://user@host/name (default: DIR/study.db)",
    )
    where.add_argument("--name", default="search", help="of the study in the storage (default: search)")
    where.add_argument("--out", metavar="DIR", default=DEFAULT_OUT, help=f"folder (default: {DEFAULT_OUT})")


def run(options: argparse.Namespace, program: str) -> int:
    """Do what the options ask for; returns the exit status.

    0 after success, 1 when no trial came to its end or the disk is full, 2 when what was asked for cannot be done,
    130 after Ctrl-C and 143 after SIGTERM.
    """
    from tinygrad5329.backends.threads import usable_cores
    from tinygrad5329.search.studies.budget import Budget
    from tinygrad5329.search.studies.run import run as search
    from tinygrad5329.search.studies.study_error import require_optuna

    out = Path(options.out)
    command = _command_line(options, program)
    given = {name: getattr(options, name) for name in _TASK_OPTIONS}
    try:
        require_optuna()
        _require_extras()
        budget = Budget.parse(options.budget)
        _check_folder(out)
        print(f"search: {options.space} by {options.algo}, {budget}, into {out}", flush=True)
        with terminable():
            result = search(
                options.space,
                options.algo,
                int(budget.amount) if budget.unit == "steps" else None,
                seconds=budget.amount if budget.unit == "seconds" else None,
                seed=options.seed,
                storage=options.storage,
                name=options.name,
                jobs=options.jobs or usable_cores(),
                out=out,
                options={_TASK_OPTIONS[name]: value for name, value in given.items() if value not in (None, False)},
                command=command,
            )
    except KeyboardInterrupt as stop:
        print(f"\ninterrupted; finished trials are kept\nto go on:  {command}", file=sys.stderr)
        return 128 + (signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT)
    except BrokenPipeError:
        raise  # the command line knows what to do
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        return _fail(error, FAILURE if full else USER_ERROR, program)
    print(result.summary())
    if result.best is not None:
        return 0
    failed = [trial for trial in result.trials if trial.state == "failed"]
    larger = "; give it a larger budget"
    if budget.unit == "steps":
        larger += f": one training takes {result.task.steps:,} steps"
    why = f"; the last failed: {failed[-1].measures.get('error')}" if failed else larger
    return _fail(RuntimeError(f"no trial came to its end{why}"), FAILURE, program)


def _require_extras() -> None:
    # Better told before hours of trials than after them.
    missing = [name for name in ("matplotlib", "tqdm") if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(f"the page of a search needs {', '.join(missing)}: pip install 'tinygrad5329[search,train]'")


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"--out: {out} is a file; name a folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(f"--out: {out} cannot be made: {error.strerror}") from error


def _command_line(options: argparse.Namespace, program: str) -> str:
    words = [*program.split(), "search", "--space", options.space, "--algo", options.algo, "--budget", options.budget]
    defaults: dict[str, Any] = {"seed": 0, "name": "search", "out": DEFAULT_OUT}
    for name in ("data", "epochs", "max_parameters", "latency", "seed", "jobs", "storage", "name", "out"):
        value = getattr(options, name)
        if value is not None and value != defaults.get(name):
            words += [f"--{name.replace('_', '-')}", str(value)]
    if options.max_latency is not None:
        words += ["--max-latency", f"{options.max_latency * 1e6:g}"]
    return shlex.join([*words, "--quick"] if options.quick else words)


def _count(text: str) -> int:
    return _whole(text, 1)


def _seed(text: str) -> int:
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least} on, got {text!r}")
    return number


def _microseconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected microseconds above 0, got {text!r}")
    return number * 1e-6


def _fail(error: BaseException, status: int, program: str) -> int:
    print(f"{program} search: error: {' '.join(str(error).split())}", file=sys.stderr)
    return status
