"""``tinygrad5329 report``: its options, its errors, and what it says."""

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
DEFAULT_OUT = "report"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of ``report``."""
    from tinygrad5329.experiments.configuration import PROTOCOLS

    parser.add_argument(
        "--tables",
        metavar="LIST",
        help="table numbers, ranges and studies, such as 3-9,13,best,momentum (default: all)",
    )
    parser.add_argument(
        "--data",
        metavar="NAME|FOLDER",
        help="report128, cifar10-pca128, digits, or a folder with the report's four files (default: digits, "
        "which need no download and are far easier than the report's data)",
    )
    parser.add_argument("--jobs", type=_count, metavar="N", help="processes (default: as many as cores)")
    parser.add_argument(
        "--quick", action="store_true", help="few rows and epochs and one seed: a trial run, labelled as such"
    )
    parser.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="validation",
        help="stop on held-out training rows, or, as the report did, on the test rows (default: validation)",
    )
    parser.add_argument("--seeds", type=_count, metavar="N", help="runs a row, with seeds 0 to N-1 (default: 3)")
    parser.add_argument("--out", metavar="DIR", default=DEFAULT_OUT, help=f"folder (default: {DEFAULT_OUT})")


def run(options: argparse.Namespace, program: str) -> int:
    """Do what the options ask for; returns the exit status.

    0 after success, 1 when a run failed, a package is missing or the disk is full, 2 when what was asked for cannot
    be done, 130 after Ctrl-C and 143 after SIGTERM.
    """
    from tinygrad5329.backends.threads import usable_cores
    from tinygrad5329.experiments.choice import choose_studies
    from tinygrad5329.experiments.reproduce import reproduce
    from tinygrad5329.experiments.settings import Settings
    from tinygrad5329.experiments.study import load_studies

    out = Path(options.out)
    command = _command_line(options, program)
    try:
        _require_extras()
        studies = choose_studies(load_studies(), options.tables)
        settings = Settings(
            data="digits" if options.data is None else options.data,
            default_data=options.data is None,
            jobs=options.jobs or usable_cores(),
            quick=options.quick,
            protocol=options.protocol,
            seeds=tuple(range(options.seeds)) if options.seeds is not None else None,
            tables=options.tables,
            command=command,
        )
        if out.exists() and not out.is_dir():
            raise NotADirectoryError(f"--out: {out} is a file; name a folder")
        _announce(settings, len(studies), out)
        with terminable():
            outcome = reproduce(studies, out, settings)
            _write(outcome, out)
    except KeyboardInterrupt as stop:
        print(f"\ninterrupted; finished runs are kept in {out / 'runs'}\nto go on:  {command}", file=sys.stderr)
        return 128 + (signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT)
    except BrokenPipeError:
        raise  # the command line knows what to do
    except (ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            kept = f"finished runs are kept in {out / 'runs'}; make room, then: {command}"
            return _fail(OSError(f"{out}: {error.strerror}; {kept}"), FAILURE, program)
        return _fail(error, USER_ERROR, program)
    except ImportError as error:
        return _fail(error, FAILURE, program)
    return _say_failures(outcome)


def _write(outcome: Any, out: Path) -> None:
    from tinygrad5329.experiments.output import report
    from tinygrad5329.experiments.view import in_words

    print(f"{outcome.runs_new} runs made, {outcome.runs_found} found finished, in {in_words(outcome.wall_seconds)}")
    print("drawing the figures", flush=True)
    try:
        page = report.write(outcome, out)[0]
    except ValueError as error:  # nothing that the user named; its traceback should be seen
        raise RuntimeError(f"the report could not be drawn; the runs are kept in {out / 'runs'}") from error
    print(f"the report is {page}, and the same as {page.with_suffix('.md').name}")


def _say_failures(outcome: Any) -> int:
    failed = [(study, row, run) for study in outcome.studies for row in study.rows for run in row.failed]
    for study, row, each in failed:
        print(f"failed: {study.study.key}, {row.name}, seed {each['config']['seed']}: {each['error']}", file=sys.stderr)
    return FAILURE if failed else 0


def _announce(settings: Any, studies: int, out: Path) -> None:
    parts = [f"{studies} studies" if studies > 1 else "1 study", f"data {settings.data}", f"into {out}"]
    print("report: " + ", ".join(parts))
    if settings.default_data:
        print("no --data: the digits stand in for the report's data, so its figures cannot be expected")
    if settings.quick:
        print("quick: few rows and epochs and one seed; the figures are a trial of the program, not of the report")


def _command_line(options: argparse.Namespace, program: str) -> str:
    words = [*program.split(), "report"]
    for name in ("tables", "data", "jobs", "protocol", "seeds", "out"):
        value = getattr(options, name)
        if value is not None and (name, value) not in (("protocol", "validation"), ("out", DEFAULT_OUT)):
            words += [f"--{name}", str(value)]
    return shlex.join([*words, "--quick"] if options.quick else words)


def _require_extras() -> None:
    # Better told before an hour of runs than after it.
    names = {"sklearn": "scikit-learn", "matplotlib": "matplotlib", "tqdm": "tqdm"}
    missing = [name for module, name in names.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise ImportError(f"a report needs {', '.join(missing)}: pip install 'tinygrad5329[train]'")


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, got {text!r}")
    return number


def _fail(error: Exception, status: int, program: str) -> int:
    print(f"{program} report: error: {' '.join(str(error).split())}", file=sys.stderr)
    return status
