"""Dropout."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F


def test_drops_and_rescales():
    tg.manual_seed(0)
    x = tg.ones(100, 100, requires_grad=True)
    y = nn.Dropout(0.2)(x)
    assert set(y.detach().flatten().tolist()) == {0.0, 1.25}
    assert 0.17 < (y == 0).float().mean().item() < 0.23
    y.sum().backward()
    assert (x.grad == y).all()


def test_evaluation_mode_passes_the_input():
    x = tg.ones(10)
    layer = nn.Dropout(0.5).eval()
    assert (layer(x) == x).all()
    assert (F.dropout(x, 0.5, training=False) == x).all()


def test_the_ends():
    x = tg.ones(10)
    assert not F.dropout(x, 1.0).any()
    assert (F.dropout(x, 0.0) == 1).all()


def test_the_seed_decides():
    def draw():
        tg.manual_seed(3)
        return F.dropout(tg.ones(50)).tolist()

    assert draw() == draw()


def test_inplace():
    x = tg.ones(50)
    assert F.dropout(x, 0.5, inplace=True) is x
    assert set(x.tolist()) == {0.0, 2.0}
    y = tg.ones(5)
    assert F.dropout(y, 0.5, training=False, inplace=True) is y
    assert y.tolist() == [1] * 5


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_bad_probability(p):
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1"):
        nn.Dropout(p)
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1"):
        F.dropout(tg.ones(1), p)


def test_inplace_in_a_graph():
    x = tg.ones(50, requires_grad=True)
    y = x * 1
    F.dropout(y, 0.5, inplace=True)
    y.sum().backward()
    assert (x.grad == y).all()


LAYERS = {
    nn.Dropout1d: (4, 30, 5),
    nn.Dropout2d: (4, 30, 5, 2),
    nn.Dropout3d: (4, 30, 5, 2, 2),
    nn.AlphaDropout: (4, 30),
    nn.FeatureAlphaDropout: (4, 30, 5),
}


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("layer", LAYERS)
def test_layers_of_the_oracle(layer, inplace, oracle):
    torch = oracle.torch
    x = torch.randn(LAYERS[layer])
    mine = oracle.ours(x)
    torch.manual_seed(11)
    tg.manual_seed(11)
    expected = getattr(torch.nn, layer.__name__)(0.4, inplace)(x)
    got = layer(0.4, inplace)(mine)
    assert (got is mine) == inplace
    oracle.check(got, expected, rtol=1e-5, atol=1e-6)


def test_masks_of_the_oracle(oracle):
    torch = oracle.torch
    for shape, p in [((7,), 0.5), ((32, 256), 0.2), ((3, 5, 7), 0.9)]:
        torch.manual_seed(11)
        tg.manual_seed(11)
        expected = torch.nn.functional.dropout(torch.ones(shape), p)
        oracle.check(F.dropout(tg.ones(shape), p), expected, rtol=1e-6)
