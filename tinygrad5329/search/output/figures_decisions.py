"""The decisions of a search: which mattered, and what the trials decided."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tinygrad5329.experiments.output.figure_style import BLUE, GREEN, GRID, INK, MUTED, PAPER, blank_figure, drawing
from tinygrad5329.search.domains import Choice, Domain, Float, Value
from tinygrad5329.search.output.floor import floor_of
from tinygrad5329.search.output.importance import Importance
from tinygrad5329.search.output.record import StudyRecord
from tinygrad5329.search.output.words import value_words
from tinygrad5329.search.trial import Trial, best_of, complete_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MOST_LINES", "decisions_figure", "importance_figure", "shown_decisions"]

#: More trials than these would be a thicket: the best are drawn.
MOST_LINES = 300
#: A whole number with so many values or fewer is drawn like a choice.
_FEW_VALUES = 8


def importance_figure(found: Sequence[Importance], most: int = 12) -> Figure:
    """A bar for each decision, its forests as dots, and a line for what shuffled values would give."""
    shown = found[:most]
    with drawing():
        figure = blank_figure(7.4, 1.0 + 0.27 * len(shown))
        axes = figure.subplots()
        places = range(len(shown))
        colours = [BLUE if each.beyond_chance else MUTED for each in shown]
        axes.barh(places, [each.mean for each in shown], height=0.62, color=colours, alpha=0.45)
        for place, each, colour in zip(places, shown, colours, strict=True):
            axes.scatter(each.shares, [place] * len(each.shares), s=7, color=colour, linewidths=0, zorder=3)
        axes.axvline(shown[0].chance, color=INK, linewidth=1.2, linestyle=(0, (4, 2)), label="by chance")
        axes.plot([], [], marker="o", markersize=3, color=BLUE, linestyle="none", label="one forest each")
        axes.set_yticks(places, [each.path for each in shown], fontsize=8.5, color=INK)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("share of the variance of the values")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8.5)
    return figure


def decisions_figure(record: StudyRecord, paths: Sequence[str]) -> Figure | None:
    """Parallel coordinates, one horizontal axis a decision, from the value down; None without a complete trial.

    Within a choice, trials stand from the worst, left, to the best, right, so that their lines can be told apart. A
    line has a gap where its trial did not take a decision.
    """
    ranked = sorted(complete_of(record.trials), key=lambda trial: (trial.value, -trial.number))[-MOST_LINES:]
    if not ranked:
        return None
    flats = [record.space.flatten(trial.architecture) for trial in ranked]
    domains = [record.space[path].domain for path in paths]
    values = [float(trial.value) for trial in ranked if trial.value is not None]
    floor = floor_of(values)
    columns: list[Sequence[float | None]] = [_place_values(values, floor)]
    columns += [
        _places(domain, [flat.get(path) for flat in flats]) for path, domain in zip(paths, domains, strict=True)
    ]
    winner = best_of(record.trials)
    with drawing():
        from matplotlib.collections import LineCollection

        figure = blank_figure(7.4, 0.75 + 0.62 * len(columns))
        axes = figure.subplots()
        strengths = [0.12 + 0.68 * (index / max(1, len(ranked) - 1)) ** 2 for index in range(len(ranked))]
        for index, trial in enumerate(ranked):
            best = trial is winner
            segments, dots = _line([column[index] for column in columns])
            colour, alpha, order = (GREEN, 1.0, 5) if best else (BLUE, strengths[index], 2 + index / len(ranked))
            axes.add_collection(
                LineCollection(segments, colors=colour, alpha=alpha, linewidths=2.0 if best else 0.8, zorder=order)
            )
            axes.plot(
                *zip(*dots, strict=True),
                linestyle="none",
                marker="o",
                markersize=4.5 if best else 2.4,
                markeredgewidth=0,
                color=colour,
                alpha=alpha,
                zorder=order,
            )
        _draw_axis(axes, 0, record.value_name, _value_ticks(values, floor), ())
        for row, (path, domain) in enumerate(zip(paths, domains, strict=True), start=1):
            _draw_axis(axes, row, path, *_ticks(domain))
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(len(columns) - 0.5, -0.5)
        axes.set_axis_off()
        if winner is not None:
            axes.plot([], [], color=GREEN, linewidth=2.0, label=f"winner (trial {winner.number})")
        axes.plot([], [], color=BLUE, alpha=0.8, linewidth=1.2, label="better")
        axes.plot([], [], color=BLUE, alpha=0.2, linewidth=1.2, label="worse")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8.5)
    return figure


def shown_decisions(record: StudyRecord, found: Sequence[Importance] | None, most: int = 10) -> list[str]:
    """The decisions to draw: the most important ones, or, where that is not known, the first of the space.

    Those that fewer than a quarter of the trials took are left out: little but gaps would be seen of them.
    """
    trials: Sequence[Trial] = complete_of(record.trials)
    taken = Counter(path for trial in trials for path in record.space.flatten(trial.architecture))
    paths = [slot.path for slot in record.space.slots] if found is None else [each.path for each in found]
    return [path for path in paths if 4 * taken[path] >= max(1, len(trials))][:most]


def _line(places: Sequence[float | None]) -> tuple[list[Any], list[tuple[float, float]]]:
    dots = [(place, float(row)) for row, place in enumerate(places) if place is not None]
    segments = [pair for pair in itertools.pairwise(dots) if pair[1][1] - pair[0][1] == 1]
    return segments, dots


def _place_values(values: Sequence[float], floor: float) -> list[float | None]:
    high = max(values)
    return [0.5 if high == floor else max(0.0, (value - floor) / (high - floor)) for value in values]


def _is_listed(domain: Domain) -> bool:
    return isinstance(domain, Choice) or (domain.values is not None and len(domain.values) <= _FEW_VALUES)


def _places(domain: Domain, values: Sequence[Value]) -> list[float | None]:
    """Where each trial, from the worst to the best, stands on the axis; None where it did not decide."""
    if not _is_listed(domain):
        return [None if value is None else domain.encode(value)[0] for value in values]
    options = list(domain.values or ())
    members: dict[int, list[int]] = {}
    for index, value in enumerate(values):
        if any(type(value) is type(each) and value == each for each in options):
            option = next(i for i, each in enumerate(options) if type(value) is type(each) and value == each)
            members.setdefault(option, []).append(index)
    places: list[float | None] = [None] * len(values)
    for option, indices in members.items():
        for rank, index in enumerate(indices):
            shift = (rank + 0.5) / len(indices) - 0.5
            places[index] = (option + 0.5 + 0.7 * shift) / len(options)
    return places


def _ticks(domain: Domain) -> tuple[Mapping[float, str], Sequence[float]]:
    """Labels by place, and the borders between options."""
    if _is_listed(domain):
        options = domain.values or ()
        labels = {(i + 0.5) / len(options): value_words(option) for i, option in enumerate(options)}
        return labels, [i / len(options) for i in range(1, len(options))]
    assert not isinstance(domain, Choice)
    inside: list[float] = []
    if domain.log:
        first, last = math.ceil(math.log10(domain.low)), math.floor(math.log10(domain.high))
        inside = [10.0**power for power in range(first, last + 1)]
    else:
        inside = [domain.low + (domain.high - domain.low) * part for part in (0.25, 0.5, 0.75)]
    if not isinstance(domain, Float):
        inside = [round(each) for each in inside]
    labels = {}
    for each in (domain.low, domain.high, *inside):
        place = domain.encode(each)[0]
        if all(abs(place - other) > 0.09 for other in labels):
            labels[place] = f"{each:.3g}" if isinstance(each, float) else str(each)
    return labels, ()


def _value_ticks(values: Sequence[float], floor: float) -> dict[float, str]:
    high = max(values)
    if floor == high:
        return {0.5: f"{high:.4f}"}
    middle = statistics.median(values)
    labels = {0.0: f"{floor:.4f}" + (" or less" if min(values) < floor else ""), 1.0: f"{high:.4f}"}
    place = (middle - floor) / (high - floor)
    return labels | ({place: f"median {middle:.4f}"} if 0.2 < place < 0.8 else {})


def _draw_axis(axes: Any, row: int, name: str, labels: Mapping[float, str], borders: Sequence[float]) -> None:
    axes.plot([0, 1], [row, row], color=GRID, linewidth=1.0, zorder=1)
    for border in (0.0, *borders, 1.0):
        axes.plot([border] * 2, [row - 0.09, row + 0.09], color=MUTED, linewidth=0.8, zorder=1)
    box = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
    axes.text(0, row - 0.16, name, fontsize=8.5, fontweight="bold", color=INK, va="bottom", zorder=8, bbox=box)
    for place, label in labels.items():
        align = "left" if place < 0.04 else "right" if place > 0.96 else "center"
        axes.text(place, row + 0.13, label, fontsize=8, color=MUTED, va="top", ha=align, zorder=8, bbox=box)
