"""Lazy modules: what can be done before the first input, and what that input does."""

from __future__ import annotations

import copy
import pickle

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn.lazy import LazyModuleMixin, is_lazy


def network():
    return nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyBatchNorm1d(), nn.LazyLinear(2, bias=False))


def test_the_first_input_gives_the_sizes():
    net = network()
    assert repr(net[0]) == "LazyLinear(in_features=0, out_features=8, bias=True)"
    assert net[0].has_uninitialized_params()
    net(tg.randn(5, 3))
    assert [type(each) for each in net] == [nn.Linear, nn.ReLU, nn.BatchNorm1d, nn.Linear]
    assert [tuple(p.shape) for p in net.parameters()] == [(8, 3), (8,), (8,), (8,), (2, 8)]
    assert net[2].running_mean.shape == (8,)
    assert int(net[2].num_batches_tracked) == 1
    assert not net[0]._forward_pre_hooks
    assert not net[0]._load_state_dict_pre_hooks
    net(tg.randn(5, 3)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_values_are_the_oracles(oracle):
    torch = oracle.torch
    torch.manual_seed(3)
    x = torch.randn(4, 5)
    theirs = torch.nn.Sequential(torch.nn.LazyLinear(3), torch.nn.LazyLinear(2))
    expected = theirs(x)
    tg.manual_seed(3)
    tg.randn(4, 5)
    mine = nn.Sequential(nn.LazyLinear(3), nn.LazyLinear(2))
    oracle.check(mine(oracle.ours(x)), expected, rtol=1e-5, atol=1e-7)


def test_loading_materializes():
    source = network()
    source(tg.randn(5, 3))
    net = network()
    net.load_state_dict(source.state_dict())
    assert not net[0].has_uninitialized_params()
    x = tg.randn(4, 3)
    assert (net.eval()(x) == source.eval()(x)).all()
    assert type(net[0]) is nn.Linear
    with pytest.raises(RuntimeError, match="in_features"):
        lazy = nn.LazyLinear(8)
        lazy.load_state_dict(source[0].state_dict())
        lazy(tg.ones(2, 7))


def test_a_lazy_state_loads_into_a_lazy_module_only():
    state = nn.LazyLinear(2).state_dict()
    assert all(is_lazy(value) for value in state.values())
    nn.LazyLinear(2).load_state_dict(state)
    with pytest.raises(RuntimeError, match="shape of an uninitialized parameter"):
        nn.Linear(3, 2).load_state_dict(state)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_lazy_on_their_own(duplicate):
    net = network()
    twin = duplicate(net)
    twin(tg.randn(4, 3))
    assert type(twin[0]) is nn.Linear
    assert isinstance(net[0], nn.LazyLinear)
    net(tg.randn(4, 6))
    assert net[0].in_features == 6


def test_conversion_before_the_first_input():
    net = network().double()
    assert net[0].weight.dtype is tg.float64
    assert net(tg.randn(4, 3, dtype=tg.float64)).dtype is tg.float64
    frozen = nn.LazyLinear(2).requires_grad_(False)
    frozen(tg.ones(1, 2))
    assert not frozen.weight.requires_grad


USES = [
    lambda p: p + 1, lambda p: p.sum(), lambda p: tg.relu(p), lambda p: p.view(-1), lambda p: p[0],
    lambda p: tg.cat([p, p]), lambda p: p.numel(), lambda p: p.detach(),
]  # fmt: skip


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", [nn.UninitializedParameter, nn.UninitializedBuffer])
def test_other_uses_are_refused(kind, use):
    with pytest.raises(ValueError, match="uninitialized parameter"):
        use(kind())


def test_what_is_known():
    parameter = nn.UninitializedParameter(dtype=tg.float64)
    assert repr(parameter) == "<UninitializedParameter>"
    assert (parameter.dtype, parameter.requires_grad, parameter.is_leaf, parameter.grad) == (
        tg.float64,
        True,
        True,
        None,
    )
    with pytest.raises(RuntimeError, match="shape"):
        _ = parameter.shape
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = parameter.nonsense
    parameter.materialize((2, 3))
    assert type(parameter) is nn.Parameter
    assert (parameter.shape, parameter.dtype, parameter.requires_grad) == ((2, 3), tg.float64, True)
    buffer = nn.UninitializedBuffer()
    buffer.materialize((4,), dtype=tg.int64)
    assert type(buffer) is tg.Tensor
    assert (buffer.dtype, buffer.requires_grad) == (tg.int64, False)


def test_a_lazy_module_of_ones_own():
    class LazyScale(LazyModuleMixin, nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.UninitializedParameter()

        def initialize_parameters(self, input, by=1.0):
            if self.has_uninitialized_params():
                self.scale.materialize(input.shape)
                nn.init.constant_(self.scale, by)

        def forward(self, input, by=1.0):
            return input * self.scale

    layer = LazyScale()
    assert layer(tg.ones(2), by=3.0).tolist() == [3, 3]
    assert type(layer) is LazyScale

    class Forgetful(LazyScale):
        def initialize_parameters(self, input):
            pass

    with pytest.raises(RuntimeError, match="not been fully initialized"):
        Forgetful()(tg.ones(2))
