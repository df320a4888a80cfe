"""Figures of a training: loss and accuracy curves, confusion matrices.

Drawn without pyplot, so that importing and drawing leave the user's own figures and backend alone.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_confusion", "plot_history", "save_figure"]

# Two colours of the Okabe-Ito palette, told apart by every common kind of colour vision, and in grey
# print by their dashes. The HTML report swaps these values for its own in dark mode (see report.py).
INK, MUTED, GRID, PAPER = "#24292f", "#57606a", "#d0d7de", "#ffffff"
TRAIN, VALIDATION = "#0072b2", "#d55e00"

STYLE: dict[str, Any] = {
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.facecolor": "none",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "svg.fonttype": "none",  # real text: smaller, searchable, and it follows the page's colours
    "svg.hashsalt": "tinygrad5329",  # the same figure gives the same file
}


def plot_history(history: Sequence[Mapping[str, Any]], best_epoch: int | None = None) -> Figure:
    """Loss and accuracy over the epochs, side by side, for training and validation.

    Parameters
    ----------
    history : sequence of mapping
        As :attr:`Trainer.history`; columns that are missing are left out.
    best_epoch : int, optional
        Marked by a thin line: the epoch whose weights were kept.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the history is empty.
    ImportError
        If matplotlib is missing.
    """
    matplotlib = _import_matplotlib()
    if not history:
        raise ValueError("plot_history: the history is empty; train at least one epoch")
    has_accuracy = any("train_accuracy" in row for row in history)
    quantities = [("loss", "Loss"), ("accuracy", "Accuracy")][: 2 if has_accuracy else 1]
    with matplotlib.rc_context(STYLE):
        figure = matplotlib.figure.Figure(figsize=(4.6 * len(quantities), 3.4), layout="constrained")
        for axes, (name, title) in zip(np.atleast_1d(figure.subplots(1, len(quantities))), quantities, strict=True):
            _draw_curves(axes, history, name, best_epoch)
            axes.set_title(title)
    return figure


def plot_confusion(
    confusion: np.ndarray[Any, Any], class_names: Sequence[str] | None = None, title: str = "Confusion matrix"
) -> Figure:
    """A confusion matrix: counts in the cells, colour by the share of the true class.

    Parameters
    ----------
    confusion : numpy.ndarray
        Shape (C, C); rows are true classes, columns predicted ones.
    class_names : sequence of str, optional
        C names; numbers by default.
    title : str
        Stands above the figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the matrix is not square or the number of names differs.
    ImportError
        If matplotlib is missing.
    """
    matplotlib = _import_matplotlib()
    confusion = np.asarray(confusion)
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(f"plot_confusion: expected a square matrix, got shape {confusion.shape}")
    classes = len(confusion)
    names = [str(i) for i in range(classes)] if class_names is None else [str(name) for name in class_names]
    if len(names) != classes:
        raise ValueError(f"plot_confusion: {classes} classes but {len(names)} class_names")
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    long_names = max(map(len, names)) > 3
    with matplotlib.rc_context(STYLE | {"axes.grid": False}):
        side = max(3.2, 0.46 * classes + (1.2 if long_names else 0.8))
        figure = matplotlib.figure.Figure(figsize=(side + 0.8, side), layout="constrained")
        axes = figure.subplots()
        mesh = axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors=PAPER, linewidth=1.0)
        for row, column in np.argwhere(confusion):
            axes.text(
                column + 0.5,
                row + 0.52,
                str(confusion[row, column]),
                ha="center",
                va="center",
                # The cells stay light or dark in either mode of a page, so their text must not follow it:
                # these are not INK and PAPER, which do.
                color="#fdfdfd" if shares[row, column] > 0.55 else "#1b1f24",
                fontsize=8,
            )
        ticks = np.arange(classes) + 0.5
        axes.set_xticks(ticks, names, rotation=45 if long_names else 0, ha="right" if long_names else "center")
        axes.set_yticks(ticks, names)
        axes.tick_params(length=0)
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.spines[:].set_visible(False)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        axes.set_title(title)
        bar = figure.colorbar(mesh, ax=axes, shrink=0.7, ticks=[0, 0.5, 1], format="{x:.0%}")
        bar.outline.set_visible(False)
        bar.set_label("share of the true class")
        bar.ax.tick_params(length=0)
    return figure


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Write a figure as SVG and as PNG (200 dots an inch) beside each other.

    ``path`` is without suffix: ``save_figure(figure, "runs/a/curves")`` writes ``curves.svg`` and
    ``curves.png``. Returns both paths. Drawing the same figure again gives the same SVG.
    """
    matplotlib = _import_matplotlib()
    written = []
    for suffix, options in ((".svg", {"metadata": {"Date": None}}), (".png", {"dpi": 200})):
        content = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            figure.savefig(content, format=suffix[1:], **options)
        written.append(write_atomically(f"{os.fspath(path)}{suffix}", content.getvalue()))
    return written[0], written[1]


def _import_matplotlib() -> Any:
    try:
        import matplotlib
        import matplotlib.figure
    except ImportError as error:
        raise ImportError("figures need matplotlib: pip install 'tinygrad5329[train]'") from error
    return matplotlib


def _draw_curves(axes: Any, history: Sequence[Mapping[str, Any]], quantity: str, best_epoch: int | None) -> None:
    from matplotlib.ticker import MaxNLocator

    for split, label, colour, dashes in (
        ("train", "training", TRAIN, "--"),
        ("val", "validation", VALIDATION, "-"),
    ):
        rows = [row for row in history if f"{split}_{quantity}" in row]
        if rows:
            # A single epoch would draw no line, so it gets a dot.
            axes.plot(
                [row["epoch"] for row in rows],
                [row[f"{split}_{quantity}"] for row in rows],
                dashes,
                marker="o" if len(rows) == 1 else None,
                color=colour,
                label=label,
            )
    if best_epoch is not None:
        axes.axvline(best_epoch, color=MUTED, linewidth=0.9, linestyle=":", label=f"best epoch ({best_epoch})")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
