"""Networks of cell spaces."""

from __future__ import annotations

import random

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.search.networks.cell import CellGraph, build_cell
from tinygrad5329.search.networks.parameter_count import cell_parameters
from tinygrad5329.search.parts import Cell
from tinygrad5329.search.space import Space
from tinygrad5329.training import count_parameters

EDGES = Cell(4, ["none", "skip"]).edges


def test_a_cell_by_hand():
    operations = dict(zip(EDGES, ["relu", "none", "tanh", "skip", "gelu", "skip"], strict=True))
    network = build_cell({"cell": operations}, 64, 10)
    assert list(network.cell.edges) == ["0-1", "1-2", "0-3", "1-3", "2-3"]
    inputs = tg.randn(4, 64)
    start = network.norm(network.stem(inputs))
    edges = network.cell.edges
    one = edges["0-1"].linear(start).relu()
    two = edges["1-2"].linear(one).tanh()
    three = start + nn.functional.gelu(edges["1-3"].linear(one)) + two
    expected = network.head(three).detach().numpy()
    np.testing.assert_allclose(network(inputs).detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_a_cell_of_nothing_gives_zeros_and_still_trains_the_head():
    network = build_cell({"cell": dict.fromkeys(EDGES, "none")}, 64, 10)
    logits = network(tg.randn(4, 64))
    assert not logits.any()
    logits.sum().backward()
    assert network.head.bias.grad is not None
    assert network.stem.weight.grad is None


def test_counted_parameters():
    space = Space({"cell": Cell(4, ["none", "skip", "relu", "gelu", "tanh"])})
    generator = random.Random(0)
    for _ in range(10):
        architecture = space.sample(generator)
        built = build_cell(architecture, 20, 3, width=16)
        assert count_parameters(built) == cell_parameters(architecture, 20, 3, width=16)


def test_errors():
    with pytest.raises(ValueError, match=r"cell.0-1: expected one of none, skip, relu.*got 'swish'"):
        build_cell({"cell": {"0-1": "swish"}}, 64, 10)
    with pytest.raises(ValueError, match="cell: expected operations by edge"):
        build_cell({"layers": []}, 64, 10)
    with pytest.raises(ValueError, match="expected edges among 0-1, 0-2, 1-2, got '2-1'"):
        CellGraph(3, {"2-1": nn.Identity()})
