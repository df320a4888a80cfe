"""cumsum, cumprod, cummax, cummin."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import gradcheck, gradgradcheck


def test_running_sums():
    x = tg.tensor([[1, 2], [3, 4]], dtype=tg.int32)
    assert x.cumsum(0).tolist() == [[1, 2], [4, 6]]
    assert x.cumsum(1).dtype is tg.int64
    assert x.cumprod(-1, dtype=tg.float32).tolist() == [[1, 2], [3, 12]]
    assert tg.tensor(3.0).cumsum(0).item() == 3
    assert x.bool().cumsum(0).tolist() == [[1, 1], [2, 2]]
    out = tg.zeros(2, 2)
    assert tg.cumsum(x.float(), 0, out=out) is out
    with pytest.raises(TypeError, match=r"'dim'.* must be int, not tuple"):
        x.cumsum((0, 1))


def test_long_running_sums_keep_their_digits():
    x = tg.full((1_000_000,), 0.1)
    exact = float(np.float32(0.1)) * 1_000_000
    assert x.cumsum(0)[-1].item() == pytest.approx(exact, rel=1e-6)


def test_running_extrema():
    values, indices = tg.tensor([1.0, 1.0, 2.0, 1.0, 2.0, math.nan, 3.0, math.nan]).cummax(0)
    assert indices.tolist() == [0, 1, 2, 2, 4, 5, 5, 7]
    assert values.tolist()[:5] == [1, 1, 2, 2, 2]
    assert values[5:].isnan().all()
    found = tg.tensor([[3, 1], [2, 2], [2, 0]]).cummin(dim=0)
    assert found.values.tolist() == [[3, 1], [2, 1], [2, 0]]
    assert found.indices.tolist() == [[0, 0], [1, 0], [2, 2]]


def test_the_gradient_of_a_running_maximum_counts_every_use():
    x = tg.tensor([3.0, 1.0, 2.0, 5.0], dtype=tg.float64, requires_grad=True)
    x.cummax(0).values.sum().backward()
    assert x.grad.tolist() == [3, 0, 0, 1]
    assert gradgradcheck(lambda t: t.cummax(0).values ** 2, x)


ZEROS = [[1.0, 0.0, 3.0, 2.0], [0.0, 0.0, 3.0, 3.0], [2.0, -1.0, 4.0, 5.0], [3.0, 2.0, 4.0, 0.0]]


@pytest.mark.parametrize("dim", [0, 1])
def test_running_products_with_zeros(dim):
    x = tg.tensor(ZEROS, dtype=tg.float64, requires_grad=True)
    assert gradcheck(lambda t: t.cumprod(dim), x)
    assert gradgradcheck(lambda t: t.cumprod(dim), x)
    seed = tg.arange(16, dtype=tg.float64).reshape(4, 4)
    (plain,) = tg.autograd.grad(x.cumprod(dim), x, seed)
    (graph,) = tg.autograd.grad(x.cumprod(dim), x, seed, create_graph=True)
    np.testing.assert_allclose(plain.numpy(), graph.detach().numpy(), atol=1e-12)


def test_derivatives_of_sums():
    x = tg.tensor(ZEROS, dtype=tg.float64, requires_grad=True)
    assert gradcheck(lambda t: t.transpose(0, 1).cumsum(0), x)
    assert gradgradcheck(lambda t: t.cumsum(1) ** 2, x)
