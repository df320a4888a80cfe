"""quantile and nanquantile."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import gradcheck, gradgradcheck


@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
def test_values(interpolation):
    x = np.random.default_rng(0).random((5, 8))
    q = np.array([0.0, 0.2, 0.5, 0.77, 1.0])
    for dim in (None, 0, 1):
        got = tg.tensor(x, dtype=tg.float64).quantile(tg.tensor(q, dtype=tg.float64), dim, interpolation=interpolation)
        np.testing.assert_allclose(got.numpy(), np.quantile(x, q, axis=dim, method=interpolation))


def test_nan():
    x = tg.tensor([[1.0, math.nan, 3.0], [1.0, 2.0, 3.0]])
    assert math.isnan(x.quantile(0.5, 1)[0].item())
    assert x.nanquantile(0.5, 1).tolist() == [2, 2]


def test_shapes():
    x = tg.rand(2, 3, 4)
    q = tg.tensor([0.1, 0.5])
    assert x.quantile(0.5).shape == ()
    assert x.quantile(0.5, keepdim=True).shape == (1, 1, 1)
    assert x.quantile(q).shape == (2,)
    assert x.quantile(q, 1).shape == (2, 2, 4)
    assert x.quantile(q, -1, keepdim=True).shape == (2, 2, 3, 1)
    assert tg.tensor(1.5).quantile(q, 0).tolist() == [1.5, 1.5]


def test_derivatives():
    x = tg.tensor([[3.0, 1.0, 2.0], [4.0, 5.0, 0.0]], dtype=tg.float64, requires_grad=True)
    q = tg.tensor([0.3, 0.4, 1.0], dtype=tg.float64)
    for dim in (None, 0, 1):
        assert gradcheck(lambda t, dim=dim: t.quantile(q, dim), x)
        assert gradgradcheck(lambda t, dim=dim: t.quantile(q, dim) ** 2, x)


def test_errors():
    x = tg.ones(3)
    with pytest.raises(RuntimeError, match=r"q must be in the range \[0, 1\] but got 1.5"):
        x.quantile(1.5)
    with pytest.raises(RuntimeError, match=r"q values must be in the range \[0, 1\]"):
        x.quantile(tg.tensor([0.5, 2.0]))
    with pytest.raises(RuntimeError, match="derivative for 'q' is not implemented"):
        x.quantile(tg.tensor(0.5, requires_grad=True))
    with pytest.raises(TypeError, match="must be Tensor or float, not list"):
        x.quantile([0.5])
