"""Equal modules in a row, drawn once; parameters that operations share, drawn as one."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.graph import capture, draw, fold, record_modules, to_mermaid, to_svg, tree
from tinygrad5329.graph.calls import CallTree
from tinygrad5329.graph.repeats import equal_calls, join_repeats
from tinygrad5329.graph.shared import join_shared

nn = tg.nn


def blocks(count, odd=()):
    def block(number):
        act = nn.ReLU() if number in odd else nn.Tanh()
        return nn.Residual(nn.Sequential(nn.Linear(4, 4), act))

    model = nn.Sequential(nn.Linear(3, 4), *[block(i) for i in range(count)], nn.Linear(4, 2))
    return capture(lambda: model(tg.ones(5, 3)).sum(), model)


def runs(graph):
    return [[call.path for call in run] for run in equal_calls(CallTree(graph))]


def test_equal_blocks_are_found():
    assert runs(blocks(4)) == [["1", "2", "3", "4"]]


def test_a_block_that_differs_parts_them():
    assert runs(blocks(5, odd={2})) == [["1", "2"], ["4", "5"]]


def test_equal_blocks_are_joined():
    graph = blocks(4)
    joined = join_repeats(graph)
    assert len(joined.nodes) == len(blocks(1).nodes)
    assert len(joined.edges) == len(blocks(1).edges)
    assert all(edge.source < edge.target for edge in joined.edges)
    (call,) = [call for call in joined.calls if call.repeat > 1]
    assert (call.path, call.repeat, call.last) == ("1", 4, "4")
    assert sum(node.parameters for node in graph.nodes) == 12 + 4 + 4 * 20 + 8 + 2


def test_a_folded_repeat_counts_all_of_them():
    folded = fold(join_repeats(blocks(4)), 1)
    (box,) = [node for node in folded.nodes if "×" in node.title]
    assert (box.title, box.name, box.operations, box.parameters) == ("Residual × 4", "1 to 4", 12, 80)
    inner = fold(join_repeats(blocks(4)), 2)
    assert [(node.name, node.operations, node.parameters) for node in inner.nodes if node.kind == "module"] == [
        ("1.module", 2, 20)
    ]


def test_pictures_join_large_graphs_only(tmp_path):
    small, large = blocks(4), blocks(30)
    assert "×" not in draw(small).source
    assert "Residual × 4" in draw(small, repeats=True).source
    assert "Residual × 30" in draw(large).source
    assert "Residual × 30" in to_svg(large, tmp_path / "graph.svg").read_text()
    assert "Residual × 30" in to_mermaid(large)
    with pytest.warns(UserWarning, match="hard to read"):
        assert "×" not in draw(blocks(60), repeats=False).source
    assert "× 4" in tree(small, repeats=True, depth=1)


def test_calls_in_a_row_of_one_module():
    cell = nn.RNNCell(2, 3)
    model = nn.ModuleDict({"cell": cell})
    h, x = tg.zeros(1, 3), tg.ones(1, 2)
    with record_modules(model):
        for _ in range(5):
            h = cell(x, h)
    joined = join_repeats(capture(h.sum(), model))
    assert [(call.repeat, call.last) for call in joined.calls if call.repeat > 1] == [(5, "cell")]
    assert "called in a row" in draw(joined).source


def test_shared_parameters_are_one_box():
    model = nn.Sequential(nn.Linear(3, 3))
    h = tg.ones(1, 3)
    for _ in range(3):
        h = model(h).tanh()
    graph = capture(h.sum(), model)
    joined = join_shared(graph)
    (box,) = [node for node in joined.nodes if node.kind == "parameter"]
    assert (box.name, box.aliases, box.parameters) == ("0: shared parameters", ["weight", "bias"], 12)
    assert [edge.target for edge in joined.edges if edge.source == box.id] == [
        node.id for node in joined.nodes if node.name == "linear"
    ]
    source = draw(graph).source
    assert "weight (3, 3)" in source
    assert join_shared(blocks(1)) is not None
    assert len(join_shared(blocks(2)).nodes) == len(blocks(2).nodes)


def test_nothing_to_join():
    graph = blocks(1)
    assert join_repeats(graph) is graph
    assert join_shared(graph) is graph
