"""The ``tinygrad5329`` command."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from tinygrad5329.training.config import RunConfig

__all__ = ["main"]

USER_ERROR = 2
FAILURE = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status.

    0 after success, 1 when a run failed (its loss diverged, a package is missing), 2 when what was asked
    for cannot be done (a bad option, data or checkpoint), 128 + the signal's number when it was
    interrupted. Errors are one line on ``sys.stderr``.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default ``sys.argv[1:]``.
    """
    try:
        parser = _build_parser()
        given = list(sys.argv[1:] if arguments is None else arguments)
        options = parser.parse_args(given)
        if options.command is _run_script:  # all that follows the script is its own; argparse would drop a "--"
            options.arguments = given[given.index(options.script, 1) + 1 :]
        if options.command is None:
            parser.print_help()
            return 0
        return int(options.command(options))
    except SystemExit as stop:  # argparse leaves so after --help, --version and errors
        return int(stop.code or 0)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # The reader (head, a closed pager) has gone. Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USER_ERROR, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


class _Help(argparse.HelpFormatter):
    """Help that keeps the line breaks of the examples, and only those."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "".join(indent + line for line in text.splitlines(keepends=True))
        return super()._fill_text(text, width, indent)


def _build_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=_program(),
        description="A NumPy autograd engine with a dynamic computation graph and PyTorch's API.",
    )
    parser.add_argument("--version", action="version", version=f"tinygrad5329 {metadata.version('tinygrad5329')}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    _add_train(commands)
    _add_report(commands)
    _add_search(commands)
    _add_run(commands)
    _add_doctor(commands)
    return parser


def _add_train(commands: Any) -> None:
    from tinygrad5329.training.config import MODELS, MONITORS, SCALINGS, SCHEDULES, RunConfig
    from tinygrad5329.utils.data.datasets import DATA_VARIABLE

    defaults = {field.name: field.default for field in fields(RunConfig)}
    train = commands.add_parser(
        "train",
        help="train a model and write figures, metrics and a report",
        description=(
            "Train a model, evaluate it once on the test set, and write into one folder: the checkpoint, the "
            "weights, history.csv, loss and accuracy curves, confusion matrices, the drawn computation "
            "graph, "
            "metrics.json and report.html, which shows them all. Ctrl-C saves a checkpoint and says how "
            "to go on."
        ),
        epilog=(
            "examples:\n  tinygrad5329 train\n  tinygrad5329 train --data cifar10-pca128 --out runs/cifar\n"
            "  tinygrad5329 train --out runs/cifar --resume"
        ),
        formatter_class=_Help,
        argument_default=argparse.SUPPRESS,  # only what was given, so that --resume can compare it
    )
    train.set_defaults(command=_train)

    what = train.add_argument_group("what to train")
    what.add_argument(
        "--model",
        choices=MODELS,
        help=f"the report's best model or its baseline (default: {defaults['model']})",
    )
    what.add_argument(
        "--data",
        metavar="NAME|FOLDER",
        help="digits (needs no network), cifar10-pca128, report128 (its folder is named by the environment "
        f"variable {DATA_VARIABLE}), or a folder with train_data.npy, train_label.npy, test_data.npy and "
        "test_label.npy (default: "
        f"{defaults['data']})",
    )
    what.add_argument(
        "--scale",
        choices=SCALINGS,
        help="features to mean 0 and deviation 1, to [0, 1], or unchanged; fitted on the training split "
        f"(default: {defaults['scale']})",
    )
    what.add_argument(
        "--validation",
        type=float,
        metavar="SHARE",
        help=f"share of the training set kept for validation (default: {defaults['validation']})",
    )

    how = train.add_argument_group("how to train (SGD)")
    for name, kind, text in (
        ("epochs", int, "times through the training set"),
        ("batch-size", int, "samples a step"),
        ("lr", float, "learning rate; its peak, under a schedule"),
        ("momentum", float, "momentum of SGD"),
        ("weight-decay", float, "L2 penalty"),
        ("dropout", float, "probability of dropping an activation, in the best model"),
        ("patience", int, "stop after so many epochs without a better one; 0: never"),
        ("seed", int, "the same seed and options give the same weights"),
    ):
        default = defaults[name.replace("-", "_")]
        metavar = "N" if kind is int else "X"
        how.add_argument(f"--{name}", type=kind, metavar=metavar, help=f"{text} (default: {default})")
    how.add_argument(
        "--schedule", choices=SCHEDULES, help=f"course of the learning rate (default: {defaults['schedule']})"
    )
    how.add_argument(
        "--monitor",
        choices=MONITORS,
        help=f"what on validation data tells the best epoch (default: {defaults['monitor']})",
    )

    where = train.add_argument_group("where to")
    where.add_argument("--out", metavar="DIR", help="folder of the run (default: runs/MODEL-DATA)")
    going_on = where.add_mutually_exclusive_group()
    going_on.add_argument(
        "--resume",
        action="store_true",
        help="go on with the unfinished run in the folder, with its options; the result is the same",
    )
    going_on.add_argument("--overwrite", action="store_true", help="replace the run in the folder")
    where.add_argument(
        "--tensorboard",
        nargs="?",
        const="curves",
        choices=("curves", "histograms"),
        help="write event files into DIR/tensorboard: learning curves and hyper-parameters, or with 'histograms' also "
        "those of parameters and gradients, epoch by epoch; needs tensorboardX or tensorboard",
    )
    where.add_argument("--quiet", action="store_true", help="no progress bar and no line an epoch")


def _add_report(commands: Any) -> None:
    from tinygrad5329.experiments.command import add_options

    report = commands.add_parser(
        "report",
        help="run the report's studies and set its figures beside ours",
        description=(
            "Run the studies of the report that this project grew out of, and write a page, Markdown, CSV and figures "
            "with the report's figures beside ours. Finished runs are kept in DIR/runs and never made twice, so "
            "the same command goes on after an interruption."
        ),
        epilog=(
            "examples:\n  tinygrad5329 report --quick\n  tinygrad5329 report --tables 3-13 --data cifar10-pca128\n"
            "  tinygrad5329 report --tables best,protocol --protocol report --seeds 5 --out reports/best"
        ),
        formatter_class=_Help,
    )
    add_options(report)
    report.set_defaults(command=_report)


def _report(options: argparse.Namespace) -> int:
    from tinygrad5329.experiments.command import run

    return run(options, _program())


def _add_search(commands: Any) -> None:
    from tinygrad5329.search.studies.command import add_options

    search = commands.add_parser(
        "search",
        help="search for the best architecture and hyper-parameters within a budget",
        description=(
            "Search a space of architectures and hyper-parameters within a budget of training steps or processor "
            "time, and write a page, tables, figures and the best architecture as JSON and Python source. All trials "
            "are kept in the storage: the same command goes on after an interruption, and several at a time, on many "
            "machines if they share a database, work on one study together."
        ),
        epilog=(
            "examples:\n  tinygrad5329 search --space mini --algo evolution --budget 3000\n"
            "  tinygrad5329 search --algo hyperband --budget 20m --data cifar10-pca128 --out searches/hyperband\n"
            "  tinygrad5329 search --space mine.py:task --budget 120000 --jobs 4 --storage study.log"
        ),
        formatter_class=_Help,
    )
    add_options(search)
    search.set_defaults(command=_search)


def _search(options: argparse.Namespace) -> int:
    from tinygrad5329.search.studies.command import run

    return run(options, _program())


def _add_run(commands: Any) -> None:
    run = commands.add_parser(
        "run",
        help="run a PyTorch script with `import torch` meaning this package",
        description="Run a PyTorch script with `import torch` meaning this package, in this process only.",
    )
    run.set_defaults(command=_run_script)
    run.add_argument("script", help="a Python file")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="the script's own arguments")


def _add_doctor(commands: Any) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="say what is installed, what computes on how many threads, and whether a step is right",
        description=(
            "Without a script: the versions installed, the kernels and threads in use and how to change them, and a "
            "training step checked; the exit status is 1 if something is wrong. With a script: the names of torch "
            "that it uses and which are missing here, without running it; the exit status is 1 if any is missing."
        ),
    )
    doctor.set_defaults(command=_doctor)
    doctor.add_argument("script", nargs="?", help="a Python file")


def _run_script(options: argparse.Namespace) -> int:
    from tinygrad5329.compat.script import run_script

    try:
        return run_script(options.script, options.arguments)
    except (OSError, RuntimeError) as error:  # the script's own errors have been printed as Python prints them
        return _fail(error, USER_ERROR, "run")


def _doctor(options: argparse.Namespace) -> int:
    from tinygrad5329 import doctor
    from tinygrad5329.compat.doctor import report

    try:
        problems = doctor.report() if options.script is None else report(options.script)
        return FAILURE if problems else 0
    except BrokenPipeError:
        raise  # main knows what to do
    except (OSError, SyntaxError, ValueError) as error:
        return _fail(error, USER_ERROR, "doctor")


def _train(options: argparse.Namespace) -> int:
    from tinygrad5329.training.config import RunConfig
    from tinygrad5329.training.run_folder import RunError, RunFolder

    given = {name: value for name, value in vars(options).items() if name != "command"}
    resume, overwrite, quiet = (given.pop(name, False) for name in ("resume", "overwrite", "quiet"))
    out, tensorboard = given.pop("out", None), given.pop("tensorboard", None)
    try:
        config = RunConfig.from_options(given)
        out = Path(out) if out is not None else default_folder(config)
        if resume:
            config = RunFolder(out).resume(given)
    except (RunError, ValueError) as error:
        return _fail(error, USER_ERROR)
    return _run(config, out, resume=resume, overwrite=overwrite, tensorboard=tensorboard, quiet=quiet)


def default_folder(config: RunConfig) -> Path:
    """``runs/MODEL-DATA``; of a data folder its name."""
    return Path("runs") / f"{config.model}-{Path(config.data).resolve().name}"


def _run(config: RunConfig, out: Path, *, resume: bool, overwrite: bool, tensorboard: str | None, quiet: bool) -> int:
    from tinygrad5329.training.checkpoint import CheckpointError
    from tinygrad5329.training.interrupt import TrainingInterrupted
    from tinygrad5329.training.loops import DivergenceError
    from tinygrad5329.training.run import run
    from tinygrad5329.training.run_folder import RunError
    from tinygrad5329.training.summary import format_summary

    again = shlex.join([*_program().split(), "train", "--out", str(out), "--resume"])
    try:
        result = run(config, out, resume=resume, overwrite=overwrite, tensorboard=tensorboard, progress=not quiet)
    except TrainingInterrupted as stop:
        print(f"\n{stop}\nto go on:  {again}", file=sys.stderr)
        return 128 + stop.signal_number
    except KeyboardInterrupt:
        print(f"\ninterrupted outside training\nto go on:  {again}", file=sys.stderr)
        return 128 + signal.SIGINT
    except (RunError, CheckpointError) as error:
        return _fail(error, USER_ERROR)
    except BrokenPipeError:
        raise  # main knows what to do
    except (DivergenceError, ImportError, OSError) as error:
        return _fail(error, FAILURE)
    print(format_summary(result))
    return 0


def _fail(error: Exception, status: int, command: str = "train") -> int:
    message = " ".join(str(error).split())
    print(f"{_program()} {command}: error: {message}", file=sys.stderr)
    return status


def _program() -> str:
    called = Path(sys.argv[0])
    as_module = called.name == "__main__.py" and called.parent.name == "tinygrad5329"
    return "python -m tinygrad5329" if as_module else "tinygrad5329"
