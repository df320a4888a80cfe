"""What figures show and leave out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tinygrad5329.search.output.figures_decisions import decisions_figure, shown_decisions
from tinygrad5329.search.output.figures_pareto import pareto_figure
from tinygrad5329.search.output.figures_progress import cost_figure, learning_curves_figure, progress_figure
from tinygrad5329.search.output.record import record_of
from tinygrad5329.search.trial import Trial, best_of

pytest.importorskip("matplotlib")


def lines(axes, label):
    return [line for line in axes.lines if str(line.get_label()).startswith(label)]


def test_every_trial_is_a_mark_where_its_steps_end(made):
    trials = made.trials(15)
    axes = progress_figure(record_of(made.study(trials))).axes[0]
    ends = np.cumsum([each.steps for each in trials])
    for state in ("complete", "pruned", "failed"):
        (marks,) = lines(axes, f"{state} (")
        assert list(marks.get_xdata()) == [end for end, each in zip(ends, trials, strict=True) if each.state == state]
    (best,) = lines(axes, "best so far")
    assert best.get_ydata()[-1] == best_of(trials).value
    assert best.get_xdata()[-1] == ends[-1]
    (budget,) = lines(axes, "budget")
    assert budget.get_xdata()[0] == 40_000


def test_an_outlier_stands_on_the_floor(made):
    trials = made.trials(8, plain=True)
    trials[0] = replace(trials[0], value=0.0)
    axes = progress_figure(record_of(made.study(trials))).axes[0]
    low = axes.get_ylim()[0]
    assert low > 0.1
    assert min(lines(axes, "complete (")[0].get_ydata()) == low


@pytest.mark.filterwarnings("error")
def test_a_failed_trial_that_had_reported_more_than_any_came_to_stays_inside(made):
    trials = made.trials(8, plain=True)
    values = [each.value for each in trials if each.value is not None]
    trials[0] = replace(trials[0], state="failed", value=None, reports=((100, 40.0),))
    trials[1] = replace(trials[1], state="failed", value=None, reports=((100, max(values) + 0.01),))
    figure = progress_figure(record_of(made.study(trials)))
    low, high = figure.axes[0].get_ylim()
    marks = lines(figure.axes[0], "failed (")[0].get_ydata()
    assert list(marks) == [high, max(values) + 0.01]
    assert max(values) + 0.01 < high < max(values) + 2 * (max(values) - low)
    figure.draw_without_rendering()


def test_learning_curves_need_reports(made):
    silent = [replace(each, reports=()) for each in made.trials(3, plain=True)]
    assert learning_curves_figure(record_of(made.study(silent))) is None
    assert learning_curves_figure(record_of(made.study(made.trials(3)))) is not None


def test_costs_need_seconds(made):
    assert cost_figure(record_of(made.study([replace(made.trials(1)[0], seconds=0.0)]))) is None


def test_a_line_has_a_gap_where_a_decision_was_not_taken(made):
    flat = {"layers.depth": 1, "layers.1.width": 8, "layers.1.activation": "relu", "optimizer": "adamw", "dropout": 0.0}
    trial = Trial(0, made.task.space.unflatten(flat), "complete", 0.5)
    record = record_of(made.study([trial]))
    figure = decisions_figure(record, ["optimizer", "sgd_lr", "dropout", "layers.1.width"])
    (lines_drawn,) = figure.axes[0].collections
    rows = [tuple(segment[:, 1]) for segment in lines_drawn.get_segments()]
    assert rows == [(0.0, 1.0), (3.0, 4.0)]


def test_ticks_of_a_choice_can_all_be_read(made):
    record = record_of(made.study(made.trials(20)))
    figure = decisions_figure(record, ["layers.1.activation", "sgd_lr"])
    words = [text.get_text() for text in figure.axes[0].texts]
    assert {"relu", "gelu", "tanh", "0.005", "0.01", "0.1", "0.5"} <= set(words)


def test_without_importance_the_first_decisions_are_shown(made):
    record = record_of(made.study(made.trials(8)))
    assert shown_decisions(record, None, most=3) == ["layers.depth", "layers.1.width", "layers.1.activation"]
    assert decisions_figure(record_of(made.study([])), []) is None


def test_decisions_that_hardly_any_trial_took_are_left_out(made):
    flat = {"layers.depth": 1, "layers.1.width": 8, "layers.1.activation": "relu", "optimizer": "adamw", "dropout": 0.0}
    architectures = [made.task.space.unflatten(flat) for _ in range(9)]
    architectures.append(made.task.space.unflatten(flat | {"optimizer": "sgd", "sgd_lr": 0.1}))
    trials = [Trial(i, each, "complete", 0.5 + i / 100) for i, each in enumerate(architectures)]
    shown = shown_decisions(record_of(made.study(trials)), None)
    assert shown == ["layers.depth", "layers.1.width", "layers.1.activation", "optimizer", "dropout"]


def test_the_axis_of_values_says_where_it_was_cut(made):
    trials = made.trials(8, plain=True)
    trials[0] = replace(trials[0], value=0.0)
    figure = decisions_figure(record_of(made.study(trials)), ["optimizer"])
    words = [text.get_text() for text in figure.axes[0].texts]
    assert any(word.endswith(" or less") for word in words)


def test_the_front_is_drawn_only_of_what_was_measured(made):
    trials = [replace(each, measures={"parameters": 5}) for each in made.trials(4, plain=True)]
    record = record_of(made.study(trials))
    assert pareto_figure(record, "latency") is None
    assert pareto_figure(record, "parameters") is not None
