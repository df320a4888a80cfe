"""Figure 13: what each adjustment adds, in the style of Figure 2 of Liu et al., "A ConvNet for the 2020s" (2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinygrad5329.experiments.output.figure_style import (
    BLUE,
    GRID,
    INK,
    MUTED,
    PURPLE,
    VERMILLION,
    blank_figure,
    drawing,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Step", "staircase"]


@dataclass(frozen=True)
class Step:
    """One stair.

    Attributes
    ----------
    name : str
    accuracies : sequence of float
        Test accuracy of each seed, with this and all earlier adjustments.
    reported : float or None
        The report's, where it is known.
    group : str
        Steps of one group stand together under its name.
    """

    name: str
    accuracies: Sequence[float]
    reported: float | None = None
    group: str = ""


def staircase(steps: Sequence[Step]) -> Figure:
    """Horizontal bars of cumulative accuracy, top to bottom, with what each step adds and a bar of one deviation."""
    done = [step for step in steps if step.accuracies]
    lowest = min((min(step.accuracies) for step in done), default=0.0)
    highest = max((max(step.accuracies) for step in done), default=1.0)
    known = [step.reported for step in steps if step.reported is not None]
    start = min([lowest, *known]) - 0.35 * (max([highest, *known]) - lowest) - 0.005
    places = range(len(steps))
    with drawing():
        figure = blank_figure(7.4, 1.0 + 0.34 * len(steps))
        axes = figure.subplots()
        before: tuple[int, float] | None = None
        for place, step in zip(places, steps, strict=True):
            if step.reported is not None:
                axes.plot(
                    step.reported,
                    place,
                    marker="D",
                    markersize=6.5,
                    color="none",
                    markeredgecolor=PURPLE,
                    markeredgewidth=1.5,
                )
            if not step.accuracies:
                axes.text(start, place, "  no run finished", va="center", fontsize=8.5, color=MUTED)
                continue
            mean = float(np.mean(step.accuracies))
            rise = None if before is None else mean - before[1]
            colour = BLUE if rise is None or rise >= 0 else VERMILLION
            axes.barh(place, mean - start, left=start, height=0.62, color=colour, alpha=0.3, linewidth=0)
            axes.plot([mean, mean], [place - 0.31, place + 0.31], color=colour, linewidth=2.2, solid_capstyle="butt")
            if before is not None:
                axes.plot([before[1]] * 2, [before[0] + 0.31, place - 0.31], color=MUTED, linewidth=0.8, linestyle=":")
                axes.plot([before[1], mean], [place, place], color=colour, linewidth=1.0)
            if len(step.accuracies) > 1:
                deviation = float(np.std(step.accuracies, ddof=1))
                axes.plot([mean - deviation, mean + deviation], [place + 0.19] * 2, color=INK, linewidth=1.1, alpha=0.8)
            change = "" if rise is None else f"  {_points(rise)}"
            axes.annotate(
                f"{mean:.4f}{change}",
                (max(mean, before[1] if before else mean, step.reported or mean), place),
                xytext=(7 + (4 if step.reported is not None and step.reported > mean else 0), 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                color=INK,
            )
            before = (place, mean)
        axes.set_yticks(places, [step.name for step in steps], fontsize=9, color=INK)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(steps) - 0.4, -0.6)
        axes.set_xlim(start, max([highest, *known]) + 0.27 * (max([highest, *known]) - start))
        axes.set_xticks([tick for tick in axes.get_xticks() if max(start, 0.0) <= tick <= 1.0])
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_color(GRID)
        axes.set_xlabel("test accuracy; numbers after it: points gained or lost by the step")
        for place in places[1:]:
            if steps[place].group != steps[place - 1].group:
                axes.axhline(place - 0.5, color=MUTED, linewidth=0.7)
    return figure


def _points(rise: float) -> str:
    text = f"{rise * 100:+.2f}"
    return "±0.00" if float(text) == 0 else text.replace("-", "−")
