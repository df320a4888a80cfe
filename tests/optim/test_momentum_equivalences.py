"""Which rules with momentum are one rule, and when; the table of ``docs/momentum.md`` line by line."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim import QHM, SGD, AggMo, ClassicalMomentum, HeavyBall

EXACT = {"rtol": 1e-12, "atol": 1e-12}
STEPS = 40
CONSTANT = [0.06] * STEPS
CHANGING = (0.06 * (1 + np.cos(np.pi * np.arange(STEPS) / STEPS)) / 2).tolist()
MU = 0.8
schedules = pytest.mark.parametrize("rates", [CONSTANT, CHANGING], ids=["constant rate", "changing rate"])


def path(kind, rates, library=tg, momenta=None, scale=1.0, **options):
    """The points that an optimizer visits; its rate at each step is `scale` times that of `rates`."""
    p = library.tensor([0.7, -1.3, 2.1], dtype=library.float64)
    optimizer = kind([p], lr=0.0, weight_decay=0.05, **options)
    points = []
    for step, rate in enumerate(rates):
        optimizer.param_groups[0]["lr"] = scale * rate
        if momenta is not None:
            optimizer.param_groups[0]["momentum"] = momenta[step]
        x = p.numpy()
        p.grad = library.tensor(x * [0.4, 1.5, 3.0] + np.sin(2 * x + step))
        optimizer.step()
        points.append(p.numpy().copy())
    return np.array(points)


def assert_one(a, b):
    np.testing.assert_allclose(a, b, **EXACT)
    assert np.abs(np.diff(a, axis=0)).max() > 1e-2  # they have gone somewhere


def assert_two(a, b):
    assert np.abs(a - b).max() > 1e-3


@schedules
def test_classical_momentum_is_the_heavy_ball(rates):
    momenta = np.linspace(0.3, 0.95, STEPS).tolist()
    assert_one(path(ClassicalMomentum, rates, momenta=momenta), path(HeavyBall, rates, momenta=momenta))


def test_classical_momentum_is_pytorchs_while_the_rate_is_constant():
    classical = path(ClassicalMomentum, CONSTANT, momentum=MU)
    assert_one(classical, path(SGD, CONSTANT, momentum=MU))
    assert_one(
        path(ClassicalMomentum, CONSTANT, momentum=MU, nesterov=True),
        path(SGD, CONSTANT, momentum=MU, nesterov=True),
    )


def test_classical_momentum_is_not_pytorchs_under_a_changing_rate():
    classical = path(ClassicalMomentum, CHANGING, momentum=MU)
    sgd = path(SGD, CHANGING, momentum=MU)
    np.testing.assert_allclose(classical[0], sgd[0], **EXACT)
    assert_two(classical, sgd)
    assert_two(
        path(ClassicalMomentum, CHANGING, momentum=MU, nesterov=True), path(SGD, CHANGING, momentum=MU, nesterov=True)
    )


def test_pytorchs_momentum_becomes_classical_by_the_ratio_of_rates():
    ratios = [MU * before / rate for before, rate in zip([0.06, *CHANGING], CHANGING, strict=False)]
    assert max(ratios) > 1  # where the rate falls fast, the buffer must grow
    assert_one(path(ClassicalMomentum, CHANGING, momentum=MU), path(SGD, CHANGING, momentum=MU, momenta=ratios))


@pytest.mark.parametrize("nesterov", [False, True])
@schedules
def test_pytorch_itself_says_the_same(oracle, rates, nesterov):
    sgd = path(oracle.optim.SGD, rates, library=oracle, momentum=MU, nesterov=nesterov)
    if rates is CONSTANT:
        assert_one(path(ClassicalMomentum, rates, momentum=MU, nesterov=nesterov), sgd)
    assert_one(path(QHM, rates, momentum=MU, nu=MU if nesterov else 1.0, scale=1 / (1 - MU)), sgd)
    if not nesterov:
        assert_one(path(AggMo, rates, betas=(MU,)), sgd)


@schedules
def test_averaged_momentum_is_pytorchs_with_a_smaller_rate(rates):
    """A velocity averaged from zero: v = mu v + (1 - mu) g."""
    averaged = path(QHM, rates, momentum=MU, nu=1.0)
    assert_one(averaged, path(SGD, rates, momentum=MU, scale=1 - MU))
    assert_two(averaged, path(SGD, rates, momentum=MU, dampening=MU))


def test_pytorchs_dampening_does_not_dampen_the_first_gradient():
    """For given gradients the paths are apart by what the first one has too much, and by nothing else."""
    gradients = np.random.default_rng(0).standard_normal((STEPS, 3))
    params = [tg.zeros(3, dtype=tg.float64) for _ in range(2)]
    optimizers = [SGD(params[:1], lr=0.1, momentum=MU, dampening=MU), QHM(params[1:], lr=0.1, momentum=MU, nu=1.0)]
    for t, g in enumerate(gradients, start=1):
        for p, optimizer in zip(params, optimizers, strict=True):
            p.grad = tg.tensor(g)
            optimizer.step()
        apart = (params[0] - params[1]).numpy()
        np.testing.assert_allclose(apart, -0.1 * MU * (1 - MU**t) / (1 - MU) * gradients[0], rtol=1e-10)


@schedules
def test_qhm_without_its_average_is_plain_descent(rates):
    assert_one(path(QHM, rates, momentum=MU, nu=0.0), path(SGD, rates))


@schedules
def test_qhm_is_nesterovs_momentum_where_both_discounts_are_one(rates):
    assert_one(path(QHM, rates, momentum=MU, nu=MU), path(SGD, rates, momentum=MU, nesterov=True, scale=1 - MU))


@schedules
def test_aggmo_with_one_velocity_is_pytorchs_momentum(rates):
    assert_one(path(AggMo, rates, betas=(MU,)), path(SGD, rates, momentum=MU))
    assert_one(path(AggMo, rates, betas=(MU, MU, MU)), path(SGD, rates, momentum=MU))


@schedules
def test_aggmo_with_a_velocity_that_forgets_is_qhm(rates):
    assert_one(
        path(AggMo, rates, betas=(0.0, MU)),
        path(QHM, rates, momentum=MU, nu=1 / (2 - MU), scale=(2 - MU) / (2 * (1 - MU))),
    )


def test_forms_of_nesterovs_method():
    """Three papers, one path: stored is the point where the gradient is taken."""

    def gradient(x):
        return x * [0.4, 1.5, 3.0] + np.sin(2 * x)

    lr, start = 0.06, np.array([0.7, -1.3, 2.1])
    sutskever, nesterov = [], []
    theta, v = start, np.zeros(3)
    x, y = start, start  # Nesterov 1983, with a constant momentum
    for _ in range(STEPS):
        v = MU * v - lr * gradient(theta + MU * v)
        theta = theta + v
        sutskever.append(theta + MU * v)
        x, before = y - lr * gradient(y), x
        y = x + MU * (x - before)
        nesterov.append(y)
    p = tg.tensor(start)
    optimizer = SGD([p], lr=lr, momentum=MU, nesterov=True)
    pytorch = []
    for _ in range(STEPS):
        p.grad = tg.tensor(gradient(p.numpy()))
        optimizer.step()
        pytorch.append(p.numpy().copy())
    np.testing.assert_allclose(sutskever, pytorch, **EXACT)
    np.testing.assert_allclose(nesterov, pytorch, **EXACT)
    buffer = optimizer.state[p]["momentum_buffer"].numpy()
    np.testing.assert_allclose(pytorch[-1] + MU * lr * buffer, theta, **EXACT)  # and back


@pytest.mark.parametrize(
    "kind, options, factor",
    [
        (SGD, {}, 1.0),
        (SGD, {"momentum": 0.9}, 10.0),
        (SGD, {"momentum": 0.9, "nesterov": True}, 10.0),
        (SGD, {"momentum": 0.9, "dampening": 0.9}, 1.0),
        (ClassicalMomentum, {"momentum": 0.9}, 10.0),
        (ClassicalMomentum, {"momentum": 0.9, "nesterov": True}, 10.0),
        (HeavyBall, {"momentum": 0.9}, 10.0),
        (QHM, {"momentum": 0.9, "nu": 0.7}, 1.0),
        (QHM, {"momentum": 0.9, "nu": 1.0}, 1.0),
        (AggMo, {"betas": (0.0, 0.9, 0.99)}, 37.0),
    ],
)
def test_effective_rates(kind, options, factor):
    """How far a gradient that stays the same comes to move the parameter at each step, in learning rates."""
    p = tg.zeros(1, dtype=tg.float64)
    optimizer = kind([p], lr=0.5, **options)
    for _ in range(4000):
        before = p.item()
        p.grad = tg.ones_like(p)
        optimizer.step()
    assert before - p.item() == pytest.approx(0.5 * factor, rel=1e-9)


@pytest.mark.parametrize("kind", [ClassicalMomentum, HeavyBall])
def test_the_reports_largest_momentum_takes_steps_of_50_gradients(kind):
    """Momentum 0.999 and rate 0.05: 0.05 / (1 - 0.999) = 50, where averaging leaves 0.05."""
    steps = {}
    for rule, options in ((kind, {"momentum": 0.999}), (QHM, {"momentum": 0.999, "nu": 1.0})):
        p = tg.zeros(1, dtype=tg.float64)
        optimizer = rule([p], lr=0.05, **options)
        for _ in range(20000):
            before = p.item()
            p.grad = tg.ones_like(p)
            optimizer.step()
        steps[rule] = before - p.item()
    assert steps[kind] == pytest.approx(50, rel=1e-6)
    assert steps[QHM] == pytest.approx(0.05, rel=1e-6)
