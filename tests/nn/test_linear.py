"""Linear layers without the oracle."""

from __future__ import annotations

import math

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def test_values_and_gradients():
    layer = nn.Linear(2, 2)
    layer.load_state_dict({"weight": tg.tensor([[1.0, 2.0], [3.0, 4.0]]), "bias": tg.tensor([10.0, 20.0])})
    x = tg.tensor([[1.0, 1.0], [0.0, 2.0]], requires_grad=True)
    y = layer(x)
    assert y.tolist() == [[13, 27], [14, 28]]
    y.sum().backward()
    assert x.grad.tolist() == [[4, 6], [4, 6]]
    assert layer.weight.grad.tolist() == [[1, 3], [1, 3]]
    assert layer.bias.grad.tolist() == [2, 2]


def test_default_initialisation():
    tg.manual_seed(0)
    layer = nn.Linear(100, 50)
    for parameter in layer.parameters():
        assert parameter.abs().max().item() <= 1 / math.sqrt(100)
    assert layer.weight.std().item() == pytest.approx(0.1 / math.sqrt(3), rel=0.05)


def test_dtype_and_device():
    layer = nn.Linear(2, 3, dtype=tg.float64, device="cpu")
    assert layer.weight.dtype == layer.bias.dtype == tg.float64
    assert layer(tg.ones(1, 2, dtype=tg.float64)).dtype == tg.float64


def test_bias_can_be_left_out_or_removed():
    layer = nn.Linear(2, 3, bias=False)
    assert layer.bias is None
    assert list(layer.state_dict()) == ["weight"]
    layer = nn.Linear(2, 3)
    layer.bias = None
    assert list(layer.state_dict()) == ["weight"]
    assert layer(tg.zeros(1, 2)).tolist() == [[0, 0, 0]]


def test_weight_replaced_by_a_graph_tensor():
    layer = nn.Linear(2, 1, bias=False)
    factor = tg.tensor(3.0, requires_grad=True)
    base = layer.weight.detach()
    del layer.weight
    layer.weight = base * factor
    layer(tg.ones(1, 2)).sum().backward()
    assert factor.grad.item() == pytest.approx(base.sum().item(), rel=1e-5)


def test_identity_takes_anything():
    x = tg.ones(1)
    assert nn.Identity(1, 2, key=3)(x) is x


def test_bilinear():
    layer = nn.Bilinear(2, 3, 1)
    with tg.no_grad():
        layer.weight.fill_(1)
        layer.bias.fill_(10)
    assert layer(tg.ones(4, 2), tg.ones(4, 3)).tolist() == [[16]] * 4
    for features in (0, -1):
        with pytest.raises(ValueError, match="in1_features must be > 0"):
            nn.Bilinear(features, 3, 1)
