"""Formulas for what is common, and the place of every rule."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinygrad5329 as tg
from tinygrad5329.graph import capture
from tinygrad5329.graph.formulas import FORMULAS, formula_of, rule_place
from tinygrad5329.ops.primitive import REGISTRY

ROOT = Path(tg.__file__).resolve().parent.parent
nn = tg.nn

MODELS = [
    (nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.GELU(), nn.Dropout(0.5), nn.LayerNorm(4)), (3, 4)),
    (nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Flatten()), (1, 1, 12, 12)),
    (nn.TransformerEncoderLayer(8, 2, 16), (3, 1, 8)),
    (nn.LSTM(4, 3), (2, 1, 4)),
    (nn.GRU(4, 3), (2, 1, 4)),
    (nn.RNN(4, 3), (2, 1, 4)),
]  # fmt: skip


def test_every_formula_is_of_an_operation():
    assert FORMULAS.keys() <= REGISTRY.keys()


@pytest.mark.parametrize(("model", "shape"), MODELS, ids=lambda each: type(each).__name__)
def test_operations_of_common_layers_have_formulas(model, shape):
    graph = capture(model, inputs=tg.ones(*shape, requires_grad=True))
    for node in graph.nodes:
        if node.kind == "op":
            assert formula_of(node.name), node.name


def test_elementwise_formulas_name_every_input():
    for name, (formula, gradient) in FORMULAS.items():
        op = REGISTRY[name]
        if op.broadcasts and not op.variadic:
            for each in op.inputs:
                assert each in formula.translate(str.maketrans("ˣʸ", "xy")), name
                assert f"d{each}" in gradient or each in ("condition", "mask"), name


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_rules_stand_where_it_says(name):
    place = rule_place(name)
    op = REGISTRY[name]
    if not place:
        assert not any((op.rules, op.joint, op.composite))
        return
    path, _, line = place.rpartition(":")
    assert path.startswith("tinygrad5329/")
    assert 0 < int(line) <= len((ROOT / path).read_text(encoding="utf-8").splitlines())


def test_an_unknown_operation():
    assert formula_of("MyFunction") is None
    assert rule_place("MyFunction") == ""
