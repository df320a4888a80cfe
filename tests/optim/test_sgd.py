"""SGD against PyTorch, against its formula, and what it refuses."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import tinygrad5329 as tg
from tinygrad5329.optim import SGD
from tinygrad5329.optim.sgd import sgd

OPTIONS = [
    {
        "momentum": momentum,
        "dampening": dampening,
        "nesterov": nesterov,
        "weight_decay": decay,
        "maximize": maximize,
    }
    for momentum, dampening, nesterov, decay, maximize in product(
        (0, 0.9), (0, 0.3), (False, True), (0, 0.05), (False, True)
    )
    if not (nesterov and (momentum == 0 or dampening != 0)) and not (dampening and not momentum)
]
IMPLEMENTATIONS = [{}, {"foreach": True}, {"fused": True}, {"foreach": False}, {"fused": False}]


def shown(options):
    return " ".join(f"{key}={value}" for key, value in options.items() if value) or "plain"


@pytest.mark.parametrize("options", OPTIONS, ids=shown)
def test_fifty_steps_are_pytorchs(oracle, problem, options):
    theirs, ours = problem(oracle), problem(tg)
    expected = theirs.run(oracle.optim.SGD(theirs.params, lr=0.05, **options))
    for value, wanted in zip(ours.run(SGD(ours.params, lr=0.05, **options)), expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("options", OPTIONS, ids=shown)
def test_fifty_steps_are_the_recorded_ones(problem, recorded, options):
    values = (ours := problem(tg)).run(SGD(ours.params, lr=0.05, **options))
    np.testing.assert_allclose(np.concatenate([v.ravel() for v in values]), recorded["SGD"][shown(options)], rtol=1e-11)


@pytest.mark.parametrize("options", OPTIONS, ids=shown)
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS[1:], ids=str)
def test_kernel_and_formulas_agree(problem, options, implementation):
    one, other = problem(tg), problem(tg)
    expected = one.run(SGD(one.params, lr=0.05, **options), 12)
    got = other.run(SGD(other.params, lr=0.05, **options, **implementation), 12)
    for value, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS, ids=str)
def test_tensors_as_learning_rate_and_decay(problem, implementation):
    one, other = problem(tg), problem(tg)
    expected = one.run(SGD(one.params, lr=0.05, weight_decay=0.1), 5)
    lr, decay = tg.tensor(0.05, dtype=tg.float64), tg.tensor([0.1], dtype=tg.float64)
    got = other.run(SGD(other.params, lr=lr, weight_decay=decay, **implementation), 5)
    for value, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-13, atol=1e-14)


numbers = st.floats(-10, 10, width=32)


@settings(max_examples=50, deadline=None)
@given(st.data(), array_shapes(min_dims=0, max_dims=3), st.floats(0, 2), st.floats(0, 1), st.booleans())
def test_without_momentum_it_is_one_line(data, shape, lr, decay, maximize):
    p, g = (data.draw(arrays(np.float64, shape, elements=numbers)) for _ in range(2))
    t = tg.tensor(p).requires_grad_()
    t.grad = tg.tensor(g)
    SGD([t], lr=lr, weight_decay=decay, maximize=maximize).step()
    np.testing.assert_allclose(
        t.detach().numpy(), p - lr * ((-g if maximize else g) + decay * p), rtol=1e-12, atol=1e-12
    )
    np.testing.assert_array_equal(t.grad.numpy(), g)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 0.99), st.floats(0, 0.99), st.integers(1, 20))
def test_the_buffer_is_the_damped_sum_of_gradients(momentum, dampening, steps):
    p = tg.zeros(1, dtype=tg.float64)
    optimizer = SGD([p], lr=1.0, momentum=momentum, dampening=dampening)
    for step in range(steps):
        p.grad = tg.tensor([float(step + 1)], dtype=tg.float64)
        optimizer.step()
    weights = momentum ** np.arange(steps)[::-1] * np.where(np.arange(steps) == 0, 1.0, 1 - dampening)
    expected = (weights * np.arange(1, steps + 1)).sum()
    np.testing.assert_allclose(optimizer.state[p]["momentum_buffer"].item(), expected, rtol=1e-12)


def test_state_is_momentum_alone(param):
    optimizer = SGD([param], lr=0.1)
    optimizer.step()
    assert optimizer.state_dict()["state"] == {}
    optimizer = SGD([param], lr=0.1, momentum=0.9)
    optimizer.step()
    assert list(optimizer.state[param]) == ["momentum_buffer"]
    assert optimizer.state[param]["momentum_buffer"].tolist() == param.grad.tolist()
    assert not optimizer.state[param]["momentum_buffer"].requires_grad


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS, ids=str)
def test_the_gradient_is_not_its_own_buffer(param, implementation):
    optimizer = SGD([param], lr=0.1, momentum=0.9, **implementation)
    grad = param.grad
    optimizer.step()
    optimizer.step()
    assert grad.tolist() == [0.5, 0.25]
    optimizer = SGD([param], lr=0.1, momentum=0.9, **implementation)
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)
    assert optimizer.state[param]["momentum_buffer"].tolist() == [0.5, 0.25]


def test_gradients_flow_through_a_differentiable_step():
    """d/dlr of a loss after two steps with momentum, against differences."""

    def loss_after(lr):
        w = tg.tensor([1.0, -2.0], dtype=tg.float64, requires_grad=True)
        p = w * 1.0
        optimizer = SGD([p], lr=lr, momentum=0.9, weight_decay=0.1, differentiable=True)
        for gradient in ([0.3, 0.7], [-0.4, 0.2]):
            p.grad = tg.tensor(gradient, dtype=tg.float64)
            optimizer.step()
        return (p * p).sum()

    lr = tg.tensor(0.1, dtype=tg.float64, requires_grad=True)
    (slope,) = tg.autograd.grad(loss_after(lr), lr)
    h = 1e-6
    with tg.no_grad():
        above, below = (loss_after(tg.tensor(0.1 + d, dtype=tg.float64)).item() for d in (h, -h))
    np.testing.assert_allclose(slope.item(), (above - below) / (2 * h), rtol=1e-7)


def test_a_differentiable_step_has_the_kernels_numbers(problem):
    one, other = problem(tg), problem(tg)
    options = {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1, "nesterov": True}
    expected = one.run(SGD(one.params, **options), 10)
    other.params = [p * 1.0 for p in other.params]
    for p in other.params:
        p.retain_grad()
    for value, wanted in zip(other.run(SGD(other.params, differentiable=True, **options), 10), expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-13, atol=1e-14)
    assert all(p.grad_fn is not None for p in other.params)


def test_a_differentiable_step_on_a_leaf_is_pytorchs_error(param):
    with pytest.raises(RuntimeError, match="leaf"):
        SGD([param], lr=0.1, differentiable=True).step()


@pytest.mark.parametrize(
    "options, error, text",
    [
        ({"lr": -0.1}, ValueError, "Invalid learning rate: -0.1"),
        ({"lr": float("nan")}, ValueError, "Invalid learning rate: nan"),
        ({"momentum": -1}, ValueError, "Invalid momentum value: -1"),
        ({"weight_decay": -1}, ValueError, "Invalid weight_decay value: -1"),
        ({"nesterov": True}, ValueError, "Nesterov momentum requires .* momentum=0, dampening=0"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, ValueError, "zero dampening"),
        ({"fused": True, "differentiable": True}, RuntimeError, "`fused` and `differentiable`"),
        ({"foreach": True, "differentiable": True}, RuntimeError, "`foreach` and `differentiable`"),
        ({"fused": True, "foreach": True}, RuntimeError, "`fused` and `foreach`"),
    ],
)
def test_options_are_checked(param, options, error, text):
    with pytest.raises(error, match=text):
        SGD([param], **options)


def test_a_tensor_rate_has_one_element(param):
    with pytest.raises(ValueError, match=r"Tensor lr must be 1-element, but its shape is \(2,\)"):
        SGD([param], lr=tg.ones(2))


def test_positional_and_unknown_options(param):
    with pytest.raises(TypeError, match="positional"):
        SGD([param], 0.1, 0.9, 0, 0, False, True)
    with pytest.raises(TypeError, match="centered"):
        SGD([param], lr=0.1, centered=True)


def test_functional_form(param):
    buffers = [None]
    rule = {
        "weight_decay": 0,
        "momentum": 0.9,
        "lr": 0.1,
        "dampening": 0,
        "nesterov": False,
        "maximize": False,
    }
    sgd([param], [param.grad], buffers, **rule)
    assert buffers[0].tolist() == [0.5, 0.25]
    np.testing.assert_allclose(param.tolist(), [0.95, -2.025], rtol=1e-6)
    with pytest.raises(RuntimeError, match="sparse gradients are not supported"):
        sgd([param], [param.grad], buffers, has_sparse_grad=True, **rule)
    with pytest.raises(RuntimeError, match="need the kernel"):
        sgd([param], [param.grad], buffers, foreach=False, found_inf=tg.zeros(1), **rule)


def test_options_that_old_states_lack():
    optimizer = SGD([tg.zeros(1)], lr=0.1)
    saved = optimizer.state_dict()
    for option in ("nesterov", "maximize", "differentiable", "foreach", "fused"):
        del saved["param_groups"][0][option]
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["nesterov"] is False
    assert optimizer.param_groups[0]["fused"] is None


def test_it_trains():
    """A real backward pass: least squares reaches the solution."""
    rng = np.random.default_rng(0)
    x = tg.tensor(rng.standard_normal((40, 3)).tolist(), dtype=tg.float64)
    wanted = tg.tensor([1.0, -2.0, 0.5], dtype=tg.float64)
    w = tg.zeros(3, dtype=tg.float64, requires_grad=True)
    optimizer = SGD([w], lr=0.1, momentum=0.9)
    for _ in range(300):
        optimizer.zero_grad()
        ((x @ w - x @ wanted) ** 2).mean().backward()
        optimizer.step()
    np.testing.assert_allclose(w.tolist(), wanted.tolist(), atol=1e-5)
