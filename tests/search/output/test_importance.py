"""Which decisions matter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tinygrad5329.search.output.importance import FEWEST_TRIALS, importance_of

optuna = pytest.importorskip("optuna")
pytest.importorskip("sklearn")


def test_finds_what_the_values_hang_on(made):
    trials = [
        replace(each, value=0.4 + 0.2 * (each.architecture["optimizer"] == "sgd") + 0.001 * each.number)
        for each in made.trials(40, plain=True)
    ]
    verbosity = optuna.logging.get_verbosity()
    found = importance_of(made.task.space, trials, forests=2)
    assert found is not None
    assert found[0].path == "optimizer" and found[0].mean > 0.7 and found[0].beyond_chance
    assert sum(each.mean for each in found) == pytest.approx(1.0)
    assert {each.path for each in found} == {slot.path for slot in made.task.space.slots}
    # A conditional decision cannot borrow the importance of the one it depends on.
    assert next(each for each in found if each.path == "sgd_lr").mean < 0.2
    assert optuna.logging.get_verbosity() == verbosity


def test_the_same_trials_give_the_same(made):
    trials = made.trials(FEWEST_TRIALS, plain=True)
    assert importance_of(made.task.space, trials, forests=1) == importance_of(made.task.space, trials, forests=1)


def test_says_nothing_of_few_trials_or_of_one_value(made):
    trials = made.trials(FEWEST_TRIALS, plain=True)
    assert importance_of(made.task.space, trials[1:]) is None
    assert importance_of(made.task.space, [replace(each, value=0.5) for each in trials]) is None
    alike = [replace(each, architecture=trials[0].architecture) for each in trials]
    assert importance_of(made.task.space, alike) is None


def test_a_training_that_never_started_is_not_all_that_matters(made):
    trials = [
        replace(each, value=0.5 + 0.05 * (each.architecture["optimizer"] == "sgd") + 0.0001 * each.number)
        for each in made.trials(30, plain=True)
    ]
    trials[3] = replace(trials[3], value=0.0)
    found = importance_of(made.task.space, trials, forests=2)
    assert found is not None and found[0].path == "optimizer" and found[0].mean > 0.5
