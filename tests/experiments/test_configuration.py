"""A configuration: what it refuses, how changes merge, that it survives JSON."""

from __future__ import annotations

import json

import pytest

from tinygrad5329.experiments.configuration import Configuration


def test_it_survives_json():
    one = Configuration(hidden=[256, 256], residual=True, options={"betas": [0.9, 0.99]}, optimizer="adamw")
    assert Configuration.from_dict(json.loads(json.dumps(one.as_dict()))) == one


def test_whole_numbers_are_the_floats_they_stand_for():
    assert Configuration(lr=1).as_dict() == Configuration(lr=1.0).as_dict()
    assert type(Configuration(dropout=0).dropout) is float


def test_options_merge_for_the_same_optimizer_and_go_with_another():
    base = Configuration(options={"momentum": 0.9})
    assert base.changed({"options": {"dampening": 0.5}}).options == {"momentum": 0.9, "dampening": 0.5}
    assert base.changed({"lr": 0.1}).options == {"momentum": 0.9}
    assert base.changed({"optimizer": "adamw"}).options == {}
    assert base.changed({"optimizer": "adamw", "options": {"eps": 1e-6}}).options == {"eps": 1e-6}


def test_a_change_leaves_the_original_alone():
    base = Configuration()
    base.changed({"options": {"momentum": 0.5}, "hidden": [7]})
    assert base == Configuration()


def test_differences_are_those_of_the_first():
    assert Configuration(lr=0.1).differences(Configuration()) == {"lr": 0.1}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"learning_rate": 0.1}, "learning_rate: no such key"),
        ({"activation": "swish"}, "activation: expected one of"),
        ({"protocol": "test"}, "protocol: expected one of"),
        ({"dropout": 1.0}, "dropout: expected 0 or more and below 1"),
        ({"lr": 0.0}, "lr: expected a number above 0"),
        ({"lr": float("nan")}, "lr: expected a number above 0"),
        ({"epochs": 0}, "epochs: expected 1 or more"),
        ({"seed": -1}, "seed: expected 0 or more"),
        ({"hidden": []}, "hidden: expected one or more widths"),
        ({"hidden": [128, 0]}, "hidden: expected one or more widths"),
        ({"residual": True}, "residual: the blocks are the hidden layers after the first"),
        ({"residual": True, "hidden": [128, 64]}, "residual: a block adds its input"),
        ({"stochastic_depth": 0.1}, "stochastic_depth: there is no block"),
        ({"warmup_epochs": 80}, "warmup_epochs: 80 leaves nothing"),
        ({"warmup_epochs": 1, "schedule": "onecycle"}, "warmup_epochs: onecycle has"),
        ({"normalisation": "batch", "batch_size": 1}, "batch_size: batch normalisation needs two"),
    ],
)
def test_values_that_cannot_be_are_refused_by_name(change, words):
    with pytest.raises(ValueError, match=words):
        Configuration().changed(change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lr": "0.1"}, "lr: expected a number, got '0.1'"),
        ({"epochs": 2.5}, "epochs: expected a whole number"),
        ({"epochs": True}, "epochs: expected a whole number"),
        ({"residual": 1}, "residual: expected true or false"),
        ({"options": [0.9]}, "options: expected the optimizer's arguments by name"),
        ({"options": {"lr": {1}}}, "options: expected what JSON can hold"),
        ({"options": {"eps": float("inf")}}, "options: expected what JSON can hold"),
    ],
)
def test_values_of_another_type_are_refused_by_name(change, words):
    with pytest.raises(TypeError, match=words):
        Configuration().changed(change)
