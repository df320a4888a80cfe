"""The rules with momentum that PyTorch lacks: each against its paper's equations, and what all optimizers promise."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import choice
from tinygrad5329.optim import QHM, AggMo, ClassicalMomentum, HeavyBall

EXACT = {"rtol": 1e-12, "atol": 1e-12}
START = np.array([0.7, -1.3, 2.1, 0.2])
CURVATURE = np.array([[2.0, 0.3, 0.0, 0.1], [0.3, 1.0, 0.2, 0.0], [0.0, 0.2, 0.5, 0.1], [0.1, 0.0, 0.1, 3.0]])
RATES = [0.11, 0.11, 0.07, 0.2, 0.2, 0.01, 0.15, 0.09] * 4
MOMENTA = [0.9, 0.5, 0.0, 0.95, 0.8, 0.8, 0.3, 0.99] * 4

MAKERS = {
    "classical": lambda ps, **kw: ClassicalMomentum(ps, **{"lr": 0.05, **kw}),
    "classical Nesterov": lambda ps, **kw: ClassicalMomentum(ps, **{"lr": 0.05, "nesterov": True, **kw}),
    "heavy ball": lambda ps, **kw: HeavyBall(ps, **{"lr": 0.05, **kw}),
    "QHM": lambda ps, **kw: QHM(ps, **{"lr": 0.3, "momentum": 0.8, **kw}),
    "AggMo": lambda ps, **kw: AggMo(ps, **{"lr": 0.05, **kw}),
}
everywhere = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def gradient(x):
    """Of half a quadratic form and a sum of cosines: neither constant nor linear."""
    return CURVATURE @ x - 0.3 * np.sin(3 * x)


def followed(optimizer, steps=32, **options):
    """The points after each step; `options` give the groups' options a value for every step."""
    (p,) = optimizer.param_groups[0]["params"]
    points = []
    for step in range(steps):
        for key, values in options.items():
            optimizer.param_groups[0][key] = values[step]
        p.grad = tg.tensor(gradient(p.detach().numpy()), dtype=tg.float64)
        optimizer.step()
        points.append(p.detach().numpy().copy())
    return np.array(points)


def leaf():
    return [tg.tensor(START, dtype=tg.float64).requires_grad_()]


# --- the papers' equations -----------------------------------------------------------------------------


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("way", [1, -1])
def test_classical_momentum_is_sutskevers_equations_1_and_2(decay, way):
    theta, v, wanted = START, 0.0, []
    for epsilon, mu in zip(RATES, MOMENTA, strict=True):
        v = mu * v - epsilon * (way * gradient(theta) + decay * theta)
        theta = theta + v
        wanted.append(theta)
    optimizer = ClassicalMomentum(leaf(), weight_decay=decay, maximize=way < 0)
    np.testing.assert_allclose(followed(optimizer, lr=RATES, momentum=MOMENTA), wanted, **EXACT)


def test_classical_momentum_is_rumelhart_hinton_and_williams_change_of_weights():
    w, change, wanted = START, 0.0, []
    for _ in RATES:
        change = -0.05 * gradient(w) + 0.9 * change
        w = w + change
        wanted.append(w)
    np.testing.assert_allclose(followed(ClassicalMomentum(leaf(), lr=0.05, momentum=0.9)), wanted, **EXACT)


def test_nesterov_stores_the_point_where_sutskever_takes_the_gradient():
    """Equations 3 and 4, under rates that change: Theta = theta + mu v, and back."""
    mu, theta, v, wanted, ahead = 0.9, START, np.zeros(4), [], []
    for epsilon in RATES:
        v = mu * v - epsilon * gradient(theta + mu * v)
        theta = theta + v
        wanted.append(theta)
        ahead.append(theta + mu * v)
    optimizer = ClassicalMomentum(leaf(), momentum=mu, nesterov=True)
    points = followed(optimizer, lr=RATES)
    np.testing.assert_allclose(points, ahead, **EXACT)
    velocity = optimizer.state[optimizer.param_groups[0]["params"][0]]["velocity"].numpy()
    np.testing.assert_allclose(velocity, v, **EXACT)
    np.testing.assert_allclose(points[-1] - mu * velocity, wanted[-1], **EXACT)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("way", [1, -1])
def test_the_heavy_ball_is_polyaks(decay, way):
    before, theta, wanted = START, START, []
    for alpha, beta in zip(RATES, MOMENTA, strict=True):
        step = beta * (theta - before) - alpha * (way * gradient(theta) + decay * theta)
        before, theta = theta, theta + step
        wanted.append(theta)
    optimizer = HeavyBall(leaf(), weight_decay=decay, maximize=way < 0)
    np.testing.assert_allclose(followed(optimizer, lr=RATES, momentum=MOMENTA), wanted, **EXACT)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("nu", [0.0, 0.7, 1.0])
def test_qhm_is_ma_and_yarats(decay, nu):
    theta, average, wanted = START, 0.0, []
    for alpha, beta in zip(RATES, MOMENTA, strict=True):
        g = gradient(theta) + decay * theta
        average = beta * average + (1 - beta) * g
        theta = theta - alpha * ((1 - nu) * g + nu * average)
        wanted.append(theta)
    optimizer = QHM(leaf(), nu=nu, weight_decay=decay)
    np.testing.assert_allclose(followed(optimizer, lr=RATES, momentum=MOMENTA), wanted, **EXACT)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("betas", [(0.9,), (0.0, 0.9, 0.99), (0.3, 0.3, 0.5, 0.7, 0.8)])
def test_aggmo_is_lucas_et_al(decay, betas):
    theta, velocities, wanted = START, np.zeros((len(betas), 4)), []
    for gamma in RATES:
        velocities = np.array(betas)[:, None] * velocities - (gradient(theta) + decay * theta)
        theta = theta + gamma / len(betas) * velocities.sum(0)
        wanted.append(theta)
    optimizer = AggMo(leaf(), betas=betas, weight_decay=decay)
    np.testing.assert_allclose(followed(optimizer, lr=RATES), wanted, **EXACT)


def test_polyaks_optimal_choice_converges_at_his_rate():
    """On a quadratic the error falls by the root of beta a step, give or take a factor that grows with the steps."""
    curvatures = np.array([1.0, 30.0, 100.0])
    low, high = np.sqrt(curvatures[0]), np.sqrt(curvatures[-1])
    beta = ((high - low) / (high + low)) ** 2
    p = tg.tensor([1.0, 1.0, 1.0], dtype=tg.float64)
    optimizer = HeavyBall([p], lr=4 / (high + low) ** 2, momentum=beta)
    steps = 200
    for _ in range(steps):
        p.grad = p * tg.tensor(curvatures)
        optimizer.step()
    assert np.abs(p.numpy()).max() < 10 * steps * beta ** (steps / 2)


# --- what every optimizer here promises ----------------------------------------------------------------


@everywhere
@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_kernels_and_formulas_agree(problem, kernels, make, decay):
    one, other = problem(tg), problem(tg)
    expected = one.run(make(one.params, weight_decay=decay), 12)
    got = other.run(make(other.params, weight_decay=decay, foreach=False), 12)
    for value, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12, atol=1e-13)


@everywhere
@pytest.mark.parametrize("dtype, tolerance", [("float32", 2e-4), ("float16", 0.1)])
def test_lower_precisions(problem, make, dtype, tolerance):
    one, other = problem(tg), problem(tg, dtype)
    expected = one.run(make(one.params), 10)
    for value, wanted in zip(other.run(make(other.params), 10), expected, strict=True):
        assert value.dtype == dtype
        np.testing.assert_allclose(value, wanted, rtol=tolerance, atol=tolerance)


@everywhere
def test_complex_parameters_are_two_real_ones(make):
    z = tg.tensor([1 + 2j, -0.5 + 0.1j], dtype=tg.complex128)
    parts = tg.tensor([[1, 2], [-0.5, 0.1]], dtype=tg.float64)
    whole, real = make([z], weight_decay=0.1), make([parts], weight_decay=0.1)
    for _ in range(4):
        parts.grad = tg.sin(parts)
        z.grad = tg.view_as_complex(parts.grad.clone())
        whole.step()
        real.step()
    np.testing.assert_allclose(tg.view_as_real(z).numpy(), parts.numpy(), **EXACT)


@pytest.fixture(params=choice.NAMES)
def kernels(request):
    """Each of the implementations of the kernels."""
    if request.param == "fast":
        pytest.importorskip("numba", reason="pip install 'tinygrad5329[fast]'")
    before = choice.current()
    choice.use(request.param)
    yield
    choice.use(before)


@everywhere
def test_a_resumed_run_has_the_same_bits(problem, kernels, make, tmp_path):
    whole, first, second = (problem(tg, "float32") for _ in range(3))
    expected = whole.run(make(whole.params, weight_decay=0.01), 20)
    saved = make(first.params, weight_decay=0.01)
    first.run(saved, 10)
    tg.save(saved.state_dict(), tmp_path / "state")
    second.params = [tg.tensor(v).requires_grad_() for v in first.values()]
    resumed = make(second.params, lr=7.0)
    resumed.load_state_dict(tg.load(tmp_path / "state"))
    for value, wanted in zip(second.run(resumed, 10, start=10), expected, strict=True):
        np.testing.assert_array_equal(value, wanted)


@everywhere
def test_up_is_down_of_the_negative(problem, make):
    up, down = problem(tg), problem(tg)
    climbing, falling = make(up.params, maximize=True), make(down.params)
    for step in range(6):
        for p in up.params:
            p.grad = tg.cos(p.detach() + step)
        for p in down.params:
            p.grad = -tg.cos(p.detach() + step)
        climbing.step()
        falling.step()
    for a, b in zip(up.values(), down.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


@everywhere
def test_a_closure_and_a_tensor_rate(param, make):
    optimizer = make([param], lr=tg.tensor(0.1))

    def closure():
        optimizer.zero_grad()
        loss = (param * param).sum()
        loss.backward()
        return loss

    before = param.tolist()
    with tg.no_grad():
        assert optimizer.step(closure).item() == 5.0
    assert all(abs(new) < abs(old) for new, old in zip(param.tolist(), before, strict=True))


@everywhere
def test_a_step_counts_nothing_and_keeps_to_the_parameters_with_gradients(param, make):
    still = tg.ones(2, requires_grad=True)
    optimizer = make([still, param])
    optimizer.step()
    assert still.tolist() == [1.0, 1.0]
    assert list(optimizer.state) == [param]
    assert all(value.shape == param.shape for value in optimizer.state[param].values())
    assert not any(value.requires_grad for value in optimizer.state[param].values())


@everywhere
def test_gradients_through_steps_are_derivatives(make):
    def unrolled(start, scale, lr):
        weight = start.clone()
        optimizer = make([weight], lr=lr, differentiable=True, weight_decay=0.1)
        for _ in range(5):
            w = weight.clone()
            loss = ((w * scale) ** 2).sum() + (w**3).sum() / 10
            (weight.grad,) = tg.autograd.grad(loss, w, create_graph=True)
            optimizer.step()
        return (weight**2).sum()

    inputs = [tg.tensor(v, dtype=tg.float64).requires_grad_() for v in ([0.5, -1.2, 2.0], 1.3, 0.05)]
    assert tg.autograd.gradcheck(unrolled, inputs, atol=1e-4)


def test_what_a_state_holds(param):
    held = {
        ClassicalMomentum: ["velocity"],
        HeavyBall: ["previous"],
        QHM: ["momentum_buffer"],
        AggMo: ["velocity_0", "velocity_1", "velocity_2"],
    }
    for kind, keys in held.items():
        optimizer = kind([param])
        optimizer.step()
        assert list(optimizer.state[param]) == keys


def test_a_damping_vector_that_grows(param):
    optimizer = AggMo([param], lr=1.0, betas=(0.5,))
    optimizer.step()
    optimizer.param_groups[0]["betas"] = (0.5, 0.0)
    param.grad = tg.tensor([1.0, 1.0])
    before = param.detach().numpy().copy()
    optimizer.step()
    np.testing.assert_allclose(before - param.detach().numpy(), [(0.25 + 1 + 1) / 2, (0.125 + 1 + 1) / 2], rtol=1e-6)
    assert optimizer.state[param]["velocity_1"].tolist() == [-1.0, -1.0]


def test_the_ball_takes_a_shove_for_its_own_velocity(param):
    """Where something else moves the parameter, the two forms of one rule part ways."""
    shoved = {}
    for kind in (ClassicalMomentum, HeavyBall):
        p = tg.tensor([1.0], dtype=tg.float64)
        optimizer = kind([p], lr=0.1, momentum=0.5)
        p.grad = tg.ones_like(p)
        optimizer.step()
        p.add_(10)
        p.grad = tg.zeros_like(p)
        optimizer.step()
        shoved[kind] = p.item()
    assert shoved[ClassicalMomentum] == pytest.approx(10.9 - 0.05)
    assert shoved[HeavyBall] == pytest.approx(10.9 - 0.05 + 5)


BAD = [
    *((kind, {"lr": -0.1}, "Invalid learning rate: -0.1") for kind in (ClassicalMomentum, HeavyBall, QHM, AggMo)),
    *((kind, {"lr": float("nan")}, "Invalid learning rate: nan") for kind in (ClassicalMomentum, QHM)),
    *((kind, {"weight_decay": -1}, "Invalid weight_decay") for kind in (ClassicalMomentum, HeavyBall, QHM, AggMo)),
    *((kind, {"momentum": 1.0}, r"momentum value: 1.0; .* \[0, 1\)") for kind in (ClassicalMomentum, HeavyBall, QHM)),
    *((kind, {"momentum": -0.1}, r"momentum value: -0.1; ") for kind in (ClassicalMomentum, HeavyBall, QHM)),
    (ClassicalMomentum, {"nesterov": True, "momentum": 0}, "Nesterov momentum requires a momentum"),
    (QHM, {"nu": 1.1}, r"Invalid nu value: 1.1; it must be in \[0, 1\]"),
    (QHM, {"nu": float("nan")}, "Invalid nu value: nan"),
    (AggMo, {"betas": ()}, "at least one velocity"),
    (AggMo, {"betas": (0.5, 1.0)}, r"beta parameter at index 1: 1.0; it must be in \[0, 1\)"),
]


@pytest.mark.parametrize("kind, options, text", BAD, ids=str)
def test_bad_options_are_refused_in_every_way_in(param, kind, options, text):
    with pytest.raises(ValueError, match=text):
        kind([param], **options)
    with pytest.raises(ValueError, match=text):
        kind([{"params": [param], **options}])
    optimizer = kind([param])
    saved = optimizer.state_dict()
    saved["param_groups"][0].update(options)
    with pytest.raises(ValueError, match=text):
        optimizer.load_state_dict(saved)


def test_momenta_that_are_no_sequence(param):
    with pytest.raises(TypeError, match="AggMo takes a sequence of momenta"):
        AggMo([param], betas=0.9)


@everywhere
def test_implementations_that_exclude_each_other(param, make):
    with pytest.raises(RuntimeError, match="`foreach` and `differentiable`"):
        make([param], foreach=True, differentiable=True)
