from __future__ import annotations

import json
import os
from importlib import resources

import pytest

from tinygrad5329.search.benchmark import MiniBenchmark, MiniTask, TableTask
from tinygrad5329.search.benchmark.table import TABLE, words_of

PATH = resources.files("tinygrad5329.search.benchmark") / TABLE


@pytest.fixture(scope="module")
def benchmark_table():
    return MiniBenchmark()


def test_every_architecture_is_there_and_worth_something(benchmark_table):
    values = [benchmark_table.value(each) for each in benchmark_table.architectures]
    assert len(values) == len(benchmark_table) == 258
    assert min(values) > 0.2  # of five classes
    assert max(values) - min(values) > 0.3
    assert len({words_of(each) for each in benchmark_table.architectures}) == 258
    assert os.path.getsize(PATH) < 40_000


def test_a_value_is_the_mean_of_its_seeds(benchmark_table):
    best = benchmark_table.best()
    singles = [benchmark_table.value(best, seed) for seed in benchmark_table.seeds]
    assert benchmark_table.value(best) == pytest.approx(sum(singles) / 3)
    assert len(set(singles)) > 1
    for seed in benchmark_table.seeds:
        assert benchmark_table.reports(best, seed)[-1] == (benchmark_table.steps, benchmark_table.value(best, seed))


@pytest.mark.parametrize("measure", ["validation", "test"])
def test_regret(benchmark_table, measure):
    regrets = [benchmark_table.regret(each, measure) for each in benchmark_table.architectures]
    assert min(regrets) == 0.0 == benchmark_table.regret(benchmark_table.best(measure), measure)
    known = benchmark_table.value if measure == "validation" else benchmark_table.test_accuracy
    worst = benchmark_table.architectures[regrets.index(max(regrets))]
    assert known(benchmark_table.best(measure)) - known(worst) == pytest.approx(max(regrets))


def test_the_table_is_what_training_gives(benchmark_table):
    # Other machines round otherwise, and a training of 280 steps lets that grow a little.
    for architecture in ({"layers": [{"width": 32, "activation": "relu"}]}, benchmark_table.architectures[100]):
        outcome = MiniTask().train(architecture, seed=1, report=lambda steps, value: None)
        assert outcome.steps == benchmark_table.steps
        assert outcome.measures["parameters"] == benchmark_table.parameters(architecture)
        assert outcome.value == pytest.approx(benchmark_table.value(architecture, 1), abs=0.03)
        tested = benchmark_table.test_accuracy(architecture, 1)
        assert outcome.measures["test_accuracy"] == pytest.approx(tested, abs=0.03)


def test_the_task_that_looks_up(benchmark_table):
    task = benchmark_table.task()
    architecture = benchmark_table.architectures[7]
    told = []
    outcome = task.train(architecture, seed=4, report=lambda *each: told.append(each))
    assert tuple(told) == benchmark_table.reports(architecture, 1)
    assert outcome.value == benchmark_table.value(architecture, 1)
    assert outcome.steps == task.steps == told[-1][0]
    assert outcome.measures["test_accuracy"] == benchmark_table.test_accuracy(architecture, 1)
    assert isinstance(task, TableTask)
    assert task.describe()["table"] == benchmark_table.fingerprint()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda table: table.value(table.best(), 7), "seed: the table has 0, 1, 2, got 7"),
        (lambda table: table.regret(table.best(), "train"), "expected validation or test, got 'train'"),
        (lambda table: table.value({"layers": [{"width": 9, "activation": "relu"}]}), "expected one of 8, 32, got 9"),
    ],
)
def test_questions_that_have_no_answer(benchmark_table, ask, message):
    with pytest.raises(ValueError, match=message):
        ask(benchmark_table)


def test_a_file_that_is_no_whole_table(tmp_path):
    path = tmp_path / "table.json"
    path.write_text("{")
    with pytest.raises(ValueError, match="no table of the mini benchmark"):
        MiniBenchmark(path)
    table = json.loads(PATH.read_text(encoding="utf-8"))
    del table["rows"]["8-relu"]
    path.write_text(json.dumps(table))
    with pytest.raises(ValueError, match="1 of 258 architectures have not been trained yet"):
        MiniBenchmark(path)
