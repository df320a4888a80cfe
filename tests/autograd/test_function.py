"""Operations with a backward pass written by the user."""

from __future__ import annotations

import gc
import weakref

import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd.function import Function, once_differentiable


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class ScaledProduct(Function):
    @staticmethod
    def forward(x, y, scale):
        return x * y * scale, x.argmax()

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, y, ctx.scale = inputs
        ctx.save_for_backward(x, y)
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx, g, _):
        x, y = ctx.saved_tensors
        dx = g * y * ctx.scale if ctx.needs_input_grad[0] else None
        dy = g * x * ctx.scale if ctx.needs_input_grad[1] else None
        return dx, dy, None


def test_every_order_through_a_saved_output():
    x = tg.tensor(0.5, dtype=tg.float64, requires_grad=True)
    y = Exp.apply(x)
    value = y.item()
    for _ in range(3):
        (y,) = tg.autograd.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(value)
    assert Exp.apply(x).grad_fn.name() == "ExpBackward"


def test_gradcheck_accepts_it():
    x = tg.randn(3, dtype=tg.float64, requires_grad=True)
    y = tg.randn(3, dtype=tg.float64, requires_grad=True)
    assert tg.autograd.gradcheck(lambda a, b: ScaledProduct.apply(a, b, 2.0)[0], (x, y))
    assert tg.autograd.gradgradcheck(lambda a, b: ScaledProduct.apply(a, b, 2.0)[0], (x, y))


def test_needs_input_grad_and_non_differentiable_outputs():
    x, y = tg.ones(3, requires_grad=True), tg.ones(3)
    out, index = ScaledProduct.apply(x, y, 3.0)
    assert not index.requires_grad
    out.sum().backward()
    assert x.grad.tolist() == [3.0] * 3 and y.grad is None


def test_no_reference_cycle():
    gc.disable()
    try:
        x = tg.ones(3, requires_grad=True)
        y = Exp.apply(x)
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_overwriting_a_saved_tensor_is_noticed():
    x = tg.ones(3, requires_grad=True)
    y = Exp.apply(x)
    with tg.no_grad():
        y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation: ExpBackward"):
        y.sum().backward()


def test_second_backward_is_refused():
    x = tg.ones(3, requires_grad=True)
    y = Exp.apply(x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_wrong_number_or_shape_of_gradients():
    class Bad(Function):
        @staticmethod
        def forward(ctx, x, y, how):
            ctx.how = how
            return x + y

        @staticmethod
        def backward(ctx, g):
            return (g,) if ctx.how == "few" else (g, g.reshape(1, 2).expand(3, 2)[:, :1], None)

    x, y = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"expected 3, got 1"):
        Bad.apply(x, y, "few").sum().backward()
    with pytest.raises(RuntimeError, match="invalid gradient at index 1"):
        Bad.apply(x, y, "shape").sum().backward()


def test_once_differentiable_refuses_the_second_order():
    class Twice(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * g * x

    x = tg.tensor(3.0, requires_grad=True)
    (dx,) = tg.autograd.grad(Twice.apply(x), x, create_graph=True)
    assert dx.item() == 6.0
    with pytest.raises(RuntimeError, match="once_differentiable"):
        dx.backward()


def test_mark_dirty_changes_the_input_in_place():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = tg.ones(2, requires_grad=True)
    h = x * 3
    assert Double.apply(h) is h
    h.sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]


def test_unused_outputs_give_zeros_or_none():
    seen = []

    class Split(Function):
        @staticmethod
        def forward(ctx, x, materialize):
            ctx.set_materialize_grads(materialize)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, a, b):
            seen.append(b)
            return a, None

    x = tg.ones(2, requires_grad=True)
    Split.apply(x, True)[0].sum().backward()
    Split.apply(x, False)[0].sum().backward()
    assert seen[0].tolist() == [0.0, 0.0] and seen[1] is None
