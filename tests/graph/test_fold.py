"""Folding modules, and the tree of calls that it rests on."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.graph import capture, fold, record_modules
from tinygrad5329.graph.calls import CallTree


def test_depth_zero_is_the_whole_model(graph):
    folded = fold(graph, 0)
    assert [(node.kind, node.title or node.name) for node in folded.nodes] == [
        ("input", "x"),
        ("module", "Sequential"),
        ("op", "SumBackward0"),
    ]
    model = folded.nodes[1]
    assert (model.operations, model.parameters) == (6, 4 * 3 + 4 + 2 * (4 * 4 + 4) + 2 * 4 + 2)
    assert model.shape == (5, 2)
    assert [(edge.source, edge.target) for edge in folded.edges] == [(0, 1), (1, 2)]


def test_depth_one_is_its_children(graph):
    folded = fold(graph, 1)
    assert [node.name for node in folded.nodes] == ["x", "input", "residual", "output", "sum"]
    assert [node.operations for node in folded.nodes] == [0, 1, 4, 1, 0]
    assert folded.outputs == [(4, 0)]


def test_great_depth_changes_no_operation(graph):
    folded = fold(graph, 9)
    assert sorted(node.name for node in folded.nodes) == sorted(node.name for node in graph.nodes)
    assert len(folded.edges) == len(graph.edges)


def test_a_loop_over_a_module_folds_without_a_circle():
    cell = tg.nn.Linear(3, 3)
    model = tg.nn.Sequential(cell)
    h = tg.ones(1, 3)
    with record_modules(model):
        for _ in range(4):
            h = model(h).tanh()
    folded = fold(capture(h, model), 1)
    assert [node.kind for node in folded.nodes].count("module") == 4
    # The weights are shared by the calls, so they stay outside, once.
    assert [node.name for node in folded.nodes if node.kind == "parameter"] == ["0.weight", "0.bias"]
    assert all(edge.source < edge.target for edge in folded.edges)


def test_calls_are_numbered():
    model = tg.nn.Sequential(tg.nn.Linear(3, 3))
    h = tg.ones(1, 3)
    with record_modules(model):
        for _ in range(3):
            h = model(h).tanh()
    calls = CallTree(capture(h, model)).calls()
    assert [(call.path, call.number) for call in calls if call.path == "0"] == [("0", 1), ("0", 2), ("0", 3)]


@pytest.mark.parametrize("depth", [-1, 1.5, "1", True])
def test_bad_depth(graph, depth):
    with pytest.raises(ValueError, match="depth"):
        fold(graph, depth)
