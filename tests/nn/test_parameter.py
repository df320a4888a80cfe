"""Parameter and Buffer."""

from __future__ import annotations

import copy

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def test_parameter_is_a_leaf_that_shares_memory():
    data = tg.ones(2)
    parameter = nn.Parameter(data)
    assert isinstance(parameter, tg.Tensor)
    assert parameter.requires_grad
    assert parameter.is_leaf
    data.fill_(3)
    assert parameter.tolist() == [3, 3]
    assert type(parameter * 2) is tg.Tensor
    assert type(parameter.detach()) is tg.Tensor


def test_parameter_of_a_graph_tensor_is_cut_off():
    parameter = nn.Parameter(tg.ones(2, requires_grad=True) * 2)
    assert parameter.is_leaf


def test_parameter_arguments():
    assert not nn.Parameter(tg.ones(1), requires_grad=False).requires_grad
    assert nn.Parameter(tg.tensor([1]), requires_grad=False).dtype == tg.int64
    assert nn.Parameter().shape == (0,)
    with pytest.raises(RuntimeError, match="floating point"):
        nn.Parameter(tg.tensor([1]))
    with pytest.raises(TypeError, match="data must be a Tensor, got list"):
        nn.Parameter([1.0])


def test_parameter_repr():
    assert repr(nn.Parameter(tg.tensor([1.0, 2.0]))) == ("Parameter containing:\ntensor([1., 2.], requires_grad=True)")
    assert repr(nn.Parameter(tg.tensor([1]), requires_grad=False)) == "Parameter containing:\ntensor([1])"


def test_parameter_collects_its_gradient():
    parameter = nn.Parameter(tg.tensor([1.0, 2.0]))
    (parameter * parameter).sum().backward()
    assert parameter.grad.tolist() == [2, 4]


def test_deepcopy():
    parameter = nn.Parameter(tg.ones(2), requires_grad=False)
    buffer = nn.Buffer(tg.ones(2), persistent=False)
    pair = copy.deepcopy([parameter, parameter, buffer])
    assert pair[0] is pair[1]
    assert pair[0] is not parameter
    assert type(pair[0]) is nn.Parameter
    assert not pair[0].requires_grad
    pair[0].fill_(3)
    assert parameter.tolist() == [1, 1]
    assert type(pair[2]) is nn.Buffer
    assert not pair[2].persistent


def test_subclasses_keep_their_class():
    class Mine(nn.Parameter):
        pass

    assert type(Mine(tg.ones(1))) is Mine
    assert type(copy.deepcopy(Mine(tg.ones(1)))) is Mine
    assert repr(Mine(tg.ones(1))).startswith("Parameter containing:")


def test_buffer():
    data = tg.ones(2)
    buffer = nn.Buffer(data)
    assert isinstance(buffer, tg.Tensor)
    assert buffer.persistent
    assert not buffer.requires_grad
    data.fill_(3)
    assert buffer.tolist() == [3, 3]
    assert nn.Buffer().shape == (0,)
    with pytest.raises(TypeError, match="data must be a Tensor, got int"):
        nn.Buffer(3)
