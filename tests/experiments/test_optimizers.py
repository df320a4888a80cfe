"""The optimizers of the studies: built as named, and refused by name."""

from __future__ import annotations

import pytest

from tinygrad5329 import optim
from tinygrad5329.experiments.networks import build_network
from tinygrad5329.experiments.optimizers import OPTIMIZERS, build_optimizer, check_options


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_all_names_are_optimizers_over_all_parameters(small, name):
    configuration = small.configuration(optimizer=name, lr=0.02, weight_decay=0.001)
    model = build_network(configuration, 8, 3)
    optimizers = build_optimizer(configuration, model)
    assert type(optimizers[0]) is getattr(optim, OPTIMIZERS[name])
    groups = [group for each in optimizers for group in each.param_groups]
    assert sorted(id(p) for group in groups for p in group["params"]) == sorted(map(id, model.parameters()))
    assert all((group["lr"], group["weight_decay"]) == (0.02, 0.001) for group in groups)


def test_muon_updates_hidden_matrices_alone(small):
    configuration = small.configuration(optimizer="muon", hidden=[6, 6], normalisation="batch")
    model = build_network(configuration, 8, 3)
    muon, rest = build_optimizer(configuration, model)
    names = {id(p): name for name, p in model.named_parameters()}
    assert [names[id(p)] for p in muon.param_groups[0]["params"]] == ["input.weight", "linear2.weight"]
    assert "output.weight" in [names[id(p)] for p in rest.param_groups[0]["params"]]


def test_options_reach_the_optimizer(small):
    configuration = small.configuration(optimizer="adamw", options={"betas": [0.8, 0.95]})
    (optimizer,) = build_optimizer(configuration, build_network(configuration, 8, 3))
    assert optimizer.param_groups[0]["betas"] == (0.8, 0.95)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"optimizer": "lion"}, "optimizer: expected one of sgd, .*got 'lion'"),
        ({"options": {"betas": [0.9, 0.99]}}, "options: sgd has no 'betas'; it has dampening, momentum, nesterov"),
        ({"options": {"lr": 0.1}}, "options: sgd has no 'lr'"),
    ],
)
def test_what_there_is_not_is_refused(small, change, words):
    with pytest.raises(ValueError, match=words):
        check_options(small.configuration(**change))
