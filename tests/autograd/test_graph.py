"""Hooks for saved tensors, gradient edges, and the old name of tensors."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import Function, Variable
from tinygrad5329.autograd.graph import (
    disable_saved_tensors_hooks,
    get_gradient_edge,
    increment_version,
    save_on_cpu,
    saved_tensors_hooks,
)
from tinygrad5329.nn import functional as F


def network(x, w):
    return F.layer_norm(F.gelu(F.linear(x, w)), (5,)).softmax(-1).square().sum()


@pytest.fixture
def leaves():
    tg.manual_seed(1)
    return [tg.randn(4, 3, requires_grad=True), tg.randn(5, 3, requires_grad=True)]


def both_orders(f, leaves):
    first = tg.autograd.grad(f(), leaves, create_graph=True)
    return [*first, *tg.autograd.grad(sum(g.square().sum() for g in first), leaves)]


def test_packed_values_give_the_same_gradients(leaves):
    packed = []

    def pack(t):
        packed.append(t)
        return t.numpy().copy()

    def hooked():
        with saved_tensors_hooks(pack, lambda array: tg.from_numpy(array.copy())):
            return network(*leaves)

    expected = both_orders(lambda: network(*leaves), leaves)
    for a, b in zip(both_orders(hooked, leaves), expected, strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    assert len(packed) > 5
    assert all(isinstance(t, tg.Tensor) and not t.requires_grad for t in packed)


def test_a_value_is_unpacked_once_and_only_when_needed(leaves):
    unpacked = []
    x = leaves[0]
    with saved_tensors_hooks(lambda t: t, lambda t: (unpacked.append(1), t)[1]):
        y = (x.exp() * x).sum()
    assert not unpacked
    y.backward()
    assert len(unpacked) == 3  # exp's result twice, x once


def test_the_unpack_hook_decides(leaves):
    x = leaves[0]
    with saved_tensors_hooks(lambda t: t, lambda t: t * 0 + 3):
        y = x.square().sum()
    y.backward()
    assert (x.grad == 6).all()


def test_the_innermost_hooks_apply_and_end_with_their_block(leaves):
    seen = []
    with saved_tensors_hooks(lambda t: seen.append("outer"), lambda t: t):
        with saved_tensors_hooks(lambda t: seen.append("inner"), lambda t: t):
            leaves[0].exp()
        leaves[0].exp()
    leaves[0].exp()
    assert seen == ["inner", "outer"]


def test_hooks_see_what_a_function_saves(leaves):
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, None)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            (x, nothing) = ctx.saved_tensors
            assert nothing is None
            return g * x

    with saved_tensors_hooks(lambda t: t.clone(), lambda t: t * 10):
        y = Double.apply(leaves[0])
    y.sum().backward()
    np.testing.assert_allclose(leaves[0].grad.numpy(), leaves[0].detach().numpy() * 10)


def test_an_unpack_hook_must_give_a_tensor(leaves):
    with saved_tensors_hooks(lambda t: t, lambda t: 3):
        y = leaves[0].exp().sum()
    with pytest.raises(TypeError, match="expected to be a Tensor"):
        y.backward()


def test_hooks_can_be_forbidden(leaves):
    with disable_saved_tensors_hooks("not here"):
        with pytest.raises(RuntimeError, match="not here"), save_on_cpu():
            pass
        leaves[0].exp().sum().backward()
    with save_on_cpu(pin_memory=True):
        y = leaves[0].exp().sum()
    y.backward()


def test_gradient_edges(leaves):
    y = leaves[0] * 2
    assert get_gradient_edge(y).node is y.grad_fn
    assert get_gradient_edge(leaves[0]).node.variable is leaves[0]
    values = y.max(0).values
    assert get_gradient_edge(values).output_nr == 0
    with pytest.raises(RuntimeError, match="does not require grad"):
        get_gradient_edge(tg.ones(1))


def test_a_write_that_the_engine_could_not_see(leaves):
    y = leaves[0].exp()
    z = y.sum()
    increment_version(y)
    with pytest.raises(RuntimeError, match="increment_version"):
        z.backward()


def test_variable_is_the_tensor(leaves):
    x = Variable(leaves[0], requires_grad=True)
    assert x.is_leaf and x.requires_grad
    assert isinstance(x, Variable)
    assert x.data_ptr() == leaves[0].data_ptr()
    with pytest.raises(TypeError, match="Variable data has to be a tensor"):
        Variable(3)
