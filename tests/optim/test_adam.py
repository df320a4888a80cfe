"""Adam and AdamW against PyTorch, and what they refuse."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim import Adam, AdamW
from tinygrad5329.optim.adam import adam

OPTIONS = [
    {"amsgrad": amsgrad, "weight_decay": decay, "maximize": maximize, "betas": betas, "eps": eps}
    for amsgrad, decay, maximize, (betas, eps) in product(
        (False, True), (0, 0.05), (False, True), (((0.9, 0.999), 1e-8), ((0.5, 0.9), 1e-3))
    )
]
IMPLEMENTATIONS = [{"foreach": True}, {"fused": True}, {"foreach": False}, {"fused": False}]
names = pytest.mark.parametrize("name", ["Adam", "AdamW"])


def shown(options):
    return " ".join(f"{key}={value}" for key, value in options.items() if value)


@names
@pytest.mark.parametrize("options", OPTIONS, ids=shown)
def test_fifty_steps_are_pytorchs(oracle, problem, name, options):
    theirs, ours = problem(oracle), problem(tg)
    expected = theirs.run(getattr(oracle.optim, name)(theirs.params, lr=0.05, **options))
    got = ours.run(getattr(tg.optim, name)(ours.params, lr=0.05, **options))
    for value, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-12)


@names
@pytest.mark.parametrize("options", OPTIONS, ids=shown)
def test_fifty_steps_are_the_recorded_ones(problem, recorded, name, options):
    values = (ours := problem(tg)).run(getattr(tg.optim, name)(ours.params, lr=0.05, **options))
    got = np.concatenate([v.ravel() for v in values])
    np.testing.assert_allclose(got, recorded[name][shown(options)], rtol=1e-11)


@names
@pytest.mark.parametrize("options", OPTIONS, ids=shown)
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS, ids=str)
def test_kernel_and_formulas_agree(problem, name, options, implementation):
    make = getattr(tg.optim, name)
    one, other = problem(tg), problem(tg)
    expected = one.run(make(one.params, lr=0.05, **options), 12)
    got = other.run(make(other.params, lr=0.05, **options, **implementation), 12)
    for value, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-13)


def test_decoupled_decay_makes_adam_adamw(problem):
    one, other = problem(tg), problem(tg)
    expected = one.run(AdamW(one.params, lr=0.05, weight_decay=0.1), 5)
    got = other.run(Adam(other.params, lr=0.05, weight_decay=0.1, decoupled_weight_decay=True), 5)
    for value, wanted in zip(got, expected, strict=True):
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize("implementation", [{}, *IMPLEMENTATIONS], ids=str)
def test_tensors_as_learning_rate_and_betas(problem, implementation):
    def tensor(value):
        return tg.tensor(value, dtype=tg.float64)

    one, other = problem(tg), problem(tg)
    expected = one.run(Adam(one.params, lr=0.05, betas=(0.8, 0.9)), 5)
    betas = (tensor([0.8]), tensor(0.9))
    got = other.run(Adam(other.params, lr=tensor(0.05), betas=betas, **implementation), 5)
    for value, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_float32_is_pytorchs_to_rounding(oracle, problem, name):
    theirs, ours = problem(oracle, "float32"), problem(tg, "float32")
    expected = theirs.run(getattr(oracle.optim, name)(theirs.params, lr=0.01), 20)
    got = ours.run(getattr(tg.optim, name)(ours.params, lr=0.01), 20)
    for value, wanted in zip(got, expected, strict=True):
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)


def test_state(param):
    optimizer = Adam([param], amsgrad=True)
    optimizer.step()
    optimizer.step()
    state = optimizer.state[param]
    assert list(state) == ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
    assert state["step"].shape == ()
    assert state["step"].dtype is tg.float32
    assert state["step"].item() == 2
    assert not any(value.requires_grad for value in state.values())
    assert list(AdamW([param]).state) == []


def test_step_is_double_where_that_is_the_default(param):
    tg.set_default_dtype(tg.float64)
    try:
        optimizer = Adam([param])
        optimizer.step()
        fused = Adam([param], fused=True)
        fused.step()
    finally:
        tg.set_default_dtype(tg.float32)
    assert optimizer.state[param]["step"].dtype is tg.float64
    assert fused.state[param]["step"].dtype is tg.float32


def test_the_first_step_is_the_learning_rate(param):
    """Bias correction: m / sqrt(v) is the sign of the first gradient, whatever its size."""
    before = param.tolist()
    Adam([param], lr=0.25).step()
    np.testing.assert_allclose(np.subtract(before, param.tolist()), [0.25, 0.25], rtol=1e-6)


def test_numbers_as_steps_of_old_states(param):
    optimizer = Adam([param])
    optimizer.step()
    saved = optimizer.state_dict()
    saved["state"][0] = {**saved["state"][0], "step": 7}
    for option in (
        "amsgrad",
        "maximize",
        "capturable",
        "differentiable",
        "decoupled_weight_decay",
        "foreach",
        "fused",
    ):
        del saved["param_groups"][0][option]
    optimizer.load_state_dict(saved)
    assert isinstance(optimizer.state[param]["step"], tg.Tensor)
    assert optimizer.state[param]["step"].item() == 7
    assert optimizer.param_groups[0]["capturable"] is False


def test_adamw_stays_adamw_whatever_it_loads(param):
    optimizer = AdamW([param])
    optimizer.load_state_dict(Adam([param]).state_dict())
    assert optimizer.param_groups[0]["decoupled_weight_decay"] is True


@pytest.mark.parametrize("beta_tensors", [False, True])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_gradients_flow_through_a_differentiable_step(beta_tensors, amsgrad):
    """d/dlr (and d/dbeta) of a loss after three steps, against differences."""

    def loss_after(lr, beta1, beta2):
        p = tg.tensor([1.0, -2.0], dtype=tg.float64, requires_grad=True) * 1.0
        optimizer = AdamW([p], lr=lr, betas=(beta1, beta2), weight_decay=0.1, amsgrad=amsgrad, differentiable=True)
        for gradient in ([0.3, 0.7], [-0.4, 0.2], [0.1, 0.1]):
            p.grad = tg.tensor(gradient, dtype=tg.float64)
            optimizer.step()
        return (p * p).sum()

    def tensor(value, **kwargs):
        return tg.tensor(value, dtype=tg.float64, **kwargs)

    point = (0.1, 0.8, 0.9)
    varied = range(3) if beta_tensors else range(1)

    def arguments(values, **kwargs):
        return [tensor(v, **kwargs) if i in varied else v for i, v in enumerate(values)]

    leaves = arguments(point, requires_grad=True)
    slopes = tg.autograd.grad(loss_after(*leaves), [leaves[i] for i in varied])
    h = 1e-6
    for i, slope in zip(varied, slopes, strict=True):
        with tg.no_grad():
            above, below = (
                loss_after(*arguments([v + d * (j == i) for j, v in enumerate(point)])).item() for d in (h, -h)
            )
        np.testing.assert_allclose(slope.item(), (above - below) / (2 * h), rtol=1e-6)


def test_a_differentiable_step_has_the_kernels_numbers(problem):
    one, other = problem(tg), problem(tg)
    expected = one.run(Adam(one.params, lr=0.05, weight_decay=0.1, amsgrad=True), 10)
    other.params = [p * 1.0 for p in other.params]
    for p in other.params:
        p.retain_grad()
    optimizer = Adam(other.params, lr=0.05, weight_decay=0.1, amsgrad=True, differentiable=True)
    for value, wanted in zip(other.run(optimizer, 10), expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-13)
    assert all(p.grad_fn is not None for p in other.params)


@names
@pytest.mark.parametrize(
    "options, error, text",
    [
        ({"lr": -0.1}, ValueError, "Invalid learning rate: -0.1"),
        ({"eps": -1.0}, ValueError, "Invalid epsilon value: -1.0"),
        ({"betas": (1.0, 0.9)}, ValueError, "Invalid beta parameter at index 0: 1.0"),
        ({"betas": (0.9, -0.1)}, ValueError, "Invalid beta parameter at index 1: -0.1"),
        ({"weight_decay": -1}, ValueError, "Invalid weight_decay value: -1"),
        ({"capturable": True}, RuntimeError, "capturable=True needs a device"),
        ({"fused": True, "differentiable": True}, RuntimeError, "`fused` and `differentiable`"),
        ({"foreach": True, "differentiable": True}, RuntimeError, "`foreach` and `differentiable`"),
        ({"fused": True, "foreach": True}, RuntimeError, "`fused` and `foreach`"),
    ],
)
def test_options_are_checked(param, name, options, error, text):
    with pytest.raises(error, match=text):
        getattr(tg.optim, name)([param], **options)


def test_tensor_options_have_one_element(param):
    with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
        Adam([param], lr=tg.ones(2))
    with pytest.raises(ValueError, match=r"Tensor betas\[1\] must be 1-element, but its shape is \(2,\)"):
        Adam([param], betas=(tg.tensor(0.5), tg.zeros(2)))
    with pytest.raises(ValueError, match="either both floats or both Tensors"):
        Adam([param], betas=(0.5, tg.tensor(0.5)))


def test_functional_form(param):
    lists = [[param], [param.grad], [tg.zeros(2)], [tg.zeros(2)], [], [tg.tensor(0.0)]]
    rule = {
        "amsgrad": False,
        "beta1": 0.9,
        "beta2": 0.999,
        "lr": 0.5,
        "weight_decay": 0,
        "eps": 1e-8,
        "maximize": False,
    }
    adam(*lists, **rule)
    np.testing.assert_allclose(param.tolist(), [0.5, -2.5], rtol=1e-6)
    assert lists[5][0].item() == 1
    with pytest.raises(RuntimeError, match="capturable=True is not supported"):
        adam(*lists, capturable=True, **rule)
    with pytest.raises(RuntimeError, match="need the kernel"):
        adam(*lists, foreach=False, grad_scale=tg.ones(1), **rule)


def test_a_step_with_infinities_found_is_left_out(param):
    lists = [[param], [param.grad], [tg.zeros(2)], [tg.zeros(2)], [], [tg.tensor(3.0)]]
    rule = {
        "amsgrad": False,
        "beta1": 0.9,
        "beta2": 0.999,
        "lr": 0.5,
        "weight_decay": 0,
        "eps": 1e-8,
        "maximize": False,
    }
    adam(*lists, found_inf=tg.ones(1), **rule)
    assert param.tolist() == [1.0, -2.0]
    assert lists[5][0].item() == 3
