"""What ``torch`` has in another form than ``torch.nn.functional``, in place forms, and random activations."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.nn import functional as F

from .tables import LIBRARIES


def data(library, *shape):
    return library.linspace(-2.0, 2.0, math.prod(shape)).reshape(shape)


#: Calls of names in ``torch``, with the arguments in its order; the results are compared with the oracle's.
CALLS = {
    "batch_norm": lambda t, x: t.batch_norm(x, None, t.ones(3), None, None, True, 0.1, 1e-5, False),
    "instance_norm": lambda t, x: t.instance_norm(x[None], None, None, None, None, True, 0.1, 1e-5, False),
    "layer_norm": lambda t, x: t.layer_norm(x, (3,), t.ones(3), t.zeros(3), 1e-5, False),
    "group_norm": lambda t, x: t.group_norm(x, 1, eps=1.0),
    "native_layer_norm": lambda t, x: t.native_layer_norm(x, (3,), None, None, 0.1),
    "native_group_norm": lambda t, x: t.native_group_norm(x.reshape(2, 6, 1), None, None, 2, 6, 1, 3, 0.1),
    "native_batch_norm": lambda t, x: t.native_batch_norm(x, None, None, None, None, True, 0.1, 0.1),
    "native_batch_norm_eval": lambda t, x: t.native_batch_norm(x, None, None, t.zeros(3), t.ones(3), False, 0.1, 0.1),
    "celu_": lambda t, x: t.celu_(x.clone(), 0.5),
    "selu_": lambda t, x: t.selu_(x.clone()),
    "threshold_": lambda t, x: t.threshold_(x.clone(), 0.5, 7.0),
    "relu_": lambda t, x: t.nn.functional.relu_(x.clone()),
    "leaky_relu_": lambda t, x: t.nn.functional.leaky_relu_(x.clone(), 0.3),
    "hardtanh_": lambda t, x: t.nn.functional.hardtanh_(x.clone(), -0.5, 1.0),
    "elu_": lambda t, x: t.nn.functional.elu_(x.clone(), 2.0),
    "functional celu_": lambda t, x: t.nn.functional.celu_(x.clone(), 2.0),
    "functional selu_": lambda t, x: t.nn.functional.selu_(x.clone()),
    "functional threshold_": lambda t, x: t.nn.functional.threshold_(x.clone(), 0.5, 7.0),
    "rrelu in evaluation": lambda t, x: t.rrelu(x),
    "rrelu": lambda t, x: t.rrelu(x, 0.1, 0.9, True),
    "rrelu_": lambda t, x: t.rrelu_(x.clone(), 0.1, 0.9, True),
    "functional rrelu": lambda t, x: t.nn.functional.rrelu(x.clone(), training=True, inplace=True),
    "functional rrelu_": lambda t, x: t.nn.functional.rrelu_(x.clone(), training=True),
    "RReLU": lambda t, x: t.nn.RReLU()(x),
    "Softmax2d": lambda t, x: t.nn.Softmax2d()(x[None]),
    "gumbel_softmax": lambda t, x: t.nn.functional.gumbel_softmax(x, tau=0.5),
    "gumbel_softmax hard": lambda t, x: t.nn.functional.gumbel_softmax(x, hard=True, dim=0),
    "dropout": lambda t, x: t.dropout(x, 0.5, train=True),
    "dropout_": lambda t, x: t.dropout_(x.clone(), 0.5, True),
    "alpha_dropout_": lambda t, x: t.alpha_dropout_(x.clone(), 0.5, True),
    "feature_dropout_": lambda t, x: t.feature_dropout_(x.clone(), 0.5, True),
    "feature_alpha_dropout_": lambda t, x: t.feature_alpha_dropout_(x.clone(), 0.5, train=True),
    "native_dropout": lambda t, x: t.native_dropout(x, 0.5, False),
    "pdist": lambda t, x: t.pdist(x, 3.0),
    "pairwise_distance": lambda t, x: t.pairwise_distance(x, x * 2),
    "cosine_similarity": lambda t, x: t.cosine_similarity(x[:1], x[:, :1], dim=0),
    "gelu out": lambda t, x: t.nn.functional.gelu(x, out=t.empty(4, 3)),
    "softplus out": lambda t, x: t.nn.functional.softplus(x, out=t.empty(4, 3)),
    "hardshrink out": lambda t, x: t.nn.functional.hardshrink(x, out=t.empty(4, 3)),
    "linear out": lambda t, x: t.nn.functional.linear(x, t.ones(2, 3), out=t.empty(4, 2)),
}


@pytest.mark.parametrize("name", CALLS)
def test_against_the_oracle(name):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    results = []
    for library in (torch, tg):
        library.manual_seed(5)
        found = CALLS[name](library, data(library, 4, 3))
        results.append(found if isinstance(found, tuple) else (found,))
    for theirs, mine in zip(*results, strict=True):
        assert tuple(mine.shape) == tuple(theirs.shape)
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("t", LIBRARIES)
def test_in_place_forms_write_and_differentiate(t):
    x = t.tensor([-1.0, 2.0], requires_grad=True)
    y = x * 1
    assert t.celu_(y) is y
    y.sum().backward()
    assert x.grad.tolist() == pytest.approx([math.exp(-1), 1])
    z = (x * 1).detach()
    assert t.dropout_(z, 0.5, False) is z
    assert t.nn.functional.threshold_(z, 0.0, 9.0).tolist() == [9, 2]
    assert z.tolist() == [9, 2]


@pytest.mark.parametrize("t", LIBRARIES)
def test_random_slopes(t):
    t.manual_seed(0)
    x = -t.ones(200, dtype=t.float64)
    x.requires_grad_()
    y = t.rrelu(x, 0.25, 0.5, True)
    y.sum().backward()
    assert y.tolist() == (-x.grad).tolist()
    assert 0.25 <= float(x.grad.min()) < 0.27
    assert 0.48 < float(x.grad.max()) <= 0.5
    with pytest.raises(RuntimeError):
        t.rrelu(x, 0.5, 0.25, True)


def test_native_dropout_keeps_what_its_mask_says():
    tg.manual_seed(0)
    out, mask = tg.native_dropout(tg.ones(100), 0.25, True)
    assert (out == mask.float() / 0.75).all()
    assert 0 < int(mask.sum()) < 100


def test_hard_samples_are_one_hot_with_the_soft_gradient():
    tg.manual_seed(0)
    x = tg.zeros(5, 3, requires_grad=True)
    y = F.gumbel_softmax(x, hard=True)
    assert y.sum(1).tolist() == pytest.approx([1] * 5)
    assert set(np.unique(y.detach().numpy().round(6))) == {0, 1}
    (y * tg.arange(3)).sum().backward()
    assert x.grad.abs().sum() > 0
    with pytest.warns(UserWarning, match="eps"):
        F.gumbel_softmax(x, eps=1e-5)


@pytest.mark.parametrize("t", LIBRARIES)
@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda t: t.pdist(t.ones(3)), RuntimeError),
        (lambda t: t.pdist(t.ones(3, 2), -1.0), RuntimeError),
        (lambda t: t.nn.Softmax2d()(t.ones(3)), ValueError),
        (lambda t: t.nn.functional.prelu(t.ones(2, 3), t.ones(3, 1)), RuntimeError),
    ],
)
def test_errors(t, call, error):
    with pytest.raises(error):
        call(t)
