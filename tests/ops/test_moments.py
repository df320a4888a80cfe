"""var, std and the pairs with the mean."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import gradcheck, gradgradcheck


def test_values():
    x = tg.tensor([[1.0, 2.0, 4.0], [0.0, 0.0, 3.0]])
    for correction in (0, 1, 1.5):
        np.testing.assert_allclose(
            x.var(1, correction=correction).numpy(), x.numpy().var(1, ddof=correction), rtol=1e-6
        )
    assert x.var(False).item() == x.var(unbiased=False).item() == x.var(correction=0).item()
    deviation, mean = tg.std_mean(x, 0, keepdim=True)
    np.testing.assert_allclose(deviation.numpy(), x.numpy().std(0, ddof=1, keepdims=True), rtol=1e-6)
    assert mean.shape == (1, 3)


def test_a_large_mean_costs_no_digits():
    x = tg.tensor(np.linspace(0, 1, 1001) + 4096, dtype=tg.float32)
    exact = x.numpy().astype(np.float64).var(ddof=1)
    assert x.var().item() == pytest.approx(exact, rel=1e-5)


def test_one_element():
    x = tg.tensor([3.0], requires_grad=True)
    for function in (tg.var, tg.std):
        with pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
            y = function(x)
        assert math.isnan(y.item())
        assert math.isnan(tg.autograd.grad(y, x)[0].item())
    assert x.std(correction=0).item() == 0


def test_a_constant_has_no_gradient():
    x = tg.full((4,), 2.0, dtype=tg.float64, requires_grad=True)
    assert tg.autograd.grad(x.std(), x)[0].tolist() == [0, 0, 0, 0]
    (graph,) = tg.autograd.grad(x.std(), x, create_graph=True)
    assert tg.autograd.grad(graph.sum(), x)[0].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("function", [tg.var, tg.std])
def test_derivatives(function):
    x = tg.tensor([[1.0, 2.0, 4.0], [0.0, -1.0, 3.0]], dtype=tg.float64, requires_grad=True)
    for options in ({}, {"dim": 1}, {"dim": (0, 1), "correction": 0}, {"dim": 0, "keepdim": True}):
        assert gradcheck(lambda t, options=options: function(t, **options), x)
        assert gradgradcheck(lambda t, options=options: function(t, **options), x)


def test_errors():
    with pytest.raises(RuntimeError, match="std and var only support floating point"):
        tg.arange(3).var()
    with pytest.raises(RuntimeError, match="std_mean only support"):
        tg.std_mean(tg.arange(3))
    with pytest.raises(TypeError, match="not both"):
        tg.ones(3).var(0, True, correction=1)
