"""max, min and their kin: values, indices, ties, named results."""

from __future__ import annotations

import math

import pytest

import tinygrad5329 as tg


def test_three_forms_of_max():
    x = tg.tensor([[1.0, 5.0, 2.0], [7.0, 0.0, 3.0]])
    assert x.max().item() == 7
    found = x.max(1)
    assert found.values.tolist() == [5, 7]
    assert found.indices.tolist() == [1, 0]
    assert found.indices.dtype is tg.int64
    assert x.min(dim=0, keepdim=True).values.tolist() == [[1, 0, 2]]
    assert tg.max(x, tg.tensor(4.0)).tolist() == [[4, 5, 4], [7, 4, 4]]
    assert tg.min(x, other=x.flip(1)).tolist() == [[1, 5, 1], [3, 0, 3]]
    assert x.max(axis=1, keepdims=True).indices.tolist() == [[1], [0]]
    with pytest.raises(TypeError, match="keepdim needs a dim"):
        x.max(keepdim=True)


def test_the_result_prints_as_in_pytorch():
    assert repr(tg.tensor([3.0, 5.0]).max(0)) == (
        "tinygrad5329.return_types.max(\nvalues=tensor(5.),\nindices=tensor(1))"
    )


def test_ties():
    def gradient(function):
        x = tg.tensor([[2.0, 2.0], [1.0, 2.0]], requires_grad=True)
        function(x).sum().backward()
        return x.grad.tolist()

    third = pytest.approx(1 / 3)
    assert gradient(lambda x: x.max()) == [[third, third], [0, third]]
    assert gradient(lambda x: x.amax((0, 1))) == [[third, third], [0, third]]
    assert gradient(lambda x: x.amax(1)) == [[0.5, 0.5], [0, 1]]
    assert gradient(lambda x: x.max(1).values) == [[1, 0], [0, 1]]
    assert gradient(lambda x: x.min(0).values) == [[0, 1], [1, 0]]
    assert gradient(lambda x: -x.amin(0)) == [[0, -0.5], [-1, -0.5]]


def test_nan_wins():
    x = tg.tensor([1.0, math.nan, 3.0], requires_grad=True)
    for function in (tg.max, tg.min):
        whole = function(x)
        assert math.isnan(whole.item())
        assert tg.autograd.grad(whole, x)[0].tolist() == [0, 1, 0]
        values, indices = function(x, 0)
        assert math.isnan(values.item())
        assert indices.item() == 1
        assert tg.autograd.grad(values, x)[0].tolist() == [0, 1, 0]
    assert x.argmax().item() == x.argmin().item() == 1


def test_writing_to_the_indices_is_noticed():
    x = tg.tensor([[1.0, 5.0], [7.0, 0.0]], requires_grad=True)
    values, indices = x.max(1)
    indices.zero_()
    with pytest.raises(RuntimeError, match=r"max .*saved a tensor that .* wrote to"):
        values.sum().backward()


def test_indices_of_extrema():
    x = tg.tensor([[1, 5, 2], [7, 0, 7]])
    assert x.argmax().item() == 3
    assert x.argmin(1).tolist() == [0, 1]
    assert x.argmax(0, keepdim=True).tolist() == [[1, 0, 1]]
    assert x.argmax(keepdim=True).shape == (1, 1)
    assert not x.float().requires_grad_().argmax().requires_grad


def test_both_at_once():
    low, high = tg.tensor([[4, 1], [3, 9]]).aminmax(dim=0)
    assert (low.tolist(), high.tolist()) == ([3, 1], [4, 9])


def test_out_takes_a_pair():
    x = tg.tensor([[1.0, 5.0], [7.0, 0.0]])
    out = (tg.zeros(2), tg.zeros(2, dtype=tg.int64))
    found = tg.max(x, 1, out=out)
    assert found.values is out[0]
    assert out[1].tolist() == [1, 0]
    with pytest.raises(TypeError, match="tuple of 2 Tensors"):
        tg.max(x, 1, out=tg.zeros(2))


def test_complex_numbers_have_no_order():
    with pytest.raises(NotImplementedError, match="ComplexFloat"):
        tg.tensor([1j]).max()


def test_nothing_has_no_maximum():
    empty = tg.zeros(0, 3)
    with pytest.raises(RuntimeError, match=r"max\(\): Expected reduction dim to be specified"):
        empty.max()
    with pytest.raises(IndexError, match="Expected reduction dim 0 to have non-zero size"):
        empty.max(0)
    assert empty.max(1).indices.shape == (0,)
    with pytest.raises(RuntimeError, match="cannot compute aminmax over an empty dimension"):
        empty.aminmax()
