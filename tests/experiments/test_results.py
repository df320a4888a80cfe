"""From runs to figures: means, deviations, differences, times to an accuracy."""

from __future__ import annotations

import pytest

from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.results import (
    Figure,
    best_judged,
    first_reaching,
    row_result,
    run_figure,
    study_result,
)
from tinygrad5329.experiments.study import Row, load_studies

STUDY = load_studies()[0]


def row(name="a", **report):
    return Row(name, Configuration(), {}, report)


def test_figures_are_means_and_sample_deviations():
    figure = Figure((0.5, 0.7))
    assert figure.mean == pytest.approx(0.6)
    assert figure.deviation == pytest.approx(0.02**0.5)
    assert Figure((0.5,)).deviation is None


def test_a_row_gathers_its_runs(small):
    result = row_result(
        row(test_accuracy=0.55, train_f1=0.9),
        [small.made_up(0.5, judged=(0.1, 0.2, 0.3)), small.made_up(0.7, seed=1, judged=(0.1, 0.2, 0.3))],
    )
    assert result.figures["test_accuracy"].values == (0.5, 0.7)
    assert result.figures["test_f1"].values == (0.4, 0.4)
    assert result.figures["stop_epoch"].mean == 3
    assert result.figures["parameters"].mean == 10
    assert result.differences == {"test_accuracy": pytest.approx(0.05), "train_f1": pytest.approx(-0.5)}
    assert (result.complete, result.diverged, result.failed) == (True, 0, ())


def test_runs_without_figures_are_left_out_of_the_means(small):
    gone = small.made_up(status="diverged", test=None, train=None, validation=None, inference_seconds=None, epochs=0)
    result = row_result(row(), [small.made_up(0.5, judged=(0.1, 0.2, 0.3)), gone])
    assert result.figures["test_accuracy"].values == (0.5,)
    assert result.figures["stop_epoch"].values == (3, 0)
    assert (result.complete, result.diverged) == (True, 1)
    nothing = row_result(row(test_accuracy=0.5), [gone])
    assert "test_accuracy" not in nothing.figures
    assert nothing.differences == {}


def test_failed_runs_are_told_apart(small):
    failed = small.made_up(status="failed", error="lost", test=None, train=None, parameters=None, training_seconds=None)
    result = row_result(row(), [small.made_up(), failed])
    assert (result.complete, result.failed) == (False, (failed,))
    assert run_figure(failed, "stop_epoch") is None
    assert run_figure(failed, "training_seconds") is None


def test_times_to_an_accuracy(small):
    run = small.made_up(judged=(0.3, 0.5, 0.4, 0.6))
    assert first_reaching(run, 0.5) == (2, 4.0)
    assert first_reaching(run, 0.55) == (4, 8.0)
    assert first_reaching(run, 0.61) is None
    assert best_judged(run) == 0.6
    assert best_judged(small.made_up()) is None
    epochs, seconds, runs = row_result(row(), [run, small.made_up(judged=(0.5,)), small.made_up()]).reached(0.5)
    assert (epochs.values, seconds.values, runs) == ((2, 1), (4.0, 2.0), 2)
    assert row_result(row(), [run]).reached(0.9) is None


def test_the_best_run_is_the_one_that_judged_best(small):
    runs = [small.made_up(seed=seed, judged=judged) for seed, judged in enumerate([(0.5,), (0.6, 0.5), (0.6,)])]
    assert row_result(row(), runs).best_run is runs[1]
    assert row_result(row(), [small.made_up()]).best_run is None


def test_a_studys_seconds_add_up_tries_and_all(small):
    runs = [small.made_up(), small.made_up(seed=1)]
    result = study_result(
        STUDY, [row_result(STUDY.rows[0], runs, {}, [({"lr": 0.1}, small.made_up(inference_seconds=None))])]
    )
    assert result.seconds == pytest.approx(3.5 + 3.5 + 3.0)
    assert result.verdict is None
    assert result.row("baseline") is result.rows[0]
