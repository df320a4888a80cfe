"""Everything a finished run leaves in its folder besides the checkpoint."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad5329 import graph
from tinygrad5329.atomic import write_atomically
from tinygrad5329.training.history import write_history
from tinygrad5329.training.plots import plot_confusion, plot_history, save_figure
from tinygrad5329.training.report import render_report
from tinygrad5329.training.run_folder import RunFolder

if TYPE_CHECKING:
    from tinygrad5329.training.run import RunResult

__all__ = ["write_artefacts"]

_TITLES = {"train": "Training split", "test": "Test set"}


def write_artefacts(result: RunResult, folder: RunFolder, step: graph.Graph, command: str) -> list[Path]:
    """Write history, figures, drawn graph, report and, last, ``metrics.json``.

    Parameters
    ----------
    result : RunResult
        What to write about.
    folder : RunFolder
        Where to.
    step : Graph
        The graph of one training step.
    command : str
        The command that repeats the run.

    Returns
    -------
    list of pathlib.Path
        The files of the run, those worth a first look first.
    """
    history = write_history(folder.history, result.history)
    curves = save_figure(plot_history(result.history, result.best_epoch), folder.path / "curves")
    svg = {"curves": curves[0].read_text(encoding="utf-8")}
    figures = list(curves)
    for split, title in _TITLES.items():
        metrics = result.metrics[split]
        figure = plot_confusion(metrics.confusion, result.data.class_names, f"{title}: accuracy {metrics.accuracy:.2%}")
        written = save_figure(figure, folder.path / f"confusion_{split}")
        svg[f"confusion_{split}"] = written[0].read_text(encoding="utf-8")
        figures += written
    graph_files, svg["graph"] = _write_graph(folder.path, step)
    report = write_atomically(folder.report, render_report(result, svg, command))
    metrics_file = write_atomically(folder.metrics, json.dumps(_figures_of_merit(result), indent=2) + "\n")
    return [report, metrics_file, history, *figures, *graph_files, folder.model, folder.checkpoint]


def _write_graph(folder: Path, step: graph.Graph) -> tuple[list[Path], str]:
    """Draw the graph in every form; returns the files, and an SVG that follows light and dark."""
    page = graph.to_html(step, folder / "graph.html")
    picture = graph.to_svg(step, folder / "graph.svg")
    own = picture.read_text(encoding="utf-8")
    drawn = graph.draw(step)
    files = [page, picture, write_atomically(folder / "graph.dot", drawn.source)]
    # Pages, DOT text and a plain SVG need nothing; Graphviz' own pictures need its program.
    if shutil.which("dot") is not None:
        graph.render(drawn, picture)
        files.append(graph.render(drawn, folder / "graph.png", dpi=150))
    return files, own


def _figures_of_merit(result: RunResult) -> dict[str, Any]:
    return {
        "metrics": {split: metrics.as_dict() for split, metrics in result.metrics.items()},
        "parameters": result.parameters,
        "epochs": len(result.history),
        "best_epoch": result.best_epoch,
        "seconds": result.seconds,
        "finished_at": result.finished_at,
        "config": result.config.as_dict(),
        "data": result.data.as_dict(),
        "environment": result.environment,
    }
