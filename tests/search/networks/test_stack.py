"""Networks of stack spaces."""

from __future__ import annotations

import random

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F
from tinygrad5329.search.networks.parameter_count import stack_parameters
from tinygrad5329.search.networks.stack import build_stack
from tinygrad5329.search.tasks.report_space import report_space
from tinygrad5329.training import count_parameters

BATCH = tg.randn(5, 64, generator=tg.Generator().manual_seed(7))


def layer(width=32, **more):
    return {"width": width} | more


def same(actual, expected):
    np.testing.assert_allclose(actual.detach().numpy(), expected.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_parts_are_named_as_a_reader_would():
    architecture = {
        "extractor": "conv1d",
        "layers": [layer(normalisation="batch", activation="gelu"), layer(form="residual", normalisation="layer")],
        "dropout": 0.1,
    }
    names = [name for name, _ in build_stack(architecture, 64, 10).named_modules() if name.count(".") < 2]
    assert [name for name in names if not name.startswith("front.")] == [
        "", "front", "layer1", "layer1.linear", "layer1.norm", "layer1.activation", "layer1.dropout",
        "layer2", "layer2.residual", "layer2.norm", "layer2.activation", "layer2.dropout", "head",
    ]  # fmt: skip


def test_plain_layers_by_hand():
    network = build_stack({"layers": [layer(32, activation="tanh"), layer(16, activation="gelu")]}, 64, 10)
    hidden = F.linear(BATCH, network.layer1.linear.weight, network.layer1.linear.bias).tanh()
    hidden = F.gelu(F.linear(hidden, network.layer2.linear.weight, network.layer2.linear.bias))
    same(network(BATCH), F.linear(hidden, network.head.weight, network.head.bias))


def test_residual_layers_by_hand():
    network = build_stack(
        {"layers": [layer(32, form="residual"), layer(32, form="residual", activation="sigmoid")]}, 64, 10
    )
    first, second = network.layer1.residual, network.layer2.residual
    assert first.shortcut.bias is None
    branch = F.linear(BATCH, first.module.linear1.weight, first.module.linear1.bias).relu()
    branch = F.linear(branch, first.module.linear2.weight, first.module.linear2.bias)
    hidden = (F.linear(BATCH, first.shortcut.weight) + branch).relu()
    assert isinstance(second, nn.Residual)
    branch = F.linear(hidden, second.module.linear1.weight, second.module.linear1.bias).sigmoid()
    hidden = (hidden + F.linear(branch, second.module.linear2.weight, second.module.linear2.bias)).sigmoid()
    same(network(BATCH), network.head(hidden))


def test_defaults_of_what_a_space_does_not_decide():
    tg.manual_seed(1)
    short = build_stack({"layers": [{"width": 32}]}, 64, 10)
    tg.manual_seed(1)
    whole = {"width": 32, "activation": "relu", "normalisation": "none", "form": "plain"}
    long = build_stack({"layers": [whole], "extractor": "linear", "dropout": 0.0, "optimizer": "sgd"}, 64, 10)
    assert repr(short) == repr(long)
    assert tg.equal(short(BATCH), long(BATCH))


def test_weights_are_drawn_by_kaiming():
    network = build_stack({"layers": [layer(512), layer(512, form="residual")], "extractor": "attention"}, 64, 10)
    for module in network.modules():
        if isinstance(module, nn.Linear) and module.weight.numel() > 4000:
            deviation = float(module.weight.std().item())
            assert deviation == pytest.approx((2 / module.in_features) ** 0.5, rel=0.05)
            assert module.bias is None or not module.bias.any()


@pytest.mark.parametrize("features", [64, 30, 26])
@pytest.mark.parametrize("extractor", ["conv1d", "recurrent", "attention"])
def test_fronts_keep_the_number_of_features_and_learn(extractor, features):
    network = build_stack({"layers": [layer()], "extractor": extractor}, features, 10)
    inputs = tg.randn(3, features)
    assert network.front(inputs).shape == (3, features)
    network(inputs).square().sum().backward()
    still = [name for name, each in network.named_parameters() if each.grad is None or not each.grad.any()]
    assert not [name for name in still if "in_proj_bias" not in name], still


def test_attention_adds_to_the_features():
    front = build_stack({"layers": [layer()], "extractor": "attention"}, 64, 10).front
    with tg.no_grad():
        front.module.projection.weight.zero_()
    assert tg.equal(front(BATCH), BATCH)


def test_random_networks_of_the_space_have_the_counted_parameters():
    space, generator = report_space(), random.Random(0)
    for _ in range(25):
        architecture = space.sample(generator)
        network = build_stack(architecture, 30, 7)
        assert count_parameters(network) == stack_parameters(architecture, 30, 7)
        assert network(tg.randn(2, 30)).shape == (2, 7)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ({}, "layers: expected one layer or more"),
        ({"layers": []}, "layers: expected one layer or more"),
        ({"layers": [{"activation": "relu"}]}, "layers.1.width: expected a whole number from 1, got None"),
        ({"layers": [{"width": 8}, {"width": 8, "activation": "swish"}]}, "layers.2.activation: expected one of relu"),
        ({"layers": [{"width": 8, "normalisation": "group"}]}, "layers.1.normalisation: expected one of none, batch"),
        ({"layers": [{"width": 8, "form": "dense"}]}, "layers.1.form: expected plain or residual, got 'dense'"),
        ({"layers": [{"width": 8}], "extractor": "rnn"}, "extractor: expected one of linear, conv1d, recurrent"),
    ],
)
def test_what_cannot_be_built_is_named(architecture, message):
    with pytest.raises(ValueError, match=message):
        build_stack(architecture, 64, 10)
