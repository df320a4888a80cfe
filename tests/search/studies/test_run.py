"""Studies from beginning to end, in this process."""

from __future__ import annotations

import dataclasses
import os
import threading
import types

import numpy as np
import optuna
import pytest

from tinygrad5329.search.domains import Choice
from tinygrad5329.search.parts import Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.studies import training
from tinygrad5329.search.studies.algorithms import ALGORITHMS
from tinygrad5329.search.studies.run import run
from tinygrad5329.search.studies.storage import open_storage
from tinygrad5329.search.studies.study_error import StudyError
from tinygrad5329.search.task import Outcome
from tinygrad5329.training.loops import DivergenceError

OWN = [name for name, each in ALGORITHMS.items() if each.one_shot is None]


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """A journal waits for the disk at every write, which no test here needs."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def search(task, algorithm="random", budget=20, **more):
    return run(task, algorithm, budget, progress=False, **more)


def timeless(result):
    return [dataclasses.replace(trial, seconds=0.0) for trial in result.trials]


def architectures(result):
    return [trial.architecture for trial in result.trials]


@pytest.mark.parametrize("algorithm", OWN)
def test_every_algorithm_spends_its_budget_on_architectures_of_the_space(counting_task, algorithm):
    task = counting_task(limit=4)
    result = search(task, algorithm, 40)
    assert result.trials
    for trial in result.trials:
        task.space.check(trial.architecture)
        assert task.space.admits(trial.architecture)
    assert result.steps <= 40
    assert result.steps > 36 or algorithm == "greedy"
    assert result.best.value == max(trial.value for trial in result.complete)
    assert result.best.measures["latency"] == pytest.approx(result.best.value / 1000)
    assert timeless(search(task, algorithm, 40)) == timeless(result)


@pytest.mark.parametrize("algorithm", ["random", "evolution", "tpe"])
def test_a_study_in_parts_is_the_same_as_one_at_once(tmp_path, counting_task, algorithm):
    whole = search(counting_task(), algorithm, 48)
    search(counting_task(), algorithm, 22, storage=tmp_path / "study.log")
    parts = search(counting_task(), algorithm, 48, storage=tmp_path / "study.log")
    assert architectures(parts) == architectures(whole)
    assert parts.best.value == whole.best.value


def test_the_seed_decides(counting_task):
    assert architectures(search(counting_task(), seed=1)) != architectures(search(counting_task()))


def test_an_interrupted_trial_is_tried_again_and_its_steps_count(tmp_path, counting_task):
    class Interrupted(counting_task):
        def train(self, architecture, *, seed, report):
            report(2, 0.5)
            raise KeyboardInterrupt

    storage = tmp_path / "study.log"
    search(counting_task(), budget=8, storage=storage)
    with pytest.raises(KeyboardInterrupt):
        search(Interrupted(), storage=storage)
    result = search(counting_task(), storage=storage)
    assert [(trial.state, trial.steps) for trial in result.trials] == [
        ("complete", 4), ("complete", 4), ("failed", 4), ("complete", 4), ("complete", 4),
    ]  # fmt: skip
    assert result.trials[2].measures == {"error": "it was interrupted"}
    assert result.trials[3].architecture == result.trials[2].architecture
    assert architectures(search(counting_task(), budget=16)) == [
        trial.architecture for trial in result.trials if trial.number != 2
    ]


def test_failed_trials_count_and_say_why(counting_task):
    class Diverging(counting_task):
        def train(self, architecture, *, seed, report):
            if architecture["optimizer"] == "sgd":
                report(2, 0.1)
                raise DivergenceError("the loss became NaN")
            if len(architecture["layers"]) == 2:
                error = ArithmeticError("known")
                error.steps = 3
                raise error
            return Outcome(float("nan"), 4)

    result = search(Diverging(), budget=40)
    assert {trial.state for trial in result.trials} == {"failed"}
    told = {(trial.measures["error"], trial.steps) for trial in result.trials}
    assert told == {
        ("DivergenceError: the loss became NaN", 4),
        ("ArithmeticError: known", 3),
        ("the task's value is nan", 4),
    }
    assert result.best is None
    with pytest.raises(RuntimeError, match="no trial of the study is complete"):
        result.build()
    with pytest.raises(StudyError, match=r"all 20 trials failed, the last with .*; mend the task"):
        search(Diverging(), budget=400)


def answers_with(task, answer):
    """A task whose trainings report 2 steps, and answer so."""
    made = task()

    def train(architecture, *, seed, report):
        report(2, 0.1)
        return answer(report)

    made.train = train
    return made


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda report: 0.5, "train: expected an Outcome, got 0.5"),
        (lambda report: Outcome("good", 4), "train: expected an Outcome whose value is a number, got 'good'"),
        (lambda report: Outcome(0.5, 1), "train: expected the steps taken so far, 2 or more, got 1"),
        (lambda report: Outcome(0.5, "four"), "train: expected the steps taken so far, 2 or more, got 'four'"),
        (lambda report: report(1, 0.1), "report: expected the steps taken so far, 2 or more, got 1"),
        (lambda report: Outcome(0.5, 4, {"net": {1}}), "train: expected measures that are JSON, got {1} for 'net'"),
    ],
)
def test_what_is_no_outcome_is_said(counting_task, answer, words):
    (trial,) = search(answers_with(counting_task, answer), budget=4).trials
    assert trial.state == "failed"
    assert trial.measures["error"].partition(": ")[2] == words
    assert trial.steps == 4


def test_numbers_of_numpy_are_numbers(counting_task):
    outcome = Outcome(np.float32(0.5), np.int64(3), {"parameters": np.int64(7), "curve": np.zeros(2)})
    (trial,) = search(answers_with(counting_task, lambda report: outcome), budget=4).trials
    assert (trial.value, trial.steps, trial.measures) == (0.5, 3, {"parameters": 7, "curve": [0.0, 0.0]})


def test_measures_that_are_no_numbers(counting_task):
    outcome = Outcome(0.5, 4, {"latency": float("nan"), "parameters": "many", "test_accuracy": None})
    task = answers_with(counting_task, lambda report: outcome)
    assert "best: trial 0, value 0.5000, latency nan" in search(task, budget=4).summary()
    (trial,) = search(task, "nsga2", budget=4).trials
    assert trial.measures["error"] == "the task measures no latency, got nan"


def test_pruned_trials_keep_what_they_reported(counting_task):
    result = search(counting_task(), "halving", 200)
    pruned = [trial for trial in result.trials if trial.state == "pruned"]
    assert pruned
    assert all(trial.steps == 2 and trial.value is None and len(trial.reports) == 1 for trial in pruned)
    assert pruned[0].measures == {"stopped": "stopped by halving"}


def test_seconds_stop_what_runs_when_they_are_spent(counting_task, monkeypatch):
    clock = iter(range(1_000))
    monkeypatch.setattr(training, "time", types.SimpleNamespace(process_time=lambda: float(next(clock))))
    result = run(counting_task(), "random", seconds=10, progress=False)
    assert [trial.seconds for trial in result.trials] == [3.0, 3.0, 3.0]
    assert result.budget == {"seconds": 10.0}

    class Slower(counting_task):
        def train(self, architecture, *, seed, report):
            for step in range(100):
                report(step, 0.5)

    result = run(Slower(), "random", seconds=10, progress=False)
    assert [(trial.state, trial.seconds) for trial in result.trials] == [("pruned", 11.0)]
    assert result.trials[0].measures == {"stopped": "the budget of seconds is spent"}


def test_nsga2_searches_for_both_value_and_latency(tmp_path, counting_task):
    result = search(counting_task(), "nsga2", 40, storage=tmp_path / "study.log")
    study = optuna.load_study(study_name="search", storage=open_storage(tmp_path / "study.log"))
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert study.trials[0].values == [result.trials[0].value, result.trials[0].measures["latency"]]
    assert result.pareto


def test_two_studies_at_once_in_one_process(tmp_path, counting_task):
    results = []
    threads = [
        threading.Thread(
            target=lambda: results.append(search(counting_task(), budget=30, storage=tmp_path / "study.log"))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = search(counting_task(), budget=30, storage=tmp_path / "study.log")
    assert len(results) == 2
    assert [trial.state for trial in result.trials] == ["complete"] * 7
    assert len({repr(each) for each in architectures(result)}) == 7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"algorithm": "evolution"}, 'algorithm "random", not "evolution"'),
        ({"seed": 1}, "seed 0, not 1"),
        ({"limit": 3, "steps": 6}, "task.steps 4, not 6"),
        ({"space": "other"}, "task.space.width null, not "),
    ],
)
def test_a_storage_of_another_study_is_refused(tmp_path, counting_task, change, words):
    search(counting_task(), budget=4, storage=tmp_path / "study.log")
    task = counting_task()
    if "steps" in change:
        task.steps = 6
    if "space" in change:
        task.space = Space({**task.space.parts, "width": Choice(1, 2)})
    named = {name: change[name] for name in ("algorithm", "seed") if name in change}
    with pytest.raises(StudyError) as caught:
        search(task, storage=tmp_path / "study.log", **named)
    assert f"it holds a study with {words}" in str(caught.value)
    assert "name another storage" in str(caught.value)
    assert search(task, storage=tmp_path / "study.log", name="another", budget=8, **named).steps > 0


def test_a_study_that_never_began_bars_nothing(tmp_path, counting_task):
    where = tmp_path / "study.log"
    with pytest.raises(RuntimeError, match="the limits of the space refused"):
        search(counting_task(limit=0), "greedy", storage=where)
    assert search(counting_task(), "nsga2", budget=3, storage=where).trials == ()
    assert search(counting_task(), "random", budget=4, storage=where, seed=1).steps == 4
    with pytest.raises(StudyError, match="seed 1, not 0"):
        search(counting_task(), "random", budget=4, storage=where)


def test_another_programs_study_is_refused(tmp_path, counting_task):
    storage = open_storage(tmp_path / "study.log")
    study = optuna.create_study(storage=storage, study_name="search", direction="maximize")
    study.tell(study.ask(), 1.0)
    with pytest.raises(StudyError, match="another program's study of this name is there"):
        search(counting_task(), storage=tmp_path / "study.log")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"algorithm": "annealing"}, "algorithm: expected one of random, greedy, "),
        ({"jobs": 2}, "a task given as an object is trained in this process, so expected 1, got 2"),
        ({"jobs": 0}, "jobs: expected a whole number from 1 on, got 0"),
        ({"seed": -1}, "seed: expected a whole number from 0"),
        ({"name": ""}, "name: expected what the study is called in the storage, got ''"),
        ({"options": {"data": "digits"}}, "options: they belong to a task given by name"),
    ],
)
def test_what_cannot_be_is_said(counting_task, arguments, words):
    with pytest.raises(StudyError) as caught:
        search(counting_task(), **arguments)
    assert words in str(caught.value)


def test_what_is_no_task_is_said():
    with pytest.raises(StudyError, match=r"no task of a search: .* has no name, space, steps"):
        search(object())
    with pytest.raises(StudyError, match=r"no task of a search: Task is a class; make one of it, Task\(\.\.\.\)"):
        search(type("Task", (), {}))


def test_a_description_that_is_no_json_is_said(counting_task):
    task = counting_task()
    task.describe = lambda: {"name": object()}
    with pytest.raises(StudyError, match=r"counting: what the task's describe\(\) returns is no JSON: Object of type"):
        search(task)


def test_a_finished_algorithm_says_that_budget_is_left(counting_task, capsys):
    task = counting_task()
    task.space = Space({"layers": Stack(1, 1, {"width": Choice(1, 2)}), "optimizer": Choice("sgd", "adamw")})
    assert run(task, "grid", 100).steps == 16
    assert "grid has nothing more to try; the rest of the budget is left\n" in capsys.readouterr().out


def test_optuna_is_as_loud_as_before(counting_task):
    before = optuna.logging.get_verbosity()
    search(counting_task())
    assert optuna.logging.get_verbosity() == before
