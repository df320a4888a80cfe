"""The residual connection."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def test_adds_the_input():
    branch = nn.Linear(3, 3)
    block = nn.Residual(branch)
    x = tg.randn(4, 3, requires_grad=True)
    expected = x + branch(x)
    assert (block(x) == expected).all()
    block(x).sum().backward()
    weights = branch.weight.detach().sum(0) + 1
    assert tg.allclose(x.grad, weights.expand(4, 3))
    assert list(block.state_dict()) == ["module.weight", "module.bias"]


def test_passes_further_arguments_on():
    class Scale(nn.Module):
        def forward(self, x, factor, *, shift):
            return x * factor + shift

    assert nn.Residual(Scale())(tg.tensor([1.0]), 3, shift=10).item() == 14


@pytest.mark.parametrize("features", [1, 4])
def test_refuses_a_branch_that_changes_the_shape(features):
    with pytest.raises(ValueError, match=rf"turned shape \(2, 3\) into \(2, {features}\)"):
        nn.Residual(nn.Linear(3, features))(tg.ones(2, 3))


def test_refuses_what_is_not_a_module():
    with pytest.raises(TypeError, match="expected a Module to wrap, got function"):
        nn.Residual(lambda x: x)
