"""Algorithms side by side: the best so far over the budget, and what each seed came to."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad5329.experiments.output.figure_style import (
    BLUE,
    GRID,
    INK,
    MUTED,
    VERMILLION,
    blank_figure,
    colour_of,
    drawing,
)
from tinygrad5329.search.output.comparison import BASELINE, Contender, best_curve
from tinygrad5329.search.output.figures_progress import thousands
from tinygrad5329.search.output.spending import progress_of, unit_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["curves_figure", "panels_figure", "seeds_figure"]

_PLACES = 241
_COLUMNS = 3


def curves_figure(contenders: Sequence[Contender]) -> Figure:
    """The mean over the seeds of the best so far, one line an algorithm, with a band from the lowest to the highest."""
    places, curves = _curves(contenders)
    with drawing():
        figure = blank_figure(7.4, 4.4)
        axes = figure.subplots()
        for index, (contender, (mean, low, high)) in enumerate(zip(contenders, curves, strict=True)):
            baseline = contender.algorithm == BASELINE
            colour = INK if baseline else colour_of(_number(contenders, index) % 6)
            dashes = (0, (1, 1.2)) if baseline else ("-", (0, (4, 1.6)))[_number(contenders, index) // 6 % 2]
            axes.fill_between(places, low, high, step="post", color=colour, alpha=0.09, linewidth=0)
            axes.step(
                places,
                mean,
                where="post",
                color=colour,
                linestyle=dashes,
                linewidth=2.0 if baseline else 1.5,
                label=contender.algorithm,
            )
        _finish(axes, contenders, curves, places)
        axes.set_ylabel(f"best {contenders[0].studies[0].value_name} so far")
        axes.set_xlabel(_axis_label(contenders))
        figure.legend(loc="outside lower center", ncols=5, fontsize=8.5, handlelength=2.2, columnspacing=1.4)
    return figure


def panels_figure(contenders: Sequence[Contender]) -> Figure:
    """A panel for each algorithm: its seeds, their mean in bold, and the mean of random search behind."""
    places, curves = _curves(contenders)
    behind = next((i for i, each in enumerate(contenders) if each.algorithm == BASELINE), None)
    lines = -(-len(contenders) // _COLUMNS)
    with drawing():
        figure = blank_figure(7.4, 0.55 + 1.6 * lines)
        panels = figure.subplots(lines, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
        for index, (axes, contender) in enumerate(zip(panels, contenders, strict=False)):
            mean, low, high = curves[index]
            if behind is not None and behind != index:
                axes.step(places, curves[behind][0], where="post", color=MUTED, linestyle=(0, (1, 1.2)), linewidth=1.2)
            axes.fill_between(places, low, high, step="post", color=BLUE, alpha=0.16, linewidth=0)
            for curve in best_curve(contender, places):
                values = [np.nan if value is None else value for value in curve]
                axes.step(places, values, where="post", color=BLUE, linewidth=0.6, alpha=0.6)
            axes.step(places, mean, where="post", color=BLUE, linewidth=1.8)
            axes.set_title(contender.algorithm, fontsize=9, pad=3)
            if contender.validation is not None:
                words = f"{contender.validation.mean:.4f}"
                axes.text(0.97, 0.06, words, transform=axes.transAxes, ha="right", fontsize=8.5, color=INK)
        for axes in panels[len(contenders) :]:
            axes.set_visible(False)
        for index in range(max(0, len(contenders) - _COLUMNS), len(contenders)):
            panels[index].tick_params(labelbottom=True)
        _finish(panels[0], contenders, curves, places)
        for axes in panels:
            axes.locator_params(axis="x", nbins=4)
            axes.tick_params(labelsize=8)
        figure.supxlabel(_axis_label(contenders), fontsize=9.5, color=INK)
    return figure


def seeds_figure(contenders: Sequence[Contender]) -> Figure:
    """What the winner of each seed came to on validation and on test rows, with the means."""
    shown = [each for each in contenders if each.validation is not None]
    with drawing():
        figure = blank_figure(7.4, 1.15 + 0.32 * len(shown))
        axes = figure.subplots()
        for place, contender in enumerate(shown):
            axes.axhline(place, color=GRID, linewidth=0.6, zorder=0)
            for found, colour, marker, shift in (
                (contender.validation, BLUE, "o", -0.14),
                (contender.measure("test_accuracy"), VERMILLION, "s", 0.14),
            ):
                if found is None:
                    continue
                heights = [place + shift] * len(found.values)
                axes.scatter(found.values, heights, s=10, color=colour, marker=marker, alpha=0.5, linewidths=0)
                if found.deviation is not None:
                    ends = [found.mean - found.deviation, found.mean + found.deviation]
                    axes.plot(ends, heights[:1] * 2, color=colour, linewidth=1.1, alpha=0.8)
                axes.plot(found.mean, heights[0], marker=marker, markersize=5.5, color=colour, linestyle="none")
        for label, colour, marker in (("validation", BLUE, "o"), ("test", VERMILLION, "s")):
            axes.plot([], [], marker=marker, markersize=5.5, color=colour, linestyle="none", label=label)
        axes.set_yticks(range(len(shown)), [each.algorithm for each in shown], fontsize=8.5, color=INK)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("accuracy of the winner")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8.5, handletextpad=0.2)
    return figure


def _curves(contenders: Sequence[Contender]) -> tuple[list[float], list[tuple[Any, Any, Any]]]:
    """Mean, lowest and highest over the seeds, from where all of them have a value."""
    places = [float(place) for place in np.linspace(0.0, _end(contenders), _PLACES)]
    curves = []
    for contender in contenders:
        columns = list(zip(*best_curve(contender, places), strict=True))
        known = [[value for value in column if value is not None] for column in columns]
        full = [len(column) == len(contender.studies) for column in known]
        curves.append(
            tuple(
                np.array(
                    [measure(column) if all_there else np.nan for column, all_there in zip(known, full, strict=True)]
                )
                for measure in (statistics.fmean, min, max)
            )
        )
    return places, curves  # type: ignore[return-value]


def _end(contenders: Sequence[Contender]) -> float:
    """The end of the axis: the budget, or the most that a study spent."""
    studies = [study for contender in contenders for study in contender.studies]
    budget = studies[0].budget.get(unit_of(studies[0]), 0.0)
    spent = [progress[-1].spent for study in studies if (progress := progress_of(study))]
    return float(max([budget, *spent])) or 1.0


def _finish(axes: Any, contenders: Sequence[Contender], curves: Sequence[Any], places: Sequence[float]) -> None:
    finals = [float(mean[-1]) for mean, _, _ in curves if np.isfinite(mean[-1])]
    highs = [float(high[-1]) for _, _, high in curves if np.isfinite(high[-1])]
    lows = [float(low[-1]) for _, low, _ in curves if np.isfinite(low[-1])]
    if finals:
        top, bottom = max(highs), min(lows)
        reach = max(top - bottom, 0.01)
        axes.set_ylim(bottom - 1.2 * reach, top + 0.15 * reach)
    axes.set_xlim(0, places[-1])
    thousands(axes.xaxis)


def _number(contenders: Sequence[Contender], index: int) -> int:
    """Its place among those that are not the baseline, for its colour."""
    return sum(each.algorithm != BASELINE for each in contenders[:index])


def _axis_label(contenders: Sequence[Contender]) -> str:
    unit = unit_of(contenders[0].studies[0])
    return "training steps spent" if unit == "steps" else "processor seconds spent"
