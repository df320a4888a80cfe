"""Initialisation: formulas, draws and errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import init

DRAWS = {
    "uniform": lambda init, t: init.uniform_(t, -2.0, 3.0),
    "normal": lambda init, t: init.normal_(t, 1.0, 0.5),
    "trunc_normal": lambda init, t: init.trunc_normal_(t),
    "trunc_normal narrow": lambda init, t: init.trunc_normal_(t, std=2.0, a=-0.5, b=0.3),
    "trunc_normal tail": lambda init, t: init.trunc_normal_(t, mean=0.0, std=1.0, a=1.0, b=1.5),
    "trunc_normal wide": lambda init, t: init.trunc_normal_(t, 1.0, 0.1, -1.0, 1.05),
    "xavier_uniform": lambda init, t: init.xavier_uniform_(t, gain=2.0),
    "xavier_normal": lambda init, t: init.xavier_normal_(t),
    "kaiming_uniform": lambda init, t: init.kaiming_uniform_(t),
    "kaiming_uniform slope": lambda init, t: init.kaiming_uniform_(t, a=math.sqrt(5)),
    "kaiming_uniform out": lambda init, t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"),
    "kaiming_normal": lambda init, t: init.kaiming_normal_(t, nonlinearity="tanh"),
    "kaiming_normal out": lambda init, t: init.kaiming_normal_(t, 0.3, "FAN_OUT"),
    "sparse": lambda init, t: init.sparse_(t, 0.3, std=2.0),
}


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (40, 30)])
@pytest.mark.parametrize("name", DRAWS)
def test_same_seed_same_values(name, shape, oracle):
    torch = oracle.torch
    torch.manual_seed(3)
    tg.manual_seed(3)
    expected = DRAWS[name](torch.nn.init, torch.empty(shape))
    tensor = tg.empty(shape)
    assert DRAWS[name](init, tensor) is tensor
    oracle.check(tensor, expected, rtol=1e-5, atol=1e-6)
    # The streams have advanced equally far.
    oracle.check(tg.rand(3), torch.rand(3), rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in DRAWS if name != "sparse"])
def test_generator(name, oracle):
    torch = oracle.torch
    ours, theirs = tg.Generator(), torch.Generator()
    ours.manual_seed(8)
    theirs.manual_seed(8)

    def call(library, generator):
        class WithGenerator:
            def __getattr__(self, function):
                return lambda *args, **kwargs: getattr(library, function)(*args, generator=generator, **kwargs)

        return WithGenerator()

    before = tg.random.get_rng_state() if hasattr(tg.random, "get_rng_state") else None
    expected = DRAWS[name](call(torch.nn.init, theirs), torch.empty(6, 5))
    oracle.check(DRAWS[name](call(init, ours), tg.empty(6, 5)), expected, rtol=1e-5, atol=1e-6)
    if before is not None:
        assert (tg.random.get_rng_state() == before).all()


def test_constants():
    assert init.ones_(tg.empty(2)).tolist() == [1, 1]
    assert init.zeros_(tg.ones(2)).tolist() == [0, 0]
    assert init.constant_(tg.empty(2), 2.5).tolist() == [2.5, 2.5]
    assert init.eye_(tg.ones(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("shape", [(4, 2, 3), (2, 4, 4), (4, 3, 2, 5), (2, 2, 3, 3, 3)])
@pytest.mark.parametrize("groups", [1, 2])
def test_dirac(shape, groups, oracle):
    torch = oracle.torch
    oracle.check(init.dirac_(tg.ones(shape), groups), torch.nn.init.dirac_(torch.ones(shape), groups))


def test_parameters_are_changed_outside_the_graph():
    parameter = nn.Parameter(tg.zeros(2, 2))
    for fill in (init.ones_, init.zeros_, init.eye_, init.uniform_, init.normal_, init.trunc_normal_,
                 init.xavier_normal_, init.kaiming_uniform_, lambda p: init.constant_(p, 2),
                 lambda p: init.sparse_(p, 0.5)):  # fmt: skip
        assert fill(parameter) is parameter
        assert parameter.is_leaf
        assert parameter.requires_grad


def test_recorded_linear_layer():
    # From torch 2.13: manual_seed(0); nn.Linear(3, 2).
    tg.manual_seed(0)
    layer = nn.Linear(3, 2)
    np.testing.assert_allclose(
        layer.weight.detach().numpy(),
        [[-0.0043225, 0.3097158, -0.4751853], [-0.4248946, -0.2223690, 0.1548207]],
        rtol=1e-5,
    )
    np.testing.assert_allclose(layer.bias.detach().numpy(), [-0.0114391, 0.4577749], rtol=1e-5)


def test_bounds_and_deviations():
    tg.manual_seed(0)
    weight = tg.empty(300, 200)
    bound = math.sqrt(6 / 200)
    init.kaiming_uniform_(weight, nonlinearity="relu")
    assert 0.99 * bound < weight.abs().max().item() <= bound
    init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu")
    assert weight.std().item() == pytest.approx(math.sqrt(2 / 300), rel=0.02)
    init.xavier_normal_(weight, gain=3.0)
    assert weight.std().item() == pytest.approx(3 * math.sqrt(2 / 500), rel=0.02)
    init.trunc_normal_(weight, std=2.0, a=-1.0, b=3.0)
    assert weight.min().item() >= -1
    assert weight.max().item() <= 3
    init.sparse_(weight, 0.25)
    assert ((weight == 0).sum(0) == 75).all()


@pytest.mark.parametrize(
    ("nonlinearity", "param", "gain"),
    [
        ("linear", None, 1.0),
        ("conv2d", None, 1.0),
        ("conv_transpose3d", None, 1.0),
        ("sigmoid", None, 1.0),
        ("tanh", None, 5 / 3),
        ("relu", None, math.sqrt(2)),
        ("selu", None, 0.75),
        ("leaky_relu", None, math.sqrt(2 / (1 + 0.01**2))),
        ("leaky_relu", 0.2, math.sqrt(2 / 1.04)),
        ("leaky_relu", 1, 1.0),
    ],
)
def test_gain(nonlinearity, param, gain):
    assert init.calculate_gain(nonlinearity, param) == gain


def test_fans():
    assert init._calculate_fan_in_and_fan_out(tg.empty(3, 4)) == (4, 3)
    assert init._calculate_fan_in_and_fan_out(tg.empty(3, 4, 5, 2)) == (40, 30)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: init.calculate_gain("gelu"), "Unsupported nonlinearity gelu"),
        (lambda: init.calculate_gain("leaky_relu", True), "negative_slope True not a valid number"),
        (lambda: init.calculate_gain("leaky_relu", "x"), "negative_slope x not a valid number"),
        (lambda: init.xavier_normal_(tg.empty(3)), "fewer than 2 dimensions"),
        (lambda: init.kaiming_normal_(tg.empty(3)), "fewer than 2 dimensions"),
        (lambda: init.kaiming_uniform_(tg.empty(3, 2), mode="in"), "Mode in not supported"),
        (lambda: init.kaiming_uniform_(tg.empty(3, 2), nonlinearity="x"), "Unsupported nonlinearity x"),
        (lambda: init.eye_(tg.empty(3)), "Only tensors with 2 dimensions are supported"),
        (lambda: init.sparse_(tg.empty(3), 0.1), "Only tensors with 2 dimensions are supported"),
        (lambda: init.dirac_(tg.empty(3, 3)), "Only tensors with 3, 4, or 5 dimensions"),
        (lambda: init.dirac_(tg.empty(3, 3, 3), groups=2), "divisible by groups"),
    ],
)
def test_value_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda init, t: init.uniform_(t.empty(3), 3.0, 1.0),
        lambda init, t: init.normal_(t.empty(3), 0.0, -1.0),
        lambda init, t: init.trunc_normal_(t.empty(3), std=0.0),
        lambda init, t: init.uniform_(t.zeros(3, dtype=t.int64)),
    ],
)
def test_type_of_error_is_the_oracles(call, oracle):
    with pytest.raises(Exception) as expected:
        call(oracle.torch.nn.init, oracle.torch)
    with pytest.raises(type(expected.value)):
        call(init, tg)


def test_warnings():
    with pytest.warns(UserWarning, match="mean is more than 2 std"):
        init.trunc_normal_(tg.empty(3), mean=2.5, std=0.2)
    for kaiming in (init.kaiming_uniform_, init.kaiming_normal_):
        with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
            kaiming(tg.empty(0, 3))
    with pytest.warns(UserWarning, match="no-op"):
        nn.Linear(0, 3)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (4, 2, 3)])
def test_orthogonal(shape):
    tg.manual_seed(0)
    tensor = nn.init.orthogonal_(tg.empty(shape), gain=2.0)
    matrix = tensor.numpy().reshape(shape[0], -1)
    gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    torch.manual_seed(0)
    np.testing.assert_allclose(tensor.numpy(), torch.nn.init.orthogonal_(torch.empty(shape), 2.0).numpy(), atol=1e-5)


def test_orthogonal_needs_two_dimensions():
    with pytest.raises(ValueError, match="2 or more"):
        nn.init.orthogonal_(tg.empty(3))


def test_old_names_warn():
    for name in ("uniform", "normal", "xavier_normal", "kaiming_uniform", "orthogonal"):
        with pytest.warns(FutureWarning, match=f"{name}_"):
            getattr(nn.init, name)(tg.empty(2, 2))
    with pytest.warns(FutureWarning, match="clip_grad_norm_"):
        nn.utils.clip_grad_norm([nn.Parameter(tg.ones(1))], 1.0)
