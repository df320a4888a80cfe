"""sort, topk, kthvalue, medians and modes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import gradcheck, gradgradcheck


def test_sorting():
    x = tg.tensor([[3.0, 1.0, 2.0], [4.0, 4.0, 0.0]])
    found = x.sort()
    assert found.values.tolist() == [[1, 2, 3], [0, 4, 4]]
    assert found.indices.tolist() == [[1, 2, 0], [2, 0, 1]]
    assert x.sort(0, True).values.tolist() == [[4, 4, 2], [3, 1, 0]]
    assert x.argsort(dim=1, descending=True).tolist() == [[0, 2, 1], [0, 1, 2]]
    assert x.msort().tolist() == [[3, 1, 0], [4, 4, 2]]
    assert tg.tensor([1.0, math.nan, -1.0]).argsort(descending=True).tolist() == [1, 0, 2]
    out = (tg.zeros(2, 3), tg.zeros(2, 3, dtype=tg.int64))
    assert tg.sort(x, out=out).values is out[0]


@pytest.mark.parametrize("descending", [False, True])
def test_the_order_is_stable(descending):
    x = tg.tensor(np.random.default_rng(0).integers(0, 5, 500))
    indices = x.argsort(descending=descending).numpy()
    same = np.diff(x.numpy()[indices]) == 0
    assert (np.diff(indices)[same] > 0).all()


@pytest.mark.parametrize(("n", "k"), [(10, 3), (1000, 5), (1000, 900), (1000, 0)])
@pytest.mark.parametrize("largest", [True, False])
def test_topk(n, k, largest):
    x = np.random.default_rng(0).permutation(n).reshape(n, 1).repeat(2, 1)
    for dim, array in ((0, x), (1, x.T)):
        values, indices = tg.tensor(array).topk(k, dim, largest)
        expected = np.sort(array, dim)
        expected = np.flip(expected, dim) if largest else expected
        np.testing.assert_array_equal(values.numpy(), expected.take(range(k), dim))
        np.testing.assert_array_equal(np.take_along_axis(array, indices.numpy(), dim), values.numpy())


def test_topk_counts_nan_as_the_largest():
    x = np.arange(1000.0)
    x[7] = math.nan
    assert tg.tensor(x).topk(2).indices.tolist() == [7, 999]
    assert tg.tensor(x).topk(2, largest=False).indices.tolist() == [0, 1]


def test_kth_value():
    x = tg.tensor([[3.0, 1.0, 2.0], [4.0, 5.0, 0.0]])
    assert x.kthvalue(2).values.tolist() == [2, 4]
    assert x.kthvalue(1, 0, keepdim=True).indices.tolist() == [[0, 0, 1]]
    with pytest.raises(RuntimeError, match="number k out of range for dimension 1"):
        x.kthvalue(4)


def test_medians():
    x = tg.tensor([[1.0, 4.0, 2.0, 3.0], [math.nan, 0.0, 5.0, math.nan]])
    assert tg.tensor([4, 1, 3, 2]).median().item() == 2
    assert x[0].median().item() == 2
    assert math.isnan(x.median().item())
    assert x.nanmedian().item() == 2
    values, indices = x.median(1)
    assert values[0].item() == 2
    assert math.isnan(values[1].item())
    assert indices.tolist() == [2, 0]
    assert x.nanmedian(1).values.tolist() == [2, 0]
    assert x.nanmedian(1, True).indices.tolist() == [[2], [1]]
    assert math.isnan(tg.zeros(0).median().item())
    with pytest.raises(RuntimeError, match="without elements has no median"):
        tg.zeros(0, dtype=tg.int64).median()


def test_modes():
    x = tg.tensor([[1, 1, 0, 0, 2], [3, 3, 3, 1, 1]])
    values, indices = x.mode()
    assert values.tolist() == [0, 3]
    assert indices.tolist() == [3, 2]
    assert x.mode(0).values.tolist() == [1, 1, 0, 0, 1]


def test_the_gradient_of_the_median_of_all_is_shared():
    x = tg.tensor([2.0, 1.0, 2.0, 3.0, 2.0], requires_grad=True)
    (shared,) = tg.autograd.grad(x.median(), x)
    assert shared.tolist() == pytest.approx([1 / 3, 0, 1 / 3, 0, 1 / 3])
    (single,) = tg.autograd.grad(x.median(0).values, x)
    assert sorted(single.tolist()) == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    "function",
    [
        lambda t: t.sort(0).values,
        lambda t: t.sort(1, descending=True).values,
        lambda t: t.topk(2, 1).values,
        lambda t: t.kthvalue(2, 0).values,
        lambda t: t.median(1, keepdim=True).values,
        lambda t: t.nanmedian(0).values,
        lambda t: t.mode(1).values,
    ],
)
def test_derivatives(function):
    x = tg.tensor([[3.0, 1.0, 2.0], [4.0, 5.0, 0.0]], dtype=tg.float64, requires_grad=True)
    assert gradcheck(function, x)
    assert gradgradcheck(lambda t: function(t) ** 2, x)
