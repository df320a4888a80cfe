"""Modules called with other parameters."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import func, nn


@pytest.fixture
def model():
    tg.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


def test_the_module_stays_as_it_was(model):
    before = {name: t.clone() for name, t in model.state_dict().items()}
    given = {name: t.clone() for name, t in model.state_dict().items()}
    given["0.weight"] = tg.zeros(2, 3)
    out = func.functional_call(model, given, tg.ones(4, 3))
    assert out.shape == (4, 2)
    assert given["1.num_batches_tracked"].item() == 1
    for name, t in model.state_dict().items():
        assert tg.equal(t, before[name])


def test_it_is_restored_after_an_error(model):
    weight = model[0].weight
    with pytest.raises(RuntimeError):
        func.functional_call(model, {"0.weight": tg.zeros(2, 5)}, tg.ones(4, 3))
    assert model[0].weight is weight


def test_gradients_per_sample(model):
    net = nn.Linear(3, 2)
    parameters = {name: p.detach() for name, p in net.named_parameters()}
    x, y = tg.randn(5, 3), tg.tensor([0, 1, 1, 0, 1])

    def loss(p, a, b):
        return nn.functional.cross_entropy(func.functional_call(net, p, a), b)

    each = func.vmap(func.grad(loss), in_dims=(None, 0, 0))(parameters, x, y)
    whole = func.grad(loss)(parameters, x, y)
    assert each["weight"].shape == (5, 2, 3)
    for name in parameters:
        np.testing.assert_allclose(each[name].mean(0).numpy(), whole[name].numpy(), atol=1e-6)
        assert not whole[name].requires_grad


def test_tied_weights():
    net = nn.Module()
    net.a = nn.Linear(2, 2, bias=False)
    net.b = nn.Linear(2, 2, bias=False)
    net.b.weight = net.a.weight
    net.forward = lambda x: net.b(net.a(x))
    eye = tg.eye(2) * 2
    assert func.functional_call(net, {"a.weight": eye}, tg.ones(1, 2)).tolist() == [[4, 4]]
    other = func.functional_call(net, {"a.weight": eye}, tg.ones(1, 2), tie_weights=False)
    assert tg.allclose(other, net.b(tg.ones(1, 2) * 2))


def test_errors(model):
    with pytest.raises(KeyError, match="nothing"):
        func.functional_call(model, {"nothing": tg.ones(1)}, tg.ones(4, 3))
    with pytest.raises(RuntimeError, match="Unexpected key"):
        func.functional_call(model, {"nothing": tg.ones(1)}, tg.ones(4, 3), strict=True)
    with pytest.raises(RuntimeError, match="Missing key"):
        func.functional_call(model, {"0.bias": tg.ones(2)}, tg.ones(4, 3), strict=True)
    with pytest.raises(ValueError, match="multiple dictionaries"):
        func.functional_call(model, ({"0.bias": tg.ones(2)}, {"0.bias": tg.ones(2)}), tg.ones(4, 3))
    with pytest.raises(ValueError, match="to be a dict"):
        func.functional_call(model, 3, tg.ones(4, 3))


def test_stacked_states():
    models = [nn.Linear(3, 2) for _ in range(4)]
    parameters, buffers = func.stack_module_state(models)
    assert parameters["weight"].shape == (4, 2, 3)
    assert parameters["weight"].is_leaf and parameters["weight"].requires_grad
    assert buffers == {}
    x = tg.randn(5, 3)
    out = func.vmap(lambda p: func.functional_call(models[0], p, (x,)))(parameters)
    for i, m in enumerate(models):
        assert tg.allclose(out[i], m(x), atol=1e-6)
    with pytest.raises(RuntimeError, match="same class"):
        func.stack_module_state([nn.Linear(1, 1), nn.ReLU()])
    with pytest.raises(RuntimeError, match="at least one"):
        func.stack_module_state([])


def test_batch_norm_without_running_statistics(model):
    assert func.replace_all_batch_norm_modules_(model) is model
    assert [name for name, _ in model.named_buffers()] == []
    x = tg.randn(6, 3)
    trained = model(x)
    assert tg.allclose(model.eval()(x), trained)
