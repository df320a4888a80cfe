"""How a search went: the best so far over what was spent, the trials' learning curves, what each cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinygrad5329.experiments.output.figure_style import (
    BLUE,
    GREEN,
    GRID,
    INK,
    MUTED,
    ORANGE,
    VERMILLION,
    blank_figure,
    drawing,
)
from tinygrad5329.search.output.floor import floor_of
from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.output.spending import last_value, progress_of, unit_of
from tinygrad5329.search.trial import Trial, best_of, complete_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MARKS", "cost_figure", "learning_curves_figure", "progress_figure", "thousands"]

#: How the trials of a state are marked: colour, marker, size, whether it is filled.
MARKS: dict[str, tuple[str, str, float, bool]] = {
    "complete": (BLUE, "o", 4.0, True),
    "pruned": (ORANGE, "v", 4.5, False),
    "failed": (VERMILLION, "x", 5.0, False),
    "running": (MUTED, "D", 3.8, False),
}


def progress_figure(record: StudyRecord) -> Figure:
    """Each trial where it ended on the axis of what was spent, and the best value so far as a line."""
    unit = unit_of(record)
    progress = [each for each in progress_of(record) if each.trial.state in MARKS]
    values = {each.trial.number: last_value(each.trial) for each in progress}
    low, high = _shown(complete_of(record.trials), [value for value in values.values() if value is not None])
    spent = progress[-1].spent if progress else float(record.supernet[unit == "seconds"])
    end = max(spent, record.budget.get(unit, 0.0))
    with drawing():
        figure = blank_figure(7.4, 3.6)
        axes = figure.subplots()
        supernet = record.supernet[unit == "seconds"]
        if supernet:
            axes.axvspan(0, supernet, color=GRID, alpha=0.5, linewidth=0, label="shared weights")
        for state, (colour, marker, size, filled) in MARKS.items():
            places = [
                (each.spent, _clipped(values[each.trial.number], low, high))
                for each in progress
                if each.trial.state == state
            ]
            if places:
                axes.plot(
                    *zip(*places, strict=True),
                    linestyle="none",
                    marker=marker,
                    markersize=size,
                    color=colour,
                    markerfacecolor=colour if filled else "none",
                    markeredgewidth=0 if filled else 1.1,
                    alpha=0.7 if filled else 1.0,
                    clip_on=False,
                    label=f"{state} ({len(places)})",
                )
        best = [(each.spent, each.best) for each in progress if each.best is not None]
        if best:
            axes.step(
                [*(place for place, _ in best), spent],
                [*(value for _, value in best), best[-1][1]],
                where="post",
                color=BLUE,
                linewidth=1.8,
                label="best so far",
            )
            winner = best_of(record.trials)
            place = next(each.spent for each in progress if each.trial is winner)
            axes.plot(
                place, best[-1][1], marker="*", markersize=11, color=GREEN, linestyle="none", label="winner", zorder=5
            )
        if record.budget.get(unit):
            axes.axvline(record.budget[unit], color=MUTED, linewidth=0.9, linestyle=":", label="budget")
        axes.set_xlim(0, end * 1.02 or 1.0)
        axes.set_ylim(low, high)
        axes.set_xlabel("training steps, all trials together" if unit == "steps" else "processor seconds, all together")
        axes.set_ylabel(record.value_name)
        thousands(axes.xaxis)
        if axes.get_legend_handles_labels()[0]:
            figure.legend(
                loc="outside lower center",
                ncols=4,
                fontsize=8.5,
                handlelength=1.6,
                columnspacing=1.4,
                handletextpad=0.5,
            )
    return figure


def learning_curves_figure(record: StudyRecord) -> Figure | None:
    """What every trial reported on its way; None if none reported twice."""
    curves = [(trial, _curve(trial)) for trial in record.trials if trial.state in MARKS]
    if not any(len(curve) > 1 for _, curve in curves):
        return None
    winner = best_of(record.trials)
    ends = [curve[-1][1] for _, curve in curves if curve]
    with drawing():
        figure = blank_figure(7.4, 3.4)
        axes = figure.subplots()
        named: set[str] = set()
        for trial, curve in curves:
            if not curve or trial is winner:
                continue
            colour = MARKS[trial.state][0]
            steps, values = zip(*curve, strict=True)
            alpha = 0.3 if trial.state == "complete" else 0.55
            axes.plot(steps, values, color=colour, linewidth=0.8, alpha=alpha, zorder=1)
            axes.plot(
                steps[-1],
                values[-1],
                marker=MARKS[trial.state][1],
                markersize=3.5,
                color=colour,
                markerfacecolor=colour if trial.state == "complete" else "none",
                linestyle="none",
                label=None if trial.state in named else trial.state,
            )
            named.add(trial.state)
        if winner is not None and (curve := _curve(winner)):
            axes.plot(*zip(*curve, strict=True), color=GREEN, linewidth=2.0, label=f"winner (trial {winner.number})")
        axes.set_ylim(*_shown(complete_of(record.trials), ends, reach=6.0))
        axes.set_xlim(left=0)
        axes.set_xlabel("training steps of the trial")
        axes.set_ylabel(record.value_name)
        thousands(axes.xaxis)
        figure.legend(loc="outside lower center", ncols=5, fontsize=8.5, handlelength=1.6, columnspacing=1.4)
    return figure


def cost_figure(record: StudyRecord) -> Figure | None:
    """Processor seconds of every trial; None if no trial took any."""
    trials = [trial for trial in record.trials if trial.state in MARKS and trial.seconds > 0]
    if not trials:
        return None
    with drawing():
        from matplotlib.ticker import MaxNLocator

        figure = blank_figure(7.4, 2.5)
        axes = figure.subplots()
        for state, (colour, marker, size, filled) in MARKS.items():
            chosen = [trial for trial in trials if trial.state == state]
            if not chosen:
                continue
            numbers, seconds = [trial.number for trial in chosen], [trial.seconds for trial in chosen]
            axes.vlines(numbers, 0, seconds, color=colour, linewidth=0.8, alpha=0.45)
            axes.plot(
                numbers,
                seconds,
                linestyle="none",
                marker=marker,
                markersize=size,
                color=colour,
                markerfacecolor=colour if filled else "none",
                markeredgewidth=0 if filled else 1.1,
                label=state,
            )
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("trial")
        axes.set_ylabel("processor seconds", color=INK)
        axes.grid(visible=False, axis="x")
        figure.legend(loc="outside lower center", ncols=4, fontsize=8.5, handletextpad=0.2, columnspacing=1.4)
    return figure


def thousands(axis: Any) -> None:
    """Tick labels with commas."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"))


def _curve(trial: Trial) -> list[tuple[int, float]]:
    return [(steps, value) for steps, value in trial.reports if math.isfinite(value)]


def _shown(complete: Sequence[Trial], values: Sequence[float], reach: float = 3.0) -> tuple[float, float]:
    """Limits of the axis of values."""
    judged = [trial.value for trial in complete if trial.value is not None] or list(values)
    if not judged:
        return 0.0, 1.0
    top, low = max(judged), floor_of(judged, reach)
    # Pruned and running trials may reach farther down, as far as complete ones might.
    low = max(min([low, *values]), floor_of([float("-inf"), *judged], reach))
    # What failed may have reported more than any trial came to: it is not to press the others together, either.
    top = max([top, *(min(value, 2 * top - low) for value in values)])
    margin = 0.06 * max(top - low, 0.01)
    return low - margin, top + 1.5 * margin


def _clipped(value: float | None, low: float, high: float) -> float:
    """What has no value, or one below the axis, stands on its floor; one above it, at its top."""
    return low if value is None else min(max(value, low), high)
