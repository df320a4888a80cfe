"""The report's task."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.experiments.preparation import Source
from tinygrad5329.search.latency.table import LatencyTable
from tinygrad5329.search.networks.operations import operations_of_space
from tinygrad5329.search.space import Space
from tinygrad5329.search.task import Pruned
from tinygrad5329.search.tasks.cell_task import CellTask
from tinygrad5329.search.tasks.report_space import report_space
from tinygrad5329.search.tasks.report_task import ReportTask
from tinygrad5329.search.tasks.training import TrialDiverged
from tinygrad5329.training.loops import DivergenceError

pytest.importorskip("sklearn")

ARCHITECTURE = {
    "extractor": "linear",
    "layers": [{"width": 64, "activation": "gelu", "normalisation": "batch", "form": "residual"}],
    "dropout": 0.1,
    "optimizer": "sgd",
    "sgd_lr": 0.05,
    "weight_decay": 1e-4,
    "schedule": "cosine",
}


def nothing(steps, value):
    pass


@pytest.fixture(scope="module")
def task():
    return ReportTask(epochs=2)


def test_the_space_is_that_of_the_report():
    space = report_space()
    assert space["layers.depth"].domain.values == (1, 2, 3, 4)
    assert space["layers.3.width"].domain.values == (32, 64, 128, 256, 512)
    assert space["extractor"].domain.values == ("linear", "conv1d", "recurrent", "attention")
    assert Space.from_dict(space.as_dict()).as_dict() == space.as_dict()
    space.check(ARCHITECTURE)


def test_training(task):
    reports = []
    outcome = task.train(ARCHITECTURE, seed=3, report=lambda *each: reports.append(each))
    assert task.steps == outcome.steps == 14  # 1,294 rows in batches of 200, twice
    assert [steps for steps, _ in reports] == [7, 14]
    assert reports[-1][1] == outcome.value > 0.5
    assert outcome.measures["parameters"] == task.count_parameters(ARCHITECTURE)
    assert outcome.measures["epochs"] == 2
    assert 0.5 < outcome.measures["test_accuracy"] < 1
    assert outcome.measures["latency"] > 0
    json.dumps(dict(outcome.measures), allow_nan=False)


def test_the_same_seed_gives_the_same_outcome_whatever_came_before(task):
    def outcome(seed):
        found = task.train(ARCHITECTURE, seed=seed, report=nothing)
        return found.value, {key: value for key, value in found.measures.items() if key != "latency"}

    first = outcome(5)
    tg.rand(3)
    assert outcome(5) == first
    assert outcome(6) != first


def test_test_rows_change_nothing_but_the_last_measure():
    def found(task):
        reports = []
        outcome = task.train(ARCHITECTURE, seed=0, report=lambda *each: reports.append(each))
        return reports, outcome

    plain, changed = ReportTask(epochs=1), ReportTask(epochs=1)
    changed.source = Source("digits")
    arrays = changed.source.arrays
    object.__setattr__(arrays, "test_y", np.roll(arrays.test_y, 1))
    (reports, outcome), (other_reports, other) = found(plain), found(changed)
    assert reports == other_reports
    different = {key for key in outcome.measures if outcome.measures[key] != other.measures[key]}
    assert different - {"latency"} == {"test_accuracy"}


def test_a_diverging_training_says_so_and_how_many_steps_it_took():
    task = ReportTask(epochs=3)
    wild = ARCHITECTURE | {"sgd_lr": 0.5, "layers": [dict(ARCHITECTURE["layers"][0], normalisation="none")] * 4}
    reports = []
    with pytest.raises(DivergenceError, match=r"in epoch|after epoch") as caught:
        task.train(wild | {"weight_decay": 1e-2}, seed=0, report=lambda *each: reports.append(each))
    assert isinstance(caught.value, TrialDiverged)
    assert len(reports) * 7 <= caught.value.steps <= (len(reports) + 1) * 7


def test_a_report_can_stop_it(task):
    def stop(steps, value):
        raise Pruned

    with pytest.raises(Pruned):
        task.train(ARCHITECTURE, seed=0, report=stop)


def test_an_architecture_of_another_space_is_refused(task):
    with pytest.raises(ValueError, match="schedule: the architecture does not decide it"):
        task.train({key: value for key, value in ARCHITECTURE.items() if key != "schedule"}, seed=0, report=nothing)


def test_decisions_on_the_training_come_before_defaults():
    task = ReportTask(epochs=2)
    found = task._configuration({"lr": 0.3, "optimizer": "adamw"}, seed=4)
    assert (found.optimizer, found.lr, found.weight_decay, found.seed) == ("adamw", 0.3, 1e-4, 4)
    found = task._configuration({"lr": 0.3}, seed=0)
    assert (found.optimizer, found.lr, found.schedule) == ("sgd", 0.3, "cosine")
    assert dict(found.options) == {"momentum": 0.9, "nesterov": False}
    assert task._configuration({}, seed=0).lr == 0.05
    with pytest.raises(ValueError, match="adamw_lr: neither it nor lr is decided"):
        task._configuration({"optimizer": "adamw"}, seed=0)
    with pytest.raises(ValueError, match="optimizer: expected sgd or adamw, got 'lion'"):
        task._configuration({"optimizer": "lion"}, seed=0)


def test_limits():
    small = ReportTask(max_parameters=10_000)
    generator = random.Random(0)
    for _ in range(5):
        assert small.count_parameters(small.space.sample(generator)) <= 10_000
    operations = operations_of_space(report_space(), 64, 10)
    table = LatencyTable({1: {name: 2e-6 if name.startswith("linear") else 1e-9 for name in operations}}, {})
    quick = ReportTask(latency=table, max_latency=7e-6)
    depths = {len(quick.space.sample(generator)["layers"]) for _ in range(20)}
    assert max(depths) == 2  # two layers and the head
    outcome = quick.train(ARCHITECTURE, seed=0, report=nothing)
    assert outcome.measures["latency"] == table.predict(quick.operations(ARCHITECTURE))


def test_the_description_tells_tasks_apart(task):
    described = json.loads(json.dumps(task.describe(), allow_nan=False))
    assert described["data"]["fingerprint"] == task.source.fingerprint
    others = [ReportTask(epochs=3), ReportTask(epochs=2, max_parameters=9), ReportTask(epochs=2, batch_size=100)]
    assert all(other.describe() != task.describe() for other in [*others, CellTask(epochs=2)])
    assert ReportTask(epochs=2).describe() == task.describe()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs: expected a whole number from 1, got 0"),
        ({"batch_size": 1}, "batch_size: expected a whole number from 2"),
        ({"max_parameters": 2.5}, "max_parameters: expected a whole number"),
        ({"max_latency": -1.0}, "max_latency: expected seconds above 0"),
        ({"max_latency": 1e-3}, "max_latency needs a latency table.*--space report --out latency.json"),
        ({"latency": LatencyTable({1: {}}, {}), "latency_batch": 7}, "batches of 1 rows, not 7"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        ReportTask(**options)


@pytest.mark.parametrize("kind", [ReportTask, CellTask])
def test_weight_sharing_finds_what_it_needs(kind):
    task = kind()
    data = task.search_data(seed=1)
    rows = [len(inputs) for inputs, _ in (data.first_half, data.second_half, data.validation)]
    assert rows == [647, 647, 144]
    joined = tg.cat([data.first_half[0], data.second_half[0]]).numpy()
    assert sorted(row.tobytes() for row in joined) == sorted(
        row.tobytes() for row in task.split.train.tensors[0].numpy()
    )
    assert tg.equal(task.search_data(1).first_half[0], data.first_half[0])
    supernet = task.supernet()
    covered = {*supernet.slots, *task.defaults}
    generator = random.Random(0)
    for _ in range(5):
        flat = task.space.flatten(task.space.sample(generator))
        assert {path for path in flat if path not in covered} <= {"adamw_lr"}


def test_the_cell_task_trains():
    task = CellTask(epochs=2)
    edges = dict.fromkeys(task.space.parts["cell"].edges, "skip") | {"0-1": "gelu", "1-2": "none"}
    outcome = task.train(
        {"cell": edges, "optimizer": "adamw", "adamw_lr": 0.01, "weight_decay": 1e-4, "schedule": "onecycle"},
        seed=0,
        report=nothing,
    )
    assert outcome.value > 0.7
    assert outcome.measures["parameters"] == task.count_parameters({"cell": edges})
