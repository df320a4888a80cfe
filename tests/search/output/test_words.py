"""Spaces and architectures in words."""

from __future__ import annotations

import pytest

from tinygrad5329.search.domains import Choice, Integer
from tinygrad5329.search.output.words import architecture_rows, domain_words, measure_text, space_rows
from tinygrad5329.search.parts import Cell, Stack
from tinygrad5329.search.space import Space


def test_a_space_as_rows(made):
    assert space_rows(made.task.space) == [
        ("layers", "1 to 3 times", "each time with decisions of its own:"),
        ("layers.N.width", "one of 8, 16, 32", ""),
        ("layers.N.activation", "one of relu, gelu, tanh", ""),
        ("optimizer", "one of sgd, adamw", ""),
        ("sgd_lr", "0.005 to 0.5, on a logarithmic scale", "optimizer is sgd"),
        ("dropout", "one of 0, 0.2, 0.5", ""),
    ]


def test_a_cell_and_a_fixed_stack():
    space = Space({"cell": Cell(3, ("none", "skip")), "block": Stack(2, 2, {"size": Integer(1, 9, step=2)})})
    assert space_rows(space) == [
        ("cell", "on each of 3 edges between 3 nodes, one of none, skip", ""),
        ("block", "2 times", "each time with decisions of its own:"),
        ("block.N.size", "whole, 1 to 9, in steps of 2", ""),
    ]
    architecture = {"cell": {"0-1": "skip", "0-2": "none", "1-2": "skip"}, "block": [{"size": 1}, {"size": 3}]}
    assert architecture_rows(space, architecture)[2:4] == [("cell.1-2", "skip"), ("block.1", "size 1")]


def test_conditions_on_several_values():
    space = Space({"a": Choice(1, 2, 3), "b": Choice("x", None, when={"a": (1, 2)})})
    assert space_rows(space)[1] == ("b", "one of x, none", "a is 1 or 2")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("latency", 0.00123, "1.23 ms"),
        ("parameters", 168202, "168,202"),
        ("test_accuracy", 0.57214, "0.5721"),
        ("judging_seconds", 1.5, "1.50 s"),
        ("loss", 1.23456, "1.235"),
        ("note", "x", "x"),
        ("exact", True, "True"),
        ("latency", None, ""),
    ],
)
def test_measures(name, value, text):
    assert measure_text(name, value) == text


def test_an_integer_on_a_logarithmic_scale():
    assert domain_words(Integer(1, 100, log=True)) == "whole, 1 to 100, on a logarithmic scale"
