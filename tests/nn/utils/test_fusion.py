"""Folding batch normalisation into a layer, and making layers without drawing values."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval, fuse_linear_bn_weights, skip_init
from tinygrad5329.nn.utils.stateless import functional_call

CASES = [
    (lambda: nn.Linear(3, 4), lambda: nn.BatchNorm1d(4), (5, 3), lambda a, b: fuse_linear_bn_eval(a, b)),
    (lambda: nn.Linear(3, 4, bias=False), lambda: nn.BatchNorm1d(4), (5, 3), lambda a, b: fuse_linear_bn_eval(a, b)),
    (lambda: nn.Conv2d(2, 3, 2), lambda: nn.BatchNorm2d(3), (4, 2, 5, 5), lambda a, b: fuse_conv_bn_eval(a, b)),
    (lambda: nn.Conv1d(2, 3, 2, bias=False), lambda: nn.BatchNorm1d(3, affine=False), (4, 2, 5),
     lambda a, b: fuse_conv_bn_eval(a, b)),
    (lambda: nn.ConvTranspose2d(2, 3, 2), lambda: nn.BatchNorm2d(3), (4, 2, 5, 5),
     lambda a, b: fuse_conv_bn_eval(a, b, transpose=True)),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "norm", "shape", "fuse"), CASES)
def test_one_layer_does_both(layer, norm, shape, fuse):
    tg.manual_seed(0)
    first, second = layer(), norm()
    for parameter in second.parameters():
        nn.init.uniform_(parameter, 0.5, 1.5)
    second(first(tg.randn(*shape)))
    with pytest.raises(AssertionError, match="eval"):
        fuse(first, second)
    first.eval()
    second.eval()
    x = tg.randn(*shape)
    fused = fuse(first, second)
    assert type(fused) is type(first)
    np.testing.assert_allclose(fused(x).detach().numpy(), second(first(x)).detach().numpy(), atol=1e-5)


def test_features_have_to_fit():
    with pytest.raises(AssertionError, match="num_features"):
        fuse_linear_bn_eval(nn.Linear(3, 4).eval(), nn.BatchNorm1d(5).eval())
    with pytest.raises(AssertionError, match="running_mean"):
        fuse_linear_bn_eval(nn.Linear(3, 4).eval(), nn.BatchNorm1d(4, track_running_stats=False).eval())
    weight, bias = fuse_linear_bn_weights(tg.eye(2), None, tg.ones(2), tg.ones(2), 0.0, 2 * tg.ones(2), tg.zeros(2))
    assert weight.tolist() == [[2, 0], [0, 2]]
    assert bias.tolist() == [-2, -2]


def test_skipping_initialisation_draws_nothing():
    tg.manual_seed(0)
    expected = tg.rand(3).tolist()
    tg.manual_seed(0)
    layer = skip_init(nn.Linear, 4, 5, bias=False)
    assert (layer.weight.shape, layer.bias) == ((5, 4), None)
    assert tg.rand(3).tolist() == expected
    with pytest.raises(RuntimeError, match="device"):
        skip_init(nn.ReLU)
    with pytest.raises(RuntimeError, match="Expected a Module"):
        skip_init(int)


def test_the_older_functional_call():
    layer = nn.Linear(2, 1)
    with pytest.warns(FutureWarning, match="functional_call"):
        out = functional_call(layer, {"weight": tg.ones(1, 2), "bias": tg.zeros(1)}, tg.tensor([3.0, 4.0]))
    assert out.tolist() == [7]
