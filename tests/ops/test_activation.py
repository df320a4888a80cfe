"""Activation functions against PyTorch: values, gradients of both orders, kinks, dtypes, errors."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import ops

# Name, arguments, and the inputs at which the derivative jumps.
CASES = [
    ("relu", (), [0]),
    ("relu6", (), [0, 6]),
    ("leaky_relu", (), [0]),
    ("leaky_relu", (0.0,), [0]),
    ("leaky_relu", (2.0,), [0]),
    ("leaky_relu", (-0.3,), [0]),
    ("sigmoid", (), []),
    ("logsigmoid", (), []),
    ("silu", (), []),
    ("mish", (), []),
    ("softplus", (), []),
    ("softplus", (2.0, 5.0), [2.5]),
    ("softplus", (0.5, 1.0), [2]),
    ("softplus", (1.0, -3.0), [-3]),
    ("elu", (), [0]),
    ("elu", (0.3,), [0]),
    ("celu", (), [0]),
    ("celu", (0.3,), [0]),
    ("celu", (-2.0,), [0]),
    ("selu", (), [0]),
    ("hardtanh", (), [-1, 1]),
    ("hardtanh", (-0.7, 2.3), [-0.7, 2.3]),
    ("hardsigmoid", (), [-3, 3]),
    ("hardswish", (), [-3, 3]),
    ("softsign", (), []),
    ("tanhshrink", (), []),
    ("softshrink", (), [-0.5, 0.5]),
    ("softshrink", (1.0,), [-1, 1]),
    ("hardshrink", (), [-0.5, 0.5]),
    ("hardshrink", (-1.0,), []),
    ("threshold", (0.5, 2.0), [0.5]),
]
IDS = [f"{name}{args}" for name, args, _ in CASES]
cases = pytest.mark.parametrize(("name", "args", "kinks"), CASES, ids=IDS)
FLOATING_ONLY = [
    "leaky_relu", "silu", "softplus", "elu", "celu", "selu", "hardsigmoid", "hardswish", "mish", "logsigmoid",
    "softshrink", "hardshrink", "glu",
]  # fmt: skip
TOLERANCE = {
    "float64": {"rtol": 1e-12, "atol": 1e-14},
    "float32": {"rtol": 4e-6, "atol": 2e-7},
    "float16": {"rtol": 3e-3, "atol": 5e-4},
}


def numbers(dtype, wide=True):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=300) * 2, rng.normal(size=100) * (30 if wide else 4), [1e-4, -1e-4]])
    return x.astype(dtype)


def both(torch, name, args, x, g):
    ours = tg.tensor(x, requires_grad=True)
    theirs = torch.tensor(x, requires_grad=True)
    out, expected = getattr(ops, name)(ours, *args), getattr(torch.nn.functional, name)(theirs, *args)
    (grad,) = tg.autograd.grad(out, ours, tg.tensor(g))
    (expected_grad,) = torch.autograd.grad(expected, theirs, torch.tensor(g))
    return out.detach().numpy(), expected.detach().numpy(), grad.numpy(), expected_grad.numpy()


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")


@pytest.mark.parametrize("dtype", TOLERANCE)
@cases
def test_values_and_gradients_are_the_oracles(torch, name, args, kinks, dtype):
    if dtype == "float16" and name in ("tanhshrink", "softsign"):
        pytest.skip("compositions, which round in between")
    x = numbers(dtype)
    g = np.random.default_rng(1).normal(size=x.shape).astype(dtype)
    out, expected, grad, expected_grad = both(torch, name, args, x, g)
    assert out.dtype == expected.dtype
    assert grad.dtype == expected_grad.dtype
    np.testing.assert_allclose(out, expected, **TOLERANCE[dtype])
    loose = {"rtol": 1e-6, "atol": 1e-7} if dtype == "float64" and name in ("hardsigmoid", "celu") else {}
    if dtype == "float16":
        # PyTorch's sigmoid takes its derivative from the rounded output.
        loose = {"rtol": 3e-3, "atol": 3e-3}
    np.testing.assert_allclose(grad, expected_grad, **(TOLERANCE[dtype] | loose))


@cases
def test_gradients_at_kinks_are_the_oracles(torch, name, args, kinks):
    x = np.array([*kinks, *kinks, 0.0, -0.0], np.float32)
    *_, grad, expected = both(torch, name, args, x, np.full_like(x, 2))
    np.testing.assert_allclose(grad, expected, rtol=1e-6)


@cases
def test_infinities_and_nan(torch, name, args, kinks):
    x = np.array([np.nan, np.inf, -np.inf], np.float32)
    out, expected, grad, expected_grad = both(torch, name, args, x, np.ones_like(x))
    np.testing.assert_allclose(out, expected, rtol=1e-6)
    # Where PyTorch has a number, so have we, but for the NaN, which may stay one.
    known = ~np.isnan(expected_grad)
    known[0] = False
    np.testing.assert_allclose(grad[known], expected_grad[known], rtol=1e-6)


@cases
def test_second_order_is_the_oracles(torch, name, args, kinks):
    if name == "hardsigmoid":
        pytest.skip("PyTorch has no second derivative")
    x = numbers("float64", wide=False)
    x = x[np.all([abs(x - kink) > 1e-3 for kink in [*kinks, np.nan] if kink == kink] or [x == x], axis=0)]
    g = np.random.default_rng(1).normal(size=x.shape)
    ours = [tg.tensor(each, requires_grad=True) for each in (x, g)]
    theirs = [torch.tensor(each, requires_grad=True) for each in (x, g)]
    (first,) = tg.autograd.grad(getattr(ops, name)(ours[0], *args), ours[0], ours[1], create_graph=True)
    (expected,) = torch.autograd.grad(
        getattr(torch.nn.functional, name)(theirs[0], *args), theirs[0], theirs[1], create_graph=True
    )
    np.testing.assert_allclose(first.detach().numpy(), expected.detach().numpy(), rtol=1e-6, atol=1e-7)
    second = tg.autograd.grad((first * first).sum(), ours, allow_unused=True)
    expected = torch.autograd.grad((expected * expected).sum(), theirs, allow_unused=True)
    for a, b in zip(second, expected, strict=True):
        a, b = (np.zeros(x.shape) if each is None else each.numpy() for each in (a, b))
        # PyTorch rounds 1 / alpha of celu to float32 on the way back.
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6 if name == "celu" else 1e-9)


def test_recorded_values():
    # PyTorch 2.13, float64.
    x = tg.tensor([-2.0, -0.5, 0.25, 3.0], dtype=tg.float64)
    for name, expected in {
        "sigmoid": [0.11920292202211755, 0.3775406687981454, 0.5621765008857981, 0.9525741268224334],
        "silu": [-0.2384058440442351, -0.1887703343990727, 0.14054412522144952, 2.8577223804672998],
        "softplus": [0.1269280110429725, 0.4740769841801067, 0.8259394198788436, 3.048587351573742],
        "elu": [-0.8646647167633873, -0.3934693402873666, 0.25, 3.0],
        "selu": [-1.5201664685956948, -0.6917581878028713, 0.2626752468388701, 3.1521029620664414],
        "mish": [-0.2525014826957089, -0.22074377465173, 0.1695724096638176, 2.9865350049679575],
        "logsigmoid": [-2.1269280110429727, -0.9740769841801067, -0.5759394198788436, -0.04858735157374206],
        "hardswish": [-0.3333333333333333, -0.20833333333333334, 0.13541666666666666, 3.0],
    }.items():
        np.testing.assert_allclose(getattr(ops, name)(x).numpy(), expected, rtol=1e-14)


def test_tails_keep_their_digits():
    x = tg.tensor([-60.0, -20.0, -1e-3, -1e-7], dtype=tg.float32)
    exact = x.numpy().astype(np.float64)
    for name, reference in {
        "sigmoid": 1 / (1 + np.exp(-exact)),
        "softplus": np.log1p(np.exp(exact)),
        "elu": np.expm1(exact),
    }.items():
        np.testing.assert_allclose(getattr(ops, name)(x).numpy(), reference, rtol=5e-7)
    np.testing.assert_allclose(ops.logsigmoid(-x).numpy(), -np.log1p(np.exp(exact)), rtol=5e-7)


@pytest.mark.parametrize("name", ["relu", "hardtanh", "threshold", "hardshrink", "softshrink"])
def test_what_is_cut_off_passes_no_infinite_gradient(name):
    x = tg.tensor([-2.0 if name != "softshrink" else 0.0, 5.0], requires_grad=True)
    args = (0.0, 0.0) if name == "threshold" else (3.0,) if "shrink" in name else ()
    y = getattr(ops, name)(x, *args)
    (g,) = tg.autograd.grad(y, x, tg.tensor([np.inf, 1.0]))
    assert g[0] == 0


def test_the_gradient_of_a_root_of_relu_is_zero_where_it_is_cut_off():
    x = tg.tensor([-1.0, 4.0], requires_grad=True)
    x.relu().sqrt().sum().backward()
    assert x.grad.tolist() == [0.0, 0.25]


@pytest.mark.parametrize("shape", [(3, 4), (2, 4, 5)])
def test_prelu(torch, shape):
    rng = np.random.default_rng(0)
    for count in (1, 4):
        x, w, g = rng.normal(size=shape), rng.normal(size=count), rng.normal(size=shape)
        ours = [tg.tensor(each, requires_grad=True) for each in (x, w)]
        theirs = [torch.tensor(each, requires_grad=True) for each in (x, w)]
        out, expected = tg.prelu(*ours), torch.prelu(*theirs)
        np.testing.assert_allclose(out.detach().numpy(), expected.detach().numpy(), rtol=1e-14)
        for a, b in zip(
            tg.autograd.grad(out, ours, tg.tensor(g)),
            torch.autograd.grad(expected, theirs, torch.tensor(g)),
            strict=True,
        ):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)


def test_prelu_of_0_d_and_of_one_dimension():
    assert tg.prelu(tg.tensor(-2.0), tg.tensor([0.5])).item() == -1
    assert tg.prelu(tg.tensor(-2.0), tg.tensor([0.5])).shape == ()
    assert tg.prelu(tg.tensor([-2.0, 2.0]), tg.tensor(0.5)).tolist() == [-1, 2]


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_glu(torch, dim):
    x = np.random.default_rng(0).normal(size=(4, 6))
    ours, theirs = tg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    out, expected = ops.glu(ours, dim), torch.nn.functional.glu(theirs, dim)
    np.testing.assert_allclose(out.detach().numpy(), expected.detach().numpy(), rtol=1e-14)
    out.sum().backward()
    expected.sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-13)


def test_integers():
    x = tg.tensor([1, -2, 9])
    assert tg.relu(x).tolist() == [1, 0, 9]
    assert ops.relu6(x).tolist() == [1, 0, 6]
    assert ops.hardtanh(x, -1.5, 1.5).tolist() == [1, -1, 1]
    assert ops.threshold(x, 1.5, 20.5).tolist() == [20, 20, 9]
    for out in (tg.relu(x), ops.relu6(x), ops.hardtanh(x), ops.threshold(x, 1, 2)):
        assert out.dtype is tg.int64
    assert tg.sigmoid(tg.tensor([0, 1])).dtype is tg.float32
    assert tg.sigmoid(tg.tensor([True, False])).tolist() == pytest.approx([0.7310586, 0.5])


def test_names_of_the_nodes():
    x = tg.tensor([1.0], requires_grad=True)
    for name, node in {
        "relu": "ReluBackward0",
        "leaky_relu": "LeakyReluBackward0",
        "sigmoid": "SigmoidBackward0",
        "silu": "SiluBackward0",
        "softplus": "SoftplusBackward0",
        "selu": "EluBackward0",
        "relu6": "HardtanhBackward0",
        "logsigmoid": "LogSigmoidBackward0",
    }.items():
        assert getattr(ops, name)(x).grad_fn.name() == node


def test_methods_and_out():
    x = tg.tensor([-1.0, 2.0])
    assert x.relu().tolist() == [0, 2]
    assert x.sigmoid().tolist() == tg.sigmoid(x).tolist()
    assert x.hardshrink(1.0).tolist() == [0, 2]
    assert x.prelu(tg.tensor([0.5])).tolist() == [-0.5, 2]
    out = tg.empty(2)
    assert tg.sigmoid(x, out=out) is out
    assert out.tolist() == x.sigmoid().tolist()


@pytest.mark.parametrize("name", FLOATING_ONLY)
def test_integers_where_pytorch_has_no_kernel(name):
    with pytest.raises(NotImplementedError, match="not implemented for 'Long'"):
        getattr(ops, name)(tg.tensor([1, 2]))


@pytest.mark.parametrize("name", [*FLOATING_ONLY, "relu", "relu6", "hardtanh"])
def test_arguments_that_are_no_tensors(name):
    with pytest.raises(TypeError, match="must be Tensor, not float"):
        getattr(ops, name)(1.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: ops.hardtanh(x, 2, 1), ValueError, "min_val cannot be greater than max_val"),
        (lambda x: ops.celu(x, 0), RuntimeError, "alpha cannot be 0 for CELU"),
        (lambda x: ops.softshrink(x, -1), RuntimeError, "lambda must be at least 0, but found -1"),
        (lambda x: ops.relu(x > 0), RuntimeError, "Boolean inputs not supported for relu"),
        (lambda x: ops.hardtanh(x.to(tg.uint8)), RuntimeError, "unsigned type with negative limits"),
        (lambda x: ops.glu(x), RuntimeError, "Halving dimension must be even, but dimension 0 is size 3"),
        (lambda x: ops.glu(x[0]), RuntimeError, "glu does not support scalars"),
        (lambda x: ops.glu(x, 2), IndexError, "Dimension out of range"),
        (lambda x: ops.prelu(x, tg.ones(2)), RuntimeError, "parameter numbers = 2 and channel size = 1"),
        (lambda x: ops.prelu(x[0], tg.ones(2)), RuntimeError, "Not allow zero-dim input"),
        (lambda x: ops.prelu(x, x.double()), RuntimeError, "Type promoting not supported"),
        (lambda x: ops.prelu(x, 0.5), TypeError, "argument 'weight'.* must be Tensor, not float"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.tensor([1.0, 2.0, 3.0]))
