"""Dropout: PyTorch's masks from PyTorch's stream, gradients through them, edge cases, errors."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import ops

EVERY = [
    "dropout",
    "alpha_dropout",
    "feature_alpha_dropout",
    "feature_dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
]
SHAPES = {"dropout1d": (4, 5, 6), "dropout2d": (3, 4, 2, 5), "dropout3d": (2, 3, 2, 2, 2)}


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")


def oracle(torch, name):
    return torch.feature_dropout if name == "feature_dropout" else getattr(torch.nn.functional, name)


def compare(torch, name, x, p):
    ours, theirs = tg.tensor(x, requires_grad=True), torch.tensor(x).requires_grad_()
    tg.manual_seed(5)
    out = getattr(ops, name)(ours, p, True)
    torch.manual_seed(5)
    expected = oracle(torch, name)(theirs, p, True)
    assert out.dtype.name == x.dtype
    tolerance = 2e-3 if x.dtype == np.float16 else 1e-6
    np.testing.assert_allclose(out.detach().numpy(), expected.detach().numpy(), tolerance, tolerance)
    g = np.random.default_rng(1).normal(size=x.shape).astype(x.dtype)
    (a,) = tg.autograd.grad(out, ours, tg.tensor(g))
    (b,) = torch.autograd.grad(expected, theirs, torch.tensor(g))
    np.testing.assert_allclose(a.numpy(), b.numpy(), tolerance, tolerance)
    # Both have drawn as much.
    assert tg.rand(1).item() == torch.rand(1).item()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("name", EVERY)
def test_masks_are_the_oracles(torch, name, p):
    shape = SHAPES.get(name, (6, 7, 3))
    for dtype in ("float32", "float64", "float16"):
        compare(torch, name, np.random.default_rng(0).normal(size=shape).astype(dtype), p)


def test_of_0_d_and_without_batch(torch):
    compare(torch, "dropout", np.array(2.0, np.float32), 0.5)
    compare(torch, "dropout1d", np.ones((5, 3), np.float32), 0.5)
    compare(torch, "dropout3d", np.ones((5, 2, 2, 2), np.float32), 0.5)


def test_masks_follow_the_order_in_memory(torch):
    x = np.ones((5, 7), np.float32)
    tg.manual_seed(5)
    out = ops.dropout(tg.tensor(x).t(), 0.5)
    torch.manual_seed(5)
    np.testing.assert_array_equal(out.numpy(), torch.nn.functional.dropout(torch.tensor(x).t(), 0.5).numpy())


def test_zero_one_and_scale():
    tg.manual_seed(0)
    out = ops.dropout(tg.ones(100, 100), 0.2)
    assert sorted(set(out.numpy().ravel().tolist())) == [0.0, 1.25]
    assert abs(out.mean().item() - 1) < 0.02


def test_channels_are_dropped_whole():
    tg.manual_seed(0)
    out = ops.dropout2d(tg.ones(8, 16, 3, 3), 0.5).numpy()
    assert (out == out[:, :, :1, :1]).all()
    assert set(out.ravel().tolist()) == {0.0, 2.0}


def test_alpha_dropout_keeps_mean_and_variance():
    tg.manual_seed(0)
    out = ops.alpha_dropout(tg.randn(200, 500), 0.3, training=True)
    assert abs(out.mean().item()) < 0.01
    assert abs(out.var().item() - 1) < 0.02


def test_the_gradient_sees_the_mask_of_the_forward_pass():
    x = tg.randn(50, requires_grad=True)
    out = ops.dropout(x, 0.5)
    tg.rand(10)
    for create_graph in (False, True):
        (g,) = tg.autograd.grad(out.sum(), x, create_graph=create_graph, retain_graph=True)
        np.testing.assert_array_equal(g.detach().numpy(), np.where(out.detach().numpy() != 0, 2, 0))


def test_the_input_may_be_changed_afterwards():
    x = tg.ones(20, requires_grad=True) * 1
    out = ops.dropout(x, 0.5)
    expected = np.where(out.detach().numpy() != 0, 2, 0)
    x.zero_()
    (g,) = tg.autograd.grad(out.sum(), out)
    assert g.tolist() == [1] * 20
    y = tg.ones(20, requires_grad=True)
    z = y * 1
    tg.manual_seed(0)
    out = ops.dropout(z, 0.5)
    expected = np.where(out.detach().numpy() != 0, 2, 0)
    z.zero_()
    out.sum().backward()
    np.testing.assert_array_equal(y.grad.numpy(), expected)


@pytest.mark.parametrize("name", EVERY)
def test_nothing_to_do(name):
    x = tg.ones(SHAPES.get(name, (2, 3)))
    state = tg.random.get_rng_state()
    assert getattr(ops, name)(x, 0.5, False) is x
    assert getattr(ops, name)(x, 0.0, True) is x
    empty = x[:0]
    assert getattr(ops, name)(empty, 0.5, True).shape == empty.shape
    np.testing.assert_array_equal(tg.random.get_rng_state(), state)


def test_what_is_not_finite():
    # A multiplication, as in PyTorch: an infinity that is dropped is NaN.
    assert np.isnan(ops.dropout(tg.tensor([np.inf, np.nan]), 1.0).numpy()).all()


@pytest.mark.parametrize("name", EVERY)
def test_errors(name):
    function = getattr(ops, name)
    x = tg.ones(SHAPES.get(name, (2, 3)))
    for p in (1.5, -0.1, float("nan")):
        with pytest.raises(ValueError, match=f"dropout probability has to be between 0 and 1, but got {p}"):
            function(x, p, False)
    with pytest.raises(TypeError, match=f"{name}.*'input' .* must be Tensor, not list"):
        function([1.0], 0.5, True)
    with pytest.raises(RuntimeError, match="Float can't be cast to the desired output type Long"):
        function(x.long(), 0.5, True)


def test_errors_and_warnings_of_shapes():
    with pytest.raises(RuntimeError, match="Expected 2D or 3D input, but received a 4D input"):
        ops.dropout1d(tg.ones(1, 2, 3, 4))
    for function in (ops.feature_dropout, ops.feature_alpha_dropout):
        with pytest.raises(RuntimeError, match=r"at least 2 dimensions in the input, got \(3,\)"):
            function(tg.ones(3), 0.5, True)
    with pytest.warns(UserWarning, match="3D input, which is interpreted as"):
        ops.dropout2d(tg.ones(2, 3, 4))
    with pytest.warns(UserWarning, match="Received a 2-D input"):
        ops.dropout2d(tg.ones(2, 3))
    with pytest.warns(UserWarning, match="Received a 3-D input"):
        ops.dropout3d(tg.ones(2, 3, 4))
