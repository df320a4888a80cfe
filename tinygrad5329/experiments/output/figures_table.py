"""The figures of a table: accuracy over what was varied, and the training curves of its rows."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.experiments.output.figure_style import (
    BLUE,
    GRID,
    INK,
    MUTED,
    PAPER,
    PURPLE,
    VERMILLION,
    blank_figure,
    colour_of,
    dashes_of,
    drawing,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PlottedRow", "accuracy_figure", "curves_figure", "mean_curve", "off_axis", "shown_range"]


#: Accuracies farther than this below the best may be left off the axis.
_NEAR = 0.08


@dataclass(frozen=True)
class PlottedRow:
    """One row of a table as its figures need it.

    Attributes
    ----------
    name : str
    train, test : sequence of float
        Accuracy of each run that finished.
    reported_train, reported_test : float or None
        The report's figures, where they are known.
    curves : sequence of sequence of float
        Each run's accuracy on its judging rows, epoch by epoch.
    """

    name: str
    train: Sequence[float]
    test: Sequence[float]
    reported_train: float | None
    reported_test: float | None
    curves: Sequence[Sequence[float]]


def accuracy_figure(rows: Sequence[PlottedRow]) -> Figure:
    """Test and training accuracy of each row: one dot a seed, the mean and a bar of one deviation to each side."""
    places = range(len(rows))
    with drawing():
        figure = blank_figure(4.7, max(2.3, 1.1 + 0.32 * len(rows)))
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.55, 1], gridspec_kw={"wspace": 0.08})
        for axes, split, colour, title in (
            (left, "test", VERMILLION, "Test accuracy"),
            (right, "train", BLUE, "Train accuracy"),
        ):
            floor = _floor([float(np.mean(values)) for row in rows if (values := getattr(row, split))])
            for place, row in zip(places, rows, strict=True):
                _draw_row(axes, place, getattr(row, split), getattr(row, f"reported_{split}"), colour, floor)
            axes.set_title(title, fontsize=9.5)
            axes.grid(visible=False, axis="y")
            axes.spines["left"].set_visible(False)
            axes.margins(x=0.1)
            axes.xaxis.set_major_locator(_ticks(4 if axes is left else 2))
            _no_wider_than_needed(axes)
        for place in places:
            for axes in (left, right):
                axes.axhline(place, color=GRID, linewidth=0.6, zorder=0)
        left.set_yticks(
            places, [textwrap.fill(row.name, 18, break_on_hyphens=False) for row in rows], fontsize=8.5, color=INK
        )
        for axes in (left, right):
            axes.tick_params(axis="y", length=0)
        left.set_ylim(len(rows) - 0.5, -0.5)
        _legend(figure, any(row.reported_test is not None or row.reported_train is not None for row in rows))
    return figure


def curves_figure(rows: Sequence[PlottedRow], judged: str) -> Figure:
    """Accuracy on the judging rows, which ``judged`` names, over the epochs: one colour a row, one thin line a seed.

    The thick line is the mean of the seeds, as far as all of them ran.
    """
    shown = [(index, row) for index, row in enumerate(rows) if any(row.curves)]
    columns = _columns([row.name for _, row in shown])
    with drawing():
        figure = blank_figure(4.7, 2.65 + 0.18 * -(-len(shown) // columns))
        axes = figure.subplots()
        for index, row in shown:
            style: dict[str, Any] = {"color": colour_of(index), "linestyle": dashes_of(index)}
            for curve in row.curves:
                axes.plot(np.arange(1, len(curve) + 1), curve, linewidth=0.6, alpha=0.55, **style)
            mean = mean_curve(row.curves)
            dot: dict[str, Any] = {"marker": "o", "markersize": 3} if len(mean) == 1 else {}
            axes.plot(np.arange(1, len(mean) + 1), mean, linewidth=1.5, label=row.name, **style, **dot)
        axes.set_ylim(*shown_range(rows))
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(_ticks(6, integer=True))
        axes.set_title(f"Accuracy on the {judged} rows", fontsize=9.5)
        figure.legend(
            loc="outside lower center",
            ncols=columns,
            fontsize=8,
            handlelength=1.5,
            columnspacing=1.2,
            handletextpad=0.5,
        )
    return figure


def shown_range(rows: Sequence[PlottedRow]) -> tuple[float, float]:
    """The accuracies that :func:`curves_figure` shows: the better half in full, first epochs perhaps not."""
    values = [value for row in rows for curve in row.curves for value in curve]
    if not values:
        return 0.0, 1.0
    high, low = max(values), min(values)
    shown = max(low, high - 2.2 * (high - float(np.quantile(values, 0.25))) - 0.02)
    margin = max(0.04 * (high - shown), 0.004)
    return shown - margin, high + margin


def mean_curve(curves: Sequence[Sequence[float]]) -> list[float]:
    """The mean over the seeds while all run."""
    common = min((len(curve) for curve in curves if curve), default=0)
    return [float(np.mean([curve[epoch] for curve in curves if curve])) for epoch in range(common)]


def _draw_row(
    axes: Any, place: int, values: Sequence[float], reported: float | None, colour: str, floor: float
) -> None:
    if reported is not None:
        axes.plot(reported, place, marker="D", markersize=6, color="none", markeredgecolor=PURPLE, markeredgewidth=1.4)
    if not values:
        axes.annotate(
            "no run finished", (0.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=8, color=MUTED
        )
        return
    mean = float(np.mean(values))
    if mean < floor:
        axes.annotate(
            f"◂ {mean:.4f}", (0.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=8, color=colour
        )
        return
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    axes.plot([mean - deviation, mean + deviation], [place, place], color=colour, linewidth=1.6, solid_capstyle="butt")
    axes.scatter(values, np.full(len(values), place + 0.22), s=7, color=colour, alpha=0.55, linewidths=0)
    axes.plot(mean, place, marker="o", markersize=6, color=colour, markeredgecolor=PAPER, markeredgewidth=0.8)


def off_axis(rows: Sequence[PlottedRow]) -> bool:
    """Whether :func:`accuracy_figure` leaves a row off an axis, as too far below the others."""
    for split in ("train", "test"):
        means = [float(np.mean(values)) for row in rows if (values := getattr(row, split))]
        if means and min(means) < _floor(means):
            return True
    return False


def _floor(means: Sequence[float]) -> float:
    """Rows below are named at the edge: one that learned nothing must not flatten the differences of all others."""
    near = [mean for mean in means if mean > max(means) - _NEAR]
    far = [mean for mean in means if mean <= max(means) - _NEAR]
    return min(near) if len(near) >= 2 and far and min(near) - max(far) > _NEAR else 0.0


def _legend(figure: Any, reported: bool) -> None:
    from matplotlib.lines import Line2D

    entries = [
        Line2D([], [], marker="o", markersize=6, color=INK, linewidth=1.6, label="mean ± deviation"),
        Line2D([], [], marker="o", markersize=2.8, color=INK, alpha=0.55, linestyle="none", label="each seed"),
    ]
    if reported:
        entries.append(
            Line2D(
                [],
                [],
                marker="D",
                markersize=6,
                markerfacecolor="none",
                markeredgecolor=PURPLE,
                markeredgewidth=1.4,
                linestyle="none",
                label="the report",
            )
        )
    figure.legend(
        handles=entries,
        loc="outside lower center",
        ncols=len(entries),
        fontsize=8.5,
        handlelength=1.6,
        columnspacing=1.4,
    )


def _no_wider_than_needed(axes: Any) -> None:
    """Widen a range too narrow to be worth a look: a tenth of a point should not look like a gulf."""
    low, high = axes.get_xlim()
    if high - low < 0.01:
        middle = (low + high) / 2
        axes.set_xlim(middle - 0.005, middle + 0.005)


def _columns(names: Sequence[str]) -> int:
    """How many names fit side by side into a legend: about 15 letters an inch, and the sample of the line."""
    width = max(map(len, names), default=1) / 15 + 0.45
    return max(1, min(len(names), int(4.7 / width)))


def _ticks(count: int, *, integer: bool = False) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=count, integer=integer)
