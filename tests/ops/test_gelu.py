"""GELU: values, the derivative kept on the side, the rule, and how it fails."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.backends import special
from tinygrad5329.ops.primitive import REGISTRY

OP = REGISTRY["gelu"]
FORMS = ("none", "tanh")

# PyTorch 2.13, float64: value, first and second derivative.
X = [-6.0, -2.5, -1.0, -0.5, -0.001, 0.0, 0.001, 0.5, 1.0, 2.5, 6.0]
RECORDED = {
    "none": (
        [-5.919525869479969e-09, -0.015524163314440398, -0.15865525393145702, -0.15426876936299344,
         -0.000499601057786089, 0.0, 0.000500398942213911, 0.34573123063700656, 0.841344746068543,
         2.4844758366855597, 5.999999994080474],
        [-3.546870945402639e-08, -0.03761108590814519, -0.08331547058768635, 0.13250487534383712,
         0.4992021157051586, 0.5, 0.5007978842948414, 0.8674951246561629, 1.0833154705876864,
         1.037611085908145, 1.0000000354687093],
        [-2.0658001689399173e-07, -0.07449527709766629, 0.24197072451914337, 0.6161143218375241,
         0.7978837629186039, 0.7978845608028654, 0.7978837629186039, 0.6161143218375241,
         0.24197072451914337, -0.07449527709766629, -2.0658001689399173e-07],
    ),
    "tanh": (
        [-8.43964897967453e-11, -0.015084266089998577, -0.15880800939172324, -0.15428599017485606,
         -0.000499601057786418, 0.0, 0.000500398942213582, 0.34571400982514394, 0.8411919906082768,
         2.484915733910001, 5.9999999999156035],
        [-7.709976012836329e-10, -0.03795157621266618, -0.08296408384578252, 0.13263009646535764,
         0.499202115706475, 0.5, 0.500797884293525, 0.8673699035346424, 1.0829640838457826,
         1.037951576212666, 1.0000000007709977],
        [-6.824247144948227e-09, -0.07624539207361294, 0.24214819798377296, 0.615506895115985,
         0.7978837589694453, 0.7978845608028654, 0.7978837589694453, 0.615506895115985,
         0.24214819798377296, -0.07624539207361294, -6.824247144948227e-09],
    ),
}  # fmt: skip


def forward(x, approximate="none", keep=True):
    return OP.forward(np, x, approximate=approximate, keep=keep)


def normal(shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("approximate", FORMS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_recorded_values_and_derivatives(approximate, dtype):
    value, first, second = RECORDED[approximate]
    tolerance = 1e-13 if dtype == "float64" else 4e-7
    x = tg.tensor(np.array(X, dtype), requires_grad=True)
    y = tg.ops.gelu(x, approximate=approximate)
    (plain,) = tg.autograd.grad(y.sum(), x, retain_graph=True)
    (recorded,) = tg.autograd.grad(y.sum(), x, create_graph=True)
    (twice,) = tg.autograd.grad(recorded.sum(), x)
    for got, expected in ((y, value), (plain, first), (recorded, first), (twice, second)):
        assert got.dtype == x.dtype
        np.testing.assert_allclose(got.detach().numpy(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("approximate", FORMS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_against_central_differences(approximate, order):
    def derivative(point, order):
        x = tg.tensor(point, requires_grad=True)
        y = tg.ops.gelu(x, approximate=approximate)
        for _ in range(order):
            (y,) = tg.autograd.grad(y.sum(), x, create_graph=True)
        return y.detach().numpy()

    point, step = normal(30), 1e-5
    difference = (derivative(point + step, order - 1) - derivative(point - step, order - 1)) / (2 * step)
    np.testing.assert_allclose(derivative(point, order), difference, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("approximate", FORMS)
def test_plain_backward_equals_recorded(approximate):
    x = tg.tensor(normal((3, 5)), requires_grad=True)
    y = tg.ops.gelu(x, approximate=approximate)
    g = tg.tensor(normal((3, 5), seed=1))
    (plain,) = tg.autograd.grad(y, x, g, retain_graph=True)
    (recorded,) = tg.autograd.grad(y, x, g, create_graph=True)
    assert recorded.requires_grad and not plain.requires_grad
    np.testing.assert_allclose(plain.numpy(), recorded.detach().numpy(), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("approximate", FORMS)
@pytest.mark.parametrize("shape", [(), (1,), (5,), (3, 0), (4, 5, 6), (200, 300)])
def test_raw_rule_equals_plain_rule(approximate, shape):
    x, g = normal(shape), normal(shape, seed=1)
    _, slope = forward(x, approximate)
    (raw,) = OP.raw(np, g, slope)
    plain = OP.rules[0](np, g, x, approximate)
    assert raw.shape == shape
    np.testing.assert_allclose(raw, plain, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("approximate", FORMS)
def test_float32_against_float64(approximate):
    # Every form of rounding up to the largest inputs; the bound is what PyTorch 2.13 keeps, or better.
    x = np.concatenate([np.linspace(-9, 9, 200_001), normal(100_000)]).astype(np.float32)
    out, slope = forward(x, approximate)
    exact, exact_slope = forward(x.astype(np.float64), approximate)
    assert np.max(np.abs(out - exact) / np.maximum(np.abs(x), 1e-30)) < 2e-7
    assert np.max(np.abs(slope - exact_slope)) < (3e-7 if approximate == "none" else 2.5e-6)


def test_float64_against_the_standard_library():
    x = np.linspace(-7, 7, 1001)
    exact = np.array([0.5 * v * math.erfc(-v / math.sqrt(2)) for v in x.tolist()])
    np.testing.assert_allclose(forward(x)[0], exact, rtol=4e-16, atol=1e-15)


@pytest.mark.parametrize("approximate", FORMS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("block", [5, 1 << 20])
def test_results_do_not_depend_on_recording_blocks_or_layout(approximate, dtype, block, monkeypatch):
    x = normal((6, 5, 7), dtype)
    kept, slope = forward(x, approximate)
    monkeypatch.setattr(special, "BLOCK", block)
    plain, nothing = forward(x, approximate, keep=False)
    assert nothing is None and slope is not None
    assert plain.dtype == kept.dtype == dtype
    np.testing.assert_array_equal(plain, kept)
    for axes in ((2, 1, 0), (1, 0, 2), (2, 0, 1)):
        out, derivative = forward(x.transpose(axes), approximate)
        np.testing.assert_array_equal(out, kept.transpose(axes))
        np.testing.assert_array_equal(derivative, slope.transpose(axes))
    for index in (np.s_[::2], np.s_[:, ::-1, 1::3], np.s_[:, :1], np.s_[0, 0, 0], np.s_[:0]):
        out, derivative = forward(np.asarray(x[index]), approximate)
        np.testing.assert_array_equal(out, kept[index])
        np.testing.assert_array_equal(derivative, slope[index])
    spread = np.broadcast_to(x[:1], (4, 5, 7))
    np.testing.assert_array_equal(forward(spread, approximate)[0], np.broadcast_to(kept[:1], (4, 5, 7)))


@pytest.mark.parametrize("approximate", FORMS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_nothing_is_written_to_inputs_or_saved_values(approximate, dtype):
    x, g = normal((8, 9), dtype), normal((8, 9), dtype, seed=1)
    for array in (x, g):
        array.flags.writeable = False
    out, slope = forward(x, approximate)
    slope.flags.writeable = False
    (first,) = OP.raw(np, g, slope)
    (second,) = OP.raw(np, g, slope)
    np.testing.assert_array_equal(first, second)
    assert first.dtype == g.dtype
    for array in (x, g, slope):
        assert not np.shares_memory(first, array)
    assert not np.shares_memory(out, slope) and not np.shares_memory(out, x)
    OP.rules[0](np, g, x, approximate)


@pytest.mark.parametrize("approximate", FORMS)
def test_float16_is_computed_in_float32(approximate):
    x = tg.tensor(normal(500, np.float16), requires_grad=True)
    wide = tg.tensor(x.detach().numpy().astype(np.float32), requires_grad=True)
    y, expected = (tg.ops.gelu(each, approximate=approximate) for each in (x, wide))
    np.testing.assert_array_equal(y.detach().numpy(), expected.detach().numpy().astype(np.float16))
    y.sum().backward()
    expected.sum().backward()
    assert y.dtype == x.grad.dtype == tg.float16
    np.testing.assert_array_equal(x.grad.numpy(), wide.grad.numpy().astype(np.float16))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_values(dtype):
    x = np.array([0.0, -0.0, 40.0, -40.0, 1e30, -1e30, np.inf, np.nan], dtype)
    out, slope = forward(x)
    np.testing.assert_array_equal(out, np.array([0, 0, 40, 0, 1e30, 0, np.inf, np.nan], dtype))
    assert np.signbit(out[1]) and not np.signbit(out[0])
    np.testing.assert_array_equal(slope[:6], np.array([0.5, 0.5, 1, 0, 1, 0], dtype))
    np.testing.assert_array_equal(forward(x[:4], "tanh")[0], np.array([0, 0, 40, 0], dtype))
    # -inf times 0, as in PyTorch.
    assert np.isnan(forward(np.array([-np.inf], dtype))[0]).all()


def test_backward_twice_through_a_kept_graph():
    x = tg.tensor(normal((4, 3), np.float32), requires_grad=True)
    y = tg.ops.gelu(x).sum()
    y.backward(retain_graph=True)
    once = x.grad.numpy().copy()
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2 * once)


def test_node_name():
    assert tg.ops.gelu(tg.ones(2, requires_grad=True)).grad_fn.name() == "GeluBackward0"


def test_errors():
    x = tg.ones(3)
    with pytest.raises(RuntimeError, match="approximate argument must be either none or tanh, got 'erf'"):
        tg.ops.gelu(x, approximate="erf")
    with pytest.raises(TypeError, match="argument 'approximate' must be str, not NoneType"):
        tg.ops.gelu(x, approximate=None)
    with pytest.raises(TypeError, match=r"argument 'input' \(position 1\) must be Tensor, not float"):
        tg.ops.gelu(1.0)
    with pytest.raises(TypeError, match="positional argument"):
        tg.ops.gelu(x, "tanh")
    for dtype in (tg.int64, tg.bool, tg.uint8, tg.complex64):
        with pytest.raises(NotImplementedError, match=r'"gelu" not implemented for .*expected a floating point'):
            tg.ops.gelu(x.to(dtype))


@pytest.mark.parametrize("approximate", FORMS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 1e-3), ("float32", 1.3e-6), ("float64", 1e-14)])
def test_oracle(approximate, dtype, tolerance):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    data, weight = 3 * normal((32, 33), dtype), normal((32, 33), dtype, seed=1)
    ours, theirs = tg.tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
    y = tg.ops.gelu(ours, approximate=approximate)
    expected = torch.nn.functional.gelu(theirs, approximate=approximate)
    y.backward(tg.tensor(weight))
    expected.backward(torch.tensor(weight))
    for got, want in ((y.detach(), expected.detach()), (ours.grad, theirs.grad)):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=tolerance, atol=5 * tolerance)


def test_oracle_errors():
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    for arguments, options in (((1.0,), {}), (("x",), {"approximate": "erf"}), (("x",), {"approximate": 1})):
        raised = []
        for library, function in ((tg, tg.ops.gelu), (torch, torch.nn.functional.gelu)):
            given = [library.ones(2) if each == "x" else each for each in arguments]
            with pytest.raises(Exception, match=r"gelu|approximate") as caught:
                function(*given, **options)
            raised.append(type(caught.value))
        assert raised[0] is raised[1]
    with pytest.raises(NotImplementedError):
        torch.nn.functional.gelu(torch.ones(2, dtype=torch.int64))
