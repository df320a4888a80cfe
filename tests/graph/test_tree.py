"""The tree for the terminal."""

from __future__ import annotations

import tinygrad5329 as tg
from tinygrad5329.graph import tree


def test_modules_and_leaves(graph):
    lines = tree(graph).splitlines()
    assert lines[0] == "sum () float32"
    assert lines[1] == "linear (5, 2) float32  in output"
    assert "├─ output.weight (2, 4) float32  parameter" in lines
    assert lines[-1] == "└─ x (5, 3) float32  input"


def test_shared_nodes_are_written_once(graph):
    text = tree(graph)
    assert text.count("in input") == 1
    assert "see [1] linear" in text
    assert "linear (5, 4) float32  in input  [1]" in text
    assert text.count("linear (") == 4


def test_folded(graph):
    assert "Residual (5, 4) float32  (4 ops, 40 parameters)  in residual" in tree(graph, depth=1)


def test_several_outputs():
    x = tg.ones(2, requires_grad=True)
    y = x.exp()
    text = tree((y * 2, y + 1), {"x": x})
    assert text.count("exp (2,)") == 1
    assert text.count("see [1] exp") == 1


def test_a_deep_chain_is_not_wide():
    x = tg.ones(1, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y * x
    lines = tree(y, {"x": x}).splitlines()
    assert len(lines) == 40_001
    assert max(map(len, lines)) < 40
