"""How quickly each update rule learns: one small panel a rule, the others behind it in grey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.experiments.output.figure_style import BLUE, GRID, INK, MUTED, VERMILLION, blank_figure, drawing
from tinygrad5329.experiments.output.figures_table import PlottedRow, mean_curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["rule_panels", "time_to_reach"]


def rule_panels(rows: Sequence[PlottedRow], levels: Sequence[float], columns: int = 3) -> Figure:
    """Accuracy on the judging rows by epoch, mean over the seeds in bold; ``levels`` are drawn as thin lines."""
    shown = [row for row in rows if any(row.curves)]
    lines = -(-len(shown) // columns)
    means = [mean_curve(row.curves) for row in shown]
    longest = max(map(len, means), default=1)
    with drawing():
        figure = blank_figure(7.4, 0.5 + 1.45 * lines)
        panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, row, mean in zip(panels, shown, means, strict=False):
            for other in means:
                if other is not mean:
                    axes.plot(np.arange(1, len(other) + 1), other, color=GRID, linewidth=0.8, zorder=1)
            for curve in row.curves:
                axes.plot(np.arange(1, len(curve) + 1), curve, color=BLUE, linewidth=0.6, alpha=0.5)
            axes.plot(np.arange(1, len(mean) + 1), mean, color=BLUE, linewidth=1.9)
            for level in levels:
                axes.axhline(level, color=MUTED, linewidth=0.7, linestyle=":")
            best = int(np.argmax(mean))
            axes.plot(best + 1, mean[best], marker="o", markersize=4.5, color=VERMILLION)
            axes.set_title(row.name, fontsize=8.3, color=INK, pad=3)
            axes.text(0.97, 0.06, f"{mean[best]:.4f}", transform=axes.transAxes, ha="right", fontsize=8.3, color=INK)
            axes.set_xlim(0, longest + 1)
            axes.grid(visible=False)
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
        top = max((max(mean) for mean in means), default=1.0)
        floor = min([*levels, *(max(mean) for mean in means)], default=0.0)
        panels[0].set_ylim(floor - 0.6 * (top - floor) - 0.03, top + 0.012)
        _label_bottom(panels, len(shown), columns)
        figure.supxlabel("epoch", fontsize=9.5, color=INK)
    return figure


def time_to_reach(
    names: Sequence[str], reached: Sequence[Sequence[Sequence[float]]], levels: Sequence[str], label: str
) -> Figure:
    """One line a rule, one marker a level: how long each seed took to it, and the mean.

    ``reached[i][j]`` holds what the seeds of rule ``i`` took to level ``j``, those that got there.
    """
    places = range(len(names))
    with drawing():
        figure = blank_figure(4.7, 1.15 + 0.27 * len(names))
        axes = figure.subplots()
        for place, row in zip(places, reached, strict=True):
            axes.axhline(place, color=GRID, linewidth=0.6, zorder=0)
            for level, values in enumerate(row):
                colour, marker = ((BLUE, "o"), (VERMILLION, "s"), (INK, "D"))[level % 3]
                if values:
                    axes.scatter(values, [place] * len(values), s=7, color=colour, alpha=0.45, linewidths=0)
                    axes.plot(
                        float(np.mean(values)), place, marker=marker, markersize=5.5, color=colour, linestyle="none"
                    )
        for level, text in enumerate(levels):
            colour, marker = ((BLUE, "o"), (VERMILLION, "s"), (INK, "D"))[level % 3]
            axes.plot([], [], marker=marker, markersize=5.5, color=colour, linestyle="none", label=text)
        if any(values for row in reached for values in row):
            axes.set_xscale("log")
            _plain_ticks(axes)
        axes.set_yticks(places, names, fontsize=8.5, color=INK)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(label)
        figure.legend(loc="outside lower center", ncols=len(levels), fontsize=8.5, handletextpad=0.2, columnspacing=1.2)
    return figure


def _label_bottom(panels: Any, count: int, columns: int) -> None:
    """Where the last line is short, the panel above a gap gets the tick labels that the gap would have had."""
    for index in range(max(0, count - columns), count):
        panels[index].tick_params(labelbottom=True)


def _plain_ticks(axes: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
