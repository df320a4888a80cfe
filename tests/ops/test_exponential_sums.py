"""logsumexp, softmax, log_softmax, logcumsumexp."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import gradcheck, gradgradcheck


def test_large_elements_do_not_overflow():
    x = tg.tensor([1000.0, 1000.0, -1000.0])
    assert x.softmax(0).tolist() == [0.5, 0.5, 0]
    assert x.log_softmax(0)[2].item() == pytest.approx(-2000 - math.log(2))
    assert x.logsumexp(0).item() == pytest.approx(1000 + math.log(2))
    assert x.logcumsumexp(0)[1].item() == pytest.approx(1000 + math.log(2))


def test_infinities():
    none = tg.full((2,), -math.inf)
    assert none.logsumexp(0).item() == -math.inf
    assert tg.tensor([math.inf, 0.0]).logsumexp(0).item() == math.inf
    assert none.softmax(0).isnan().all()
    assert tg.tensor([-math.inf, 0.0]).softmax(0).tolist() == [0, 1]
    assert tg.zeros(0, 2).logsumexp(0).tolist() == [-math.inf, -math.inf]


def test_dtypes():
    assert tg.arange(3).logsumexp(0).dtype is tg.float32
    assert tg.arange(3).softmax(0, dtype=tg.float64).dtype is tg.float64
    half = tg.zeros(4096, dtype=tg.float16)
    assert half.softmax(0).dtype is tg.float16
    assert half.logsumexp(0).item() == pytest.approx(math.log(4096), rel=1e-3)
    x = tg.zeros(3, dtype=tg.float16, requires_grad=True)
    x.softmax(0, dtype=tg.float32)[0].backward()
    assert x.grad.dtype is tg.float16
    with pytest.raises(NotImplementedError, match="not implemented for 'Long'"):
        tg.arange(3).softmax(0)
    with pytest.raises(TypeError, match="'dim' must be tuple of ints, not NoneType"):
        tg.ones(3).logsumexp(None)


def test_rows_of_a_softmax_add_up_to_one():
    x = tg.tensor(np.random.default_rng(0).normal(0, 20, (200, 1000)), dtype=tg.float32)
    np.testing.assert_allclose(x.softmax(1).sum(1).numpy(), 1, atol=2e-6)
    np.testing.assert_allclose(x.t().softmax(0).sum(0).numpy(), 1, atol=2e-6)
    np.testing.assert_allclose(x.log_softmax(1).exp().numpy(), x.softmax(1).numpy(), atol=2e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logcumsumexp", "logsumexp"])
def test_derivatives(name):
    x = tg.tensor([[1.0, -2.0, 4.0], [0.5, -1.5, 3.0]], dtype=tg.float64, requires_grad=True)
    for dim in (0, -1):
        assert gradcheck(lambda t, dim=dim: getattr(t, name)(dim), x)
        assert gradgradcheck(lambda t, dim=dim: getattr(t, name)(dim), x)
    scalar = tg.tensor(2.0, dtype=tg.float64, requires_grad=True)
    assert gradgradcheck(lambda t: getattr(t, name)(0), scalar)


def test_gradient_of_logcumsumexp_over_a_wide_range():
    x = tg.tensor([-300.0, 0.0, 500.0, 10.0], dtype=tg.float64, requires_grad=True)
    seed = tg.tensor([1.0, -2.0, 3.0, 0.0], dtype=tg.float64)
    (plain,) = tg.autograd.grad(x.logcumsumexp(0), x, seed)
    (graph,) = tg.autograd.grad(x.logcumsumexp(0), x, seed, create_graph=True)
    np.testing.assert_allclose(plain.numpy(), [1, -2, 3, 0], atol=1e-12)
    np.testing.assert_allclose(graph.detach().numpy(), [1, -2, 3, 0], atol=1e-12)
