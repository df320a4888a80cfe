"""norm: orders, subgradients, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import gradcheck, gradgradcheck


def test_orders():
    x = tg.tensor([[3.0, -4.0], [0.0, 0.0]])
    assert x.norm().item() == x.norm("fro").item() == x.norm(None).item() == 5
    assert x.norm(1).item() == 7
    assert x.norm(0).item() == 2
    assert x.norm(math.inf).item() == 4
    assert x.norm(-math.inf, dim=1).tolist() == [3, 0]
    assert x.norm(3, dim=1, keepdim=True)[0, 0].item() == pytest.approx(91 ** (1 / 3))
    assert x.norm(dtype=tg.float64).dtype is tg.float64


def test_many_elements_keep_their_digits():
    x = tg.full((1 << 20,), 0.1)
    assert x.norm().item() == pytest.approx(float(np.float32(0.1)) * 1024, rel=1e-6)
    half = tg.full((4096,), 100.0, dtype=tg.float16)
    assert half.norm().item() == 6400


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, math.inf, -math.inf, 0, 0.5])
def test_the_gradient_at_zero_is_zero(p):
    x = tg.zeros(3, dtype=tg.float64, requires_grad=True)
    assert tg.autograd.grad(x.norm(p), x)[0].tolist() == [0, 0, 0]


def test_second_derivative_beside_a_zero_row():
    x = tg.tensor([[0.0, 0.0], [3.0, 4.0]], dtype=tg.float64, requires_grad=True)
    (graph,) = tg.autograd.grad(x.norm(dim=1).sum(), x, create_graph=True)
    (second,) = tg.autograd.grad(graph.sum(), x)
    assert second[0].tolist() == [0, 0]
    np.testing.assert_allclose(second[1].numpy(), [(16 - 12) / 125, (9 - 12) / 125])


@pytest.mark.parametrize("p", [0.5, 1, 2, 2.5, 3, -1, math.inf])
def test_derivatives(p):
    x = tg.tensor([[1.0, -2.0, 4.0], [0.5, -1.5, 3.0]], dtype=tg.float64, requires_grad=True)
    for options in ({}, {"dim": 1}, {"dim": 0, "keepdim": True}):
        assert gradcheck(lambda t, options=options: t.norm(p, **options), x)
        assert gradgradcheck(lambda t, options=options: t.norm(p, **options), x)


def test_errors():
    with pytest.raises(RuntimeError, match=r"Expected a floating point .* Got Long"):
        tg.arange(3).norm()
    with pytest.raises(RuntimeError, match="dim must be a 2-tuple"):
        tg.ones(2, 2, 2).norm("nuc")
    with pytest.raises(RuntimeError, match="Order abc not supported"):
        tg.ones(2, 2).norm("abc")
    with pytest.raises(RuntimeError, match="dim must be a 2-tuple"):
        tg.ones(2, 2, 2).norm(dim=(0, 1, 2))
    with pytest.raises(RuntimeError, match="on the dimension 0 because this dimension is empty"):
        tg.zeros(0, 3).norm(math.inf, dim=0)
    assert tg.zeros(0, 3).norm(dim=0).tolist() == [0, 0, 0]
    with pytest.raises(TypeError, match="'p' must be a number"):
        tg.ones(2).norm([2])
