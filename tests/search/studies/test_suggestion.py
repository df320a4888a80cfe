"""Spaces as Optuna's parameters, and strategies as its samplers."""

from __future__ import annotations

import random

import optuna
import pytest

from tinygrad5329.search.domains import Choice, Float, Integer
from tinygrad5329.search.space import Space
from tinygrad5329.search.strategies.random_search import RandomSearch
from tinygrad5329.search.studies.suggestion import NothingLeft, distribution_of, strategy_sampler, suggest

SPACE = Space(
    {
        "kind": Choice("a", "b", 1, True, None),
        "size": Integer(1, 6, step=2),
        "width": Integer(2, 64, log=True, when={"kind": ("a", 1)}),
        "rate": Float(1e-3, 1.0, log=True),
    }
)


@pytest.fixture(autouse=True)
def quiet():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def test_every_decision_is_a_parameter():
    assert distribution_of(SPACE["size"]) == optuna.distributions.IntDistribution(1, 5, step=2)
    assert distribution_of(SPACE["rate"]) == optuna.distributions.FloatDistribution(1e-3, 1.0, log=True)
    assert distribution_of(SPACE["kind"]).choices == ("a", "b", 1, True, None)


def test_optuna_decides_on_architectures_of_the_space():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    found = []
    study.optimize(lambda trial: found.append(suggest(trial, SPACE)) or 0.0, n_trials=20)
    for architecture, trial in zip(found, study.trials, strict=True):
        SPACE.check(architecture)
        assert SPACE.flatten(architecture) == trial.params


def test_a_strategy_samples_for_a_study_of_the_users_own():
    space = Space({"width": Choice(1, 2, 3)})
    study = optuna.create_study(sampler=strategy_sampler(RandomSearch(), space, seed=0), direction="maximize")
    study.optimize(lambda trial: suggest(trial, space)["width"], n_trials=3)
    assert sorted(trial.params["width"] for trial in study.trials) == [1, 2, 3]
    with pytest.raises(NothingLeft):
        suggest(study.ask(), space)


def test_a_strategy_sees_what_became_of_the_trials():
    class Witness:
        def propose(self, space, history, generator):
            seen.append([(trial.number, trial.state, trial.value, trial.architecture["size"]) for trial in history])
            return space.sample(generator)

    seen = []
    study = optuna.create_study(sampler=strategy_sampler(Witness(), SPACE, seed=0), direction="maximize")
    sizes = [suggest(trial := study.ask(), SPACE)["size"]]
    study.tell(trial, 0.5)
    sizes.append(suggest(study.ask(), SPACE)["size"])
    suggest(study.ask(), SPACE)
    first = (0, "complete", 0.5, sizes[0])
    assert seen == [[], [first], [first, (1, "running", None, sizes[1])]]
    assert sizes[0] == SPACE.sample(random.Random("0:0"))["size"]


def test_a_decision_that_is_none_of_the_space_is_refused():
    study = optuna.create_study(sampler=strategy_sampler(RandomSearch(), SPACE, seed=0))
    with pytest.raises(ValueError, match="depth: no decision of the space"):
        study.ask().suggest_int("depth", 1, 3)
