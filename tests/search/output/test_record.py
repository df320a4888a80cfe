"""``trials.json`` and ``trials.csv``."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest

from tinygrad5329.search.output.record import RECORD_FILE, read_record, record_of, record_text, trials_csv
from tinygrad5329.search.trial import Trial


def test_reads_what_it_wrote(made, tmp_path):
    record = record_of(made.study(made.trials(15), settings={"supernet": {"steps": 70, "seconds": 1.5}}))
    (tmp_path / RECORD_FILE).write_text(record_text(record), encoding="utf-8")
    again = read_record(tmp_path)
    assert again.space.as_dict() == record.space.as_dict()
    assert (again.task, again.algorithm, again.seed, again.budget) == ("made", "random", 0, {"steps": 40_000})
    assert again.supernet == (70, 1.5)
    for one, other in zip(again.trials, record.trials, strict=True):
        if all(math.isfinite(value) for _, value in other.reports):
            assert one == other
        else:  # JSON has no NaN, so it passed through null
            assert math.isnan(one.reports[0][1]) and one.steps == other.steps
    assert record_text(again) == record_text(record)


def test_values_are_called_as_the_task_calls_them(made):
    class Plain:
        name, space = "plain", made.task.space

    assert record_of(made.study([])).value_name == "validation accuracy"
    assert record_of(made.study([], task=Plain())).value_name == "value"


def test_trials_come_by_number(made):
    trials = made.trials(5)
    assert [each.number for each in record_of(made.study(trials[::-1])).trials] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("budget", "kept"), [(500, {"steps": 500}), (None, {}), ({"seconds": 2.0, "steps": None}, {"seconds": 2.0})]
)
def test_a_budget_is_a_number_of_steps_or_says_what_it_counts(made, budget, kept):
    assert record_of(made.study([], budget=budget)).budget == kept


def test_a_budget_of_something_else_is_an_error(made):
    with pytest.raises(ValueError, match="a number of steps"):
        record_of(made.study([], budget={"epochs": 3}))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not the record of a study"),
        ('{"schema": 99}', "expected schema 1, got 99"),
        ('{"schema": 1}', "not the record of a study"),
    ],
)
def test_a_broken_record_names_its_file(tmp_path, text, complaint):
    (tmp_path / RECORD_FILE).write_text(text)
    with pytest.raises(ValueError, match=complaint) as caught:
        read_record(tmp_path)
    assert str(tmp_path / RECORD_FILE) in str(caught.value)


def test_an_unknown_state_is_an_error(made, tmp_path):
    values = json.loads(record_text(record_of(made.study(made.trials(1)))))
    values["trials"][0]["state"] = "lost"
    (tmp_path / RECORD_FILE).write_text(json.dumps(values))
    with pytest.raises(ValueError, match=r"expected a state of complete, .* got 'lost'"):
        read_record(tmp_path)


def test_a_missing_record_says_what_to_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="name folders that a study wrote"):
        read_record(tmp_path)


def test_csv_has_a_column_for_each_decision_and_measure(made):
    trials = made.trials(6)
    rows = list(csv.DictReader(io.StringIO(trials_csv(record_of(made.study(trials))))))
    assert len(rows) == 6
    for row, trial in zip(rows, trials, strict=True):
        flat = made.task.space.flatten(trial.architecture)
        assert {name: row[name] for name in flat} == {name: str(value) for name, value in flat.items()}
        assert row["sgd_lr"] == ("" if "sgd_lr" not in flat else str(flat["sgd_lr"]))
        assert row["value"] == ("" if trial.value is None else str(trial.value))
    assert "DivergenceError" in rows[5]["error"]


def test_csv_without_trials_has_its_header(made):
    assert trials_csv(record_of(made.study([]))).startswith("number,state,value,steps,seconds,layers.depth,")


def test_a_waiting_trial_is_running(made):
    assert record_of(made.study([Trial(0, made.trials(1)[0].architecture, "waiting")])).running
    assert not record_of(made.study(made.trials(3))).running
