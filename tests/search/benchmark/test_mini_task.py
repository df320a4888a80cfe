from __future__ import annotations

import numpy as np
import pytest

from tinygrad5329.search.benchmark import MiniTask, mini_space
from tinygrad5329.training.models import count_parameters

ARCHITECTURE = {"layers": [{"width": 8, "activation": "tanh"}, {"width": 32, "activation": "sigmoid"}]}


@pytest.fixture(scope="module")
def task():
    return MiniTask(epochs=2)


def test_space_and_rows(task):
    assert mini_space().count() == 258
    facts = task.split.facts
    assert (facts.train_samples, facts.validation_samples, facts.test_samples) == (350, 600, 847)
    rows = [part.tensors[0].numpy() for part in (task.split.train, task.split.judging, task.split.test)]
    assert len(np.unique(np.concatenate(rows), axis=0)) == 1797
    assert set(task.split.train.tensors[1].tolist()) == set(range(5))


def test_builds_and_trains(task):
    model = task.build(ARCHITECTURE)
    assert model(task.example()).shape == (8, 5)
    assert count_parameters(model) == task.count_parameters(ARCHITECTURE)
    told = []
    outcome = task.train(ARCHITECTURE, seed=1, report=lambda steps, value: told.append((steps, value)))
    assert [steps for steps, _ in told] == [7, 14]
    assert task.steps == outcome.steps == 14
    assert outcome.value == told[-1][1]


def test_what_is_fixed():
    with pytest.raises(ValueError, match="data: the mini task fixes it"):
        MiniTask(data="report128")


def test_it_can_be_searched_with_shared_weights(task):
    assert set(task.supernet().slots) == {slot.path for slot in task.space.slots}
    assert len(task.search_data(0).first_half[0]) == 175
