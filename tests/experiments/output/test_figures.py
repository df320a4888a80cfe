"""What figures leave out and where they look, without drawing more than needed."""

from __future__ import annotations

import dataclasses

import pytest

from tinygrad5329.experiments.output.figures_momentum import rule_panels, time_to_reach
from tinygrad5329.experiments.output.figures_staircase import Step, staircase
from tinygrad5329.experiments.output.figures_table import (
    PlottedRow,
    accuracy_figure,
    curves_figure,
    mean_curve,
    off_axis,
    shown_range,
)


def row(name: str, level: float, *, runs: int = 2, reported: float | None = None) -> PlottedRow:
    values = tuple(level + 0.002 * i for i in range(runs))
    curves = [[level * 0.5, level * 0.9, value] for value in values]
    return PlottedRow(name, tuple(value + 0.1 for value in values), values, None, reported, curves)


def texts(axes: object) -> list[str]:
    return [text.get_text() for text in axes.texts]  # type: ignore[attr-defined]


def test_a_row_that_learned_nothing_is_named_at_the_edge() -> None:
    rows = [row("a", 0.5), row("b", 0.52), row("c", 0.1)]
    test, train = accuracy_figure(rows).axes
    assert texts(test) == ["◂ 0.1010"] and texts(train) == ["◂ 0.2010"]
    assert test.get_xlim()[0] > 0.4
    assert off_axis(rows) and not off_axis(rows[:2])


def test_a_gradual_fall_stays_on_the_axis() -> None:
    rows = [row(str(level), level) for level in (0.5, 0.46, 0.42, 0.38)]
    assert not off_axis(rows)
    assert texts(accuracy_figure(rows).axes[0]) == []


def test_a_row_without_runs_says_so_and_the_reports_figure_is_a_diamond() -> None:
    figure = accuracy_figure([row("a", 0.5, reported=0.51), row("b", 0.52, runs=0)])
    assert texts(figure.axes[0]) == ["no run finished"]
    assert "the report" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert any(line.get_marker() == "D" and line.get_xdata()[0] == 0.51 for line in figure.axes[0].lines)


def test_close_rows_do_not_look_like_a_gulf() -> None:
    low, high = accuracy_figure([row("a", 0.5, runs=1), row("b", 0.5001, runs=1)]).axes[0].get_xlim()
    assert high - low == pytest.approx(0.01)


def test_the_mean_ends_with_the_first_seed_that_stops() -> None:
    assert mean_curve([[0.1, 0.3], [0.3, 0.5, 0.9], []]) == pytest.approx([0.2, 0.4])
    assert mean_curve([]) == []


def test_curves_show_the_better_half() -> None:
    slow = dataclasses.replace(row("slow", 0.1), curves=[[0.1] * 3])
    fast = dataclasses.replace(row("fast", 0.5), curves=[[0.45, 0.48, 0.5] * 10])
    low, high = shown_range([slow, fast])
    assert 0.1 < low < 0.45 and 0.5 < high < 0.55
    assert curves_figure([slow, fast], "validation").axes[0].get_ylim() == (low, high)
    assert shown_range([]) == (0.0, 1.0)


def test_the_staircase_writes_what_each_step_adds() -> None:
    steps = [
        Step("a", [0.5, 0.52]),
        Step("b", [0.55], reported=0.6),
        Step("c", ()),
        Step("d", [0.54]),
        Step("e", [0.54]),
    ]
    axes = staircase(steps).axes[0]
    assert [text.strip() for text in texts(axes)] == [
        "0.5100",
        "0.5500  +4.00",
        "no run finished",
        "0.5400  −1.00",
        "0.5400  ±0.00",
    ]
    low, high = axes.get_xlim()
    assert low < 0.5 and high > 0.6


def test_a_level_that_no_seed_reached_has_no_marker() -> None:
    axes = time_to_reach(["a", "b"], [[[3.0, 4.0], []], [[5.0], [9.0]]], ["0.50", "0.54"], "epochs").axes[0]
    means = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if len(line.get_xdata()) == 1]
    assert means == [(3.5, 0), (5.0, 1), (9.0, 1)]


def test_one_panel_a_rule() -> None:
    panels = rule_panels([row(name, 0.5) for name in "abcd"], [0.45]).axes
    assert [axes.get_title(loc="left") for axes in panels if axes.get_visible()] == list("abcd")


def test_the_staircase_has_no_marks_above_an_accuracy_of_one() -> None:
    (axes,) = staircase([Step("a", (0.2,)), Step("b", (0.98,))]).axes
    assert max(axes.get_xticks()) <= 1.0 and len(axes.get_xticks()) > 2
