"""Accuracy against what it costs at run time, with the Pareto front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad5329.experiments.output.figure_style import BLUE, GREEN, INK, MUTED, VERMILLION, blank_figure, drawing
from tinygrad5329.search.output.figures_progress import thousands
from tinygrad5329.search.output.floor import floor_of
from tinygrad5329.search.output.pareto import pareto_front
from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.trial import best_of, complete_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COSTS", "pareto_figure"]

#: Measures of which less is better: what they are called, and their factor to the unit shown.
COSTS: dict[str, tuple[str, float]] = {"latency": ("latency (ms)", 1e3), "parameters": ("parameters", 1.0)}


def pareto_figure(record: StudyRecord, measure: str) -> Figure | None:
    """Every complete trial, and those on the front of value and ``measure`` joined; None if none has the measure."""
    label, factor = COSTS[measure]
    front = pareto_front(record.trials, (measure,))
    if not front:
        return None
    points = [
        (float(trial.measures[measure]) * factor, float(trial.value))
        for trial in complete_of(record.trials)
        if trial.value is not None and trial.measures.get(measure) is not None
    ]
    edge = [(float(trial.measures[measure]) * factor, float(trial.value)) for trial in front if trial.value is not None]
    costs, values = [cost for cost, _ in points], [value for _, value in points]
    winner = best_of(record.trials)
    with drawing():
        figure = blank_figure(4.7, 3.4)
        axes = figure.subplots()
        axes.plot(
            costs,
            values,
            linestyle="none",
            marker="o",
            markersize=3.6,
            markeredgewidth=0,
            color=BLUE,
            alpha=0.75,
            label="complete",
        )
        axes.step(*zip(*edge, strict=True), where="post", color=VERMILLION, linewidth=1.4, label="front")
        axes.plot(*zip(*edge, strict=True), linestyle="none", marker="o", markersize=4.5, color=VERMILLION)
        if winner is not None and winner.value is not None and winner.measures.get(measure) is not None:
            place = float(winner.measures[measure]) * factor
            axes.plot(place, winner.value, marker="*", markersize=11, color=GREEN, linestyle="none", label="winner")
        if min(costs) > 0 and max(costs) > 8 * min(costs):
            axes.set_xscale("log")
            _plain_log_ticks(axes)
        else:
            axes.set_xlim(left=0)
            thousands(axes.xaxis)
        low, top = floor_of(values), max(values)
        axes.set_ylim(low - 0.08 * max(top - low, 0.01), top + 0.1 * max(top - low, 0.01))
        hidden = sum(value < axes.get_ylim()[0] for value in values)
        if hidden:
            axes.text(0.99, 0.02, f"{hidden} below", transform=axes.transAxes, ha="right", fontsize=8, color=MUTED)
        axes.set_xlabel(label, color=INK)
        axes.set_ylabel(record.value_name)
        figure.legend(loc="outside lower center", ncols=3, fontsize=8.5, handlelength=1.6, columnspacing=1.4)
    return figure


def _plain_log_ticks(axes: object) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator

    axis = axes.xaxis  # type: ignore[attr-defined]
    axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axes.minorticks_off()  # type: ignore[attr-defined]


def _short(value: float) -> str:
    """A count as 20k or 1.5M, a small number as it is."""
    for size, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"
