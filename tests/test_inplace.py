"""Writing in place: what is recorded, what is refused, what views see."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg


def test_views_share_memory_both_ways():
    x = tg.zeros(2, 3)
    row = x[1]
    row += 5
    assert x.tolist() == [[0, 0, 0], [5, 5, 5]]
    x.t()[0].fill_(7)
    assert row.tolist() == [7, 5, 5]


def test_in_place_on_a_computed_tensor_differentiates():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.mul_(y.detach().clone())
    y.sum().backward()
    assert x.grad.tolist() == [9.0, 18.0]


def test_in_place_saves_the_old_value():
    w = tg.tensor([2.0, 3.0], requires_grad=True)
    y = tg.tensor([5.0, 7.0])
    y.mul_(w)
    y.sum().backward()
    assert w.grad.tolist() == [5.0, 7.0]


def test_writing_through_a_view_changes_the_history_of_the_base():
    x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    y[1].mul_(10)
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 20.0, 2.0]


def test_a_view_made_before_the_base_was_written_is_recorded_anew():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    view = y[0]
    y.mul_(3)
    view.backward()
    assert x.grad.tolist() == [3.0, 0.0]
    assert view.grad_fn.name() == "AsStridedBackward0"


def test_views_of_views():
    x = tg.arange(6.0).requires_grad_()
    y = (x * 1).reshape(2, 3)
    y.t()[1:][0].mul_(5)
    (y * tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).sum().backward()
    assert x.grad.tolist() == [1.0, 10.0, 3.0, 4.0, 25.0, 6.0]


def test_setitem_on_a_plain_buffer_makes_it_part_of_the_graph():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    out = tg.zeros(3)
    out[0] = w[0] * 2
    out[1:] = w * 3
    out.sum().backward()
    assert out.requires_grad
    assert w.grad.tolist() == [5.0, 3.0]


def test_setitem_cuts_off_what_was_there():
    x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    y[1] = 0.0
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 2.0]


def test_setitem_with_index_tensors_and_masks():
    x = tg.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    v = tg.tensor([10.0, 20.0], requires_grad=True)
    y = x * 1
    y[tg.tensor([0, 2])] = v
    y[y > 15] = 1.0
    y.sum().backward()
    assert y.tolist() == [10.0, 2.0, 1.0, 4.0]
    assert x.grad.tolist() == [0.0, 1.0, 0.0, 1.0]
    assert v.grad.tolist() == [1.0, 0.0]


def test_second_derivative_through_a_write():
    x = tg.tensor([2.0, 3.0], requires_grad=True)
    y = x * x
    y[0] = x[1] ** 3
    (g,) = tg.autograd.grad(y.sum(), x, create_graph=True)
    assert g.tolist() == [0.0, 33.0]
    (gg,) = tg.autograd.grad(g.sum(), x)
    assert gg.tolist() == [0.0, 20.0]


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda x: x.add_(1), "a leaf Variable that requires grad is being used in an in-place operation"),
        (lambda x: x[0].add_(1), "a view of a leaf Variable that requires grad"),
        (lambda x: x.__setitem__(0, 1.0), "a leaf Variable that requires grad"),
    ],
)
def test_leaves_are_protected(write, message):
    x = tg.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=message):
        write(x)
    with tg.no_grad():
        write(x)


def test_masks_activations_and_fused_products_in_place():
    x = tg.tensor([-1.0, 2.0, 3.0], requires_grad=True)
    y = x * 1
    assert y.masked_fill_(y > 2.5, 9.0) is y and y.tolist() == [-1, 2, 9]
    y.relu_().addcmul_(x, x, value=2)
    assert y.tolist() == [2, 10, 27]
    y.sigmoid_().sum().backward()
    slope = [p * (1 - p) for p in tg.sigmoid(tg.tensor([2.0, 10.0, 27.0])).tolist()]
    expected = [slope[0] * -4, slope[1] * 9, slope[2] * 12]
    assert x.grad.tolist() == pytest.approx(expected)
    with pytest.raises(RuntimeError, match="masked_fill_: output with shape"):
        tg.zeros(1).masked_fill_(tg.tensor([True, False]), 1.0)
    one, two = tg.ones(2), tg.full((2,), 2.0)
    assert tg.addcmul(one, two, two, value=0.5).tolist() == [3, 3]
    assert tg.addcdiv(one, one, two, value=4).tolist() == [3, 3]


def test_refusals():
    with pytest.raises(RuntimeError, match="single memory location"):
        tg.zeros(1).expand(3).add_(1)
    with pytest.raises(RuntimeError, match="can't be cast"):
        tg.tensor([1, 2]).add_(0.5)
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        tg.zeros(1).add_(tg.zeros(3))


def test_in_place_keeps_dtype_and_identity():
    x = tg.zeros(2)
    same = x
    x += 1
    x *= 2.5
    assert same is x
    assert x.tolist() == [2.5, 2.5]
    half = tg.zeros(2, dtype=tg.float16)
    half.add_(tg.ones(2))
    assert half.dtype is tg.float16
