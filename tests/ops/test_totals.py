"""sum, mean, prod and the questions all, any and count_nonzero."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import gradcheck, gradgradcheck


def test_sums_of_integers_and_bools_are_int64():
    for dtype in (tg.bool, tg.uint8, tg.int8, tg.int32, tg.int64):
        x = tg.ones(2, 3, dtype=dtype)
        assert x.sum().dtype is tg.int64
        assert x.prod().dtype is tg.int64
        assert x.sum(0).tolist() == [2, 2, 2]
    assert tg.full((300,), 200, dtype=tg.uint8).sum().item() == 60000


def test_numpy_spelling_and_positions():
    x = tg.arange(6.0).reshape(2, 3)
    assert x.sum(axis=0, keepdims=True).tolist() == [[3, 5, 7]]
    assert tg.mean(x, 1, True).tolist() == [[1], [4]]
    assert x.sum((0, -1)).item() == 15
    assert x.sum(()).item() == x.sum([]).item() == 15
    assert x.sum(tg.tensor(0)).tolist() == [3, 5, 7]
    assert x.sum(np.int64(1)).tolist() == [3, 12]
    with pytest.raises(TypeError, match="both 'dim' and 'axis'"):
        x.sum(dim=0, axis=0)
    with pytest.raises(TypeError, match=r"'keepdim'.* must be bool"):
        x.sum(0, 1)


def test_out():
    x = tg.arange(6.0).reshape(2, 3)
    out = tg.zeros(3)
    assert tg.sum(x, 0, out=out) is out
    assert out.tolist() == [3, 5, 7]
    whole = tg.zeros(3, dtype=tg.int32)
    assert tg.sum(x, 0, out=whole).tolist() == [3, 5, 7]
    assert whole.dtype is tg.int32
    assert tg.all(x > -1, 1, out=tg.zeros(2, dtype=tg.bool)).tolist() == [True, True]
    with pytest.raises(RuntimeError, match="dtype float64, but got float32"):
        tg.sum(x, 0, dtype=tg.float64, out=out)
    with pytest.raises(RuntimeError, match="automatic differentiation"):
        tg.sum(x.requires_grad_(), 0, out=out)


def test_the_gradient_of_a_sum_is_not_shared_with_the_seed():
    x = tg.zeros(3, requires_grad=True)
    seed = tg.ones(3)
    x.sum(0).backward(seed.sum(0))
    x.grad.mul_(2)
    assert seed.tolist() == [1, 1, 1]
    y = tg.zeros(200, 200, requires_grad=True)
    y.sum().backward()
    y.grad[0, 0] = 5
    assert y.grad[0, 1].item() == 1


def test_means():
    assert math.isnan(tg.zeros(0).mean().item())
    assert tg.zeros(0, 3).mean(0).isnan().all()
    assert tg.full((70000,), 2.0, dtype=tg.float16).mean().item() == 2
    with pytest.raises(RuntimeError, match=r"Input dtype must be either a floating point .* Got: Long"):
        tg.arange(3).mean()
    with pytest.raises(RuntimeError, match=r"Optional dtype .* Got: Int"):
        tg.ones(3).mean(dtype=tg.int32)
    assert tg.arange(4).mean(dtype=tg.float64).item() == 1.5


def test_nan_is_left_out():
    x = tg.tensor([[1.0, math.nan], [math.nan, 3.0]], requires_grad=True)
    assert x.nansum().item() == 4
    assert x.nanmean(0).tolist() == [1, 3]
    x.nansum().backward()
    assert x.grad.tolist() == [[1, 0], [0, 1]]
    assert tg.tensor([1, 2]).nansum().item() == 3


@pytest.mark.parametrize(
    "values", [[2.0, 3.0, 4.0], [2.0, 0.0, 4.0], [0.0, 3.0, 0.0, 2.0], [0.0, 0.0, 0.0], [0.0], [5.0]]
)
def test_products_with_zeros(values):
    x = tg.tensor(values, dtype=tg.float64, requires_grad=True)
    others = [math.prod(values[:i] + values[i + 1 :]) for i in range(len(values))]
    (plain,) = tg.autograd.grad(x.prod(), x)
    assert plain.tolist() == others
    (graph,) = tg.autograd.grad(x.prod(), x, create_graph=True)
    assert graph.tolist() == others
    assert gradgradcheck(lambda t: t.prod(), x)
    wide = tg.stack([x.detach(), x.detach() + 1]).requires_grad_()
    assert gradcheck(lambda t: t.prod(1), wide)
    assert gradgradcheck(lambda t: t.prod(0, keepdim=True), wide)


def test_third_derivative_of_a_product():
    x = tg.tensor([0.0, 2.0, 0.0], dtype=tg.float64, requires_grad=True)
    (first,) = tg.autograd.grad(x.prod(), x, create_graph=True)
    (second,) = tg.autograd.grad(first[0], x, create_graph=True)
    (third,) = tg.autograd.grad(second[1], x)
    assert second.tolist() == [0, 0, 2]
    assert third.tolist() == [0, 0, 1]


def test_truth():
    x = tg.tensor([[0.0, 1.0], [math.nan, 2.0]])
    assert x.all().item() is False
    assert x.any(1).tolist() == [True, True]
    assert x.all(dim=(0, 1), keepdim=True).tolist() == [[False]]
    assert x.all(()).tolist() == [[False, True], [True, True]]
    assert x.to(tg.uint8).any().dtype is tg.uint8
    assert tg.zeros(0).all().item() is True
    assert tg.zeros(0).any().item() is False
    assert x.count_nonzero().item() == 3
    assert x.count_nonzero(0).tolist() == [1, 2]
    assert x.count_nonzero(0).dtype is tg.int64


def test_only_tensors():
    for function in (tg.sum, tg.mean, tg.prod, tg.all, tg.count_nonzero):
        with pytest.raises(TypeError, match=r"argument 'input' .* must be Tensor, not list"):
            function([1.0])
