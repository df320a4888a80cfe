"""Latency tables: what is in them, what is predicted of them, their files."""

from __future__ import annotations

import json
import random

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.search.domains import Choice
from tinygrad5329.search.latency.measure import measure_in_turn, measure_latency
from tinygrad5329.search.latency.table import LatencyTable
from tinygrad5329.search.networks.operations import (
    build_operation,
    cell_operations,
    operations_of_space,
    stack_operations,
)
from tinygrad5329.search.networks.stack import build_stack
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Space
from tinygrad5329.search.tasks.report_space import report_space

TABLE = LatencyTable({1: {"linear 4 8": 1e-6, "relu 8": 2e-6}, 16: {"relu 8": 3e-6}}, {"CPU cores": "2"})


def test_the_operations_of_a_network_are_those_that_it_runs():
    layers = [
        {"width": 32, "activation": "gelu", "normalisation": "batch"},
        {"width": 32, "form": "residual"},
        {"width": 8, "form": "residual"},
    ]
    architecture = {"extractor": "conv1d", "layers": layers, "dropout": 0.1}
    named = stack_operations(architecture, 64, 10)
    network = build_stack(architecture, 64, 10)
    widths = [f"{each.in_features} {each.out_features}" for each in network.modules() if isinstance(each, nn.Linear)]
    assert sorted(widths) == sorted(name.partition(" ")[2] for name in named if name[:4] in ("line", "proj"))
    counts = {kind: sum(name.startswith(kind) for name in named) for kind in ("conv1d", "add", "dropout", "sequence")}
    assert counts == {"conv1d": 1, "add": 2, "dropout": 3, "sequence": 6}
    assert [name for name in named if name.startswith(("gelu", "batch", "relu"))] == [
        "batch 32", "gelu 32", "relu 32", "relu 32", "relu 8", "relu 8",
    ]  # fmt: skip


def test_the_operations_of_a_cell():
    edges = dict(zip(Cell(3, ["none", "skip"]).edges, ["relu", "skip", "tanh"], strict=True))
    assert sorted(cell_operations({"cell": edges}, 4, 2, width=8)) == sorted(
        ["sequence"] * 3 + ["linear 4 8", "batch 8", "cell 3", "linear 8 8", "relu 8", "skip", "linear 8 8", "tanh 8"]
        + ["sum 8", "linear 8 2"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("space", "name"),
    [
        (report_space(), stack_operations),
        (Space({"layers": Stack(1, 2, {"width": Choice(3, 5)})}), stack_operations),
        (Space({"cell": Cell(4, ["none", "skip", "relu", "tanh"])}), cell_operations),
    ],
)
def test_the_operations_of_a_space_are_all_of_its_networks_and_no_others(space, name):
    expected = operations_of_space(space, 16, 3)
    generator = random.Random(0)
    found = {each for _ in range(2500) for each in name(space.sample(generator), 16, 3)}
    assert found <= set(expected)
    assert len(set(expected) - found) <= len(expected) // 20  # a rare pair of widths may not have been drawn


def test_each_operation_can_be_built_and_run():
    names = operations_of_space(report_space(), 16, 3) + operations_of_space(
        Space({"cell": Cell(3, ["none", "skip", "relu"])}), 16, 3
    )
    for name in names:
        module, inputs = build_operation(name, 2)
        size = name.split(" ")[-1]
        assert module(inputs).shape == (2, int(size) if size.isdecimal() and name[:4] != "cell" else 1)


def test_a_table_is_of_all_operations_for_all_batches():
    state = tg.default_generator.get_state()
    table = LatencyTable.measure(["linear 4 8", "relu 8", "sequence"], [1, 3], rounds=2)
    assert tg.equal(tg.default_generator.get_state(), state)
    assert set(table.seconds) == {1, 3}
    assert all(set(each) == {"linear 4 8", "relu 8", "sequence"} for each in table.seconds.values())
    assert all(0 < value < 1 for each in table.seconds.values() for value in each.values())
    assert table.machine["NumPy"]


def test_prediction_is_a_sum():
    assert TABLE.predict(["linear 4 8", "relu 8", "relu 8"]) == pytest.approx(5e-6)
    assert TABLE.predict(["relu 8"], 16) == 3e-6
    with pytest.raises(ValueError, match="has no 'gelu 8'; measure it for this space"):
        TABLE.predict(["relu 8", "gelu 8"])
    with pytest.raises(ValueError, match="for batches of 1, 16 rows, not 200"):
        TABLE.predict(["relu 8"], 200)


def test_a_file_holds_the_table(tmp_path):
    path = TABLE.save(tmp_path / "folder" / "latency.json")
    loaded = LatencyTable.load(path)
    assert loaded.seconds == TABLE.seconds
    assert loaded.machine == TABLE.machine
    assert loaded.fingerprint() == TABLE.fingerprint()
    assert LatencyTable({1: {"relu 8": 1e-6}}, {}).fingerprint() != TABLE.fingerprint()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "its 'format' is not"),
        ({"machine": None}, "it has no 'machine'"),
        ({"seconds": {}}, "it has no 'seconds'"),
        ({"seconds": {"one": {}}}, "'one' is no batch size"),
        ({"seconds": {"1": {"relu 8": -1.0}}}, r"seconds\.1\.relu 8: expected seconds above 0, got -1\.0"),
        ({"seconds": {"1": {"relu 8": "quick"}}}, r"expected seconds above 0, got 'quick'"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, change, message):
    path = TABLE.save(tmp_path / "latency.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ValueError, match=f"latency.json: no latency table: .*{message}"):
        LatencyTable.load(path)


def test_a_file_that_is_no_json_is_refused(tmp_path):
    (tmp_path / "latency.json").write_text("{")
    with pytest.raises(ValueError, match="no latency table: Expecting"):
        LatencyTable.load(tmp_path / "latency.json")
    with pytest.raises(FileNotFoundError, match=r"latency: .*none\.json cannot be read: No such file"):
        LatencyTable.load(tmp_path / "none.json")


@pytest.mark.parametrize("name", ["swish 8", "linear 8", "relu", "linear a b", "none 8", ""])
def test_what_is_no_operation_is_refused(name):
    with pytest.raises(ValueError, match="is no operation such as 'linear 64 128'"):
        build_operation(name, 1)


def test_spaces_without_known_operations_are_refused():
    with pytest.raises(ValueError, match="a stack 'layers' or a cell 'cell'"):
        operations_of_space(Space({"width": Choice(1, 2)}), 4, 2)
    with pytest.raises(ValueError, match="layers: its part has no decision 'width'"):
        operations_of_space(Space({"layers": Stack(1, 2, {"form": Choice("plain", "residual")})}), 4, 2)


def test_measuring_leaves_a_module_as_it_was():
    class Counting(nn.Module):
        calls = 0

        def forward(self, input):
            type(self).calls += 1
            assert not self.training
            assert not tg.is_grad_enabled()
            return input

    module = Counting()
    assert 0 < measure_latency(module, tg.zeros(1), repeats=4) < 1
    assert Counting.calls == 6
    assert module.training
    assert set(measure_in_turn({"one": (module, tg.zeros(1))}, rounds=3)) == {"one"}
    assert Counting.calls == 12
    with pytest.raises(ValueError, match="one repeat or more"):
        measure_latency(module, tg.zeros(1), repeats=0)
    with pytest.raises(ValueError, match="one round or more"):
        measure_in_turn({}, rounds=0)
