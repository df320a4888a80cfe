"""The best architecture of a study as files: JSON, Python source, its drawn graph."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.atomic import write_atomically
from tinygrad5329.graph.options import Show, graph_of
from tinygrad5329.graph.svg import svg_text
from tinygrad5329.search.networks.source import python_source
from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.task import Task
from tinygrad5329.search.trial import Trial, best_of

__all__ = ["WINNER_FILES", "Winner", "winner_of"]

WINNER_FILES = ("winner.json", "winner.py", "winner.svg")


@dataclass(frozen=True)
class Winner:
    """The complete trial with the largest value.

    Attributes
    ----------
    trial : Trial
    values : str
        It as JSON.
    source : str or None
        A Python program that builds the network anew; None if it cannot be written.
    unwritten : str
        Why it cannot: a task may build its networks of layers of its own, of which only it knows the source.
    drawing : str
        Its graph as SVG.
    """

    trial: Trial
    values: str
    source: str | None
    unwritten: str
    drawing: str

    def write(self, folder: Path) -> Iterator[Path]:
        """Write ``winner.json``, ``winner.svg``, and ``winner.py`` if there is a source."""
        for name, text in zip(WINNER_FILES, (self.values, self.source, self.drawing), strict=True):
            if text is not None:
                yield write_atomically(folder / name, text)


def winner_of(record: StudyRecord, task: Task) -> Winner | None:
    """Build, describe and draw the best architecture; None while no trial is complete.

    The default generator is left as it was.

    Raises
    ------
    RuntimeError
        If the task cannot build it, or it does not go together with the task's example; the message says why.
    """
    trial = best_of(record.trials)
    if trial is None:
        return None
    values = {
        "task": record.task,
        "algorithm": record.algorithm,
        "seed": record.seed,
        "trial": trial.number,
        "value": trial.value,
        "architecture": trial.architecture,
        "measures": dict(trial.measures),
        "steps": trial.steps,
        "seconds": trial.seconds,
    }
    module, example = _built(task, trial)
    source, unwritten = None, ""
    try:
        program = python_source(module, trial.architecture, example=example, drawn_by=getattr(task, "drawn_by", None))
        source = f"{_heading(record, trial)}\n\n{program}"
    except ValueError as error:
        unwritten = str(error)
    if example.is_floating_point():
        # Drawn through reshapes too, of which a tape without a gradient for the input keeps no trace.
        example = example.detach().clone().requires_grad_()
    show = Show(dtypes=False)
    try:
        drawing = svg_text(graph_of(module.eval(), None, example, show=show), show)
    except Exception as error:
        raise _undrawn(trial, error) from error
    return Winner(trial, json.dumps(values, indent=2) + "\n", source, unwritten, drawing)


def _built(task: Task, trial: Trial) -> tuple[nn.Module, tg.Tensor]:
    state = tg.default_generator.get_state()
    try:
        module, example = task.build(trial.architecture), task.example()
        for made, kind, by in ((module, nn.Module, "build"), (example, tg.Tensor, "example")):
            if not isinstance(made, kind):
                raise TypeError(f"{by}: expected a {kind.__name__}, got {made!r}")
    except Exception as error:
        raise _undrawn(trial, error) from error
    finally:
        tg.default_generator.set_state(state)
    return module, example


def _undrawn(trial: Trial, error: Exception) -> RuntimeError:
    return RuntimeError(
        f"the network of trial {trial.number}, the best, cannot be built and drawn: {type(error).__name__}: {error}; "
        "all trials are kept: mend the task, and start the search again for its page"
    )


def _heading(record: StudyRecord, trial: Trial) -> str:
    text = f"Trial {trial.number} of {record.algorithm} on {record.task}, seed {record.seed}: value {trial.value:.4f}."
    return "# " + " ".join(text.split())
