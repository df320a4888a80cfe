"""The one-page report of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tinygrad5329.training.page import Page

if TYPE_CHECKING:
    from tinygrad5329.training.run import RunResult

__all__ = ["render_report"]

_SPLITS = {"train": "training", "validation": "validation", "test": "test"}


def render_report(result: RunResult, figures: Mapping[str, str], command: str) -> str:
    """One self-contained HTML page about a finished run, readable in light and dark.

    Parameters
    ----------
    result : RunResult
        What came out.
    figures : mapping
        The SVG text of ``curves``, ``confusion_train``, ``confusion_test`` and ``graph``.
    command : str
        What repeats the run.

    Returns
    -------
    str
        HTML without any outside reference.
    """
    config, data, test = result.config, result.data, result.metrics["test"]
    page = Page(
        f"{config.model.capitalize()} model on {data.name}",
        f"{data.train_samples:,} training, {data.validation_samples:,} validation and "
        f"{data.test_samples:,} test "
        f"samples of {data.features} features in {len(data.class_names)} classes. "
        f"Finished {result.finished_at}.",
    )
    page.tiles(
        {
            "test accuracy": f"{test.accuracy:.2%}",
            "test F1 (macro)": f"{test.f1:.4f}",
            "parameters": f"{result.parameters:,}",
            "training time": format_seconds(result.seconds),
            "epochs (best)": f"{len(result.history)} ({result.best_epoch})",
        }
    )
    page.heading("Metrics")
    page.text(
        "Of the weights of the best epoch, in evaluation mode; precision, recall and F1 are macro averages. "
        "The test set was used once, after training."
    )
    page.table(
        ["", "loss", "accuracy", "precision", "recall", "F1", "samples"],
        [
            [
                _SPLITS[split],
                f"{metrics.loss:.4f}",
                *(f"{value:.4f}" for value in (metrics.accuracy, metrics.precision, metrics.recall, metrics.f1)),
                f"{metrics.samples:,}",
            ]
            for split, metrics in result.metrics.items()
        ],
    )
    page.heading("Loss and accuracy")
    page.figures(
        [
            (
                figures["curves"],
                "Training figures are means over the epoch, with dropout on and changing weights; validation "
                "figures are taken after it, without dropout. That is why validation can look better.",
            )
        ]
    )
    page.heading("Confusion")
    page.figures(
        [
            (figures["confusion_train"], "Training split: rows are true classes, columns predicted ones."),
            (figures["confusion_test"], "Test set."),
        ]
    )
    page.heading("Computation graph")
    page.figures(
        [
            (
                figures["graph"],
                "One training step, from the input and the parameters to the loss. graph.html shows the same "
                "to zoom into and search.",
            )
        ],
        themed=False,
    )
    page.heading("Configuration")
    page.pairs({name.replace("_", " "): str(value) for name, value in config.as_dict().items()})
    page.text("The same again:")
    page.code(command)
    page.heading("Environment")
    page.pairs(result.environment)
    return page.render()


def format_seconds(seconds: float) -> str:
    """``8.4 s``, ``3 min 05 s`` or ``2 h 07 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
