"""Normalization against PyTorch: values, gradients of both orders, running statistics, dtypes, errors."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import ops

TOLERANCE = {
    "float64": {"rtol": 1e-10, "atol": 1e-11},
    "float32": {"rtol": 1e-4, "atol": 1e-4},
    "float16": {"rtol": 2e-2, "atol": 2e-2},
}
dtypes = pytest.mark.parametrize("dtype", TOLERANCE)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")


class Sample:
    """Inputs for one call here and in PyTorch, and the comparison of all that comes of it."""

    def __init__(self, torch, dtype, shape, parameters, count):
        rng = np.random.default_rng(0)
        arrays = [rng.normal(2, 3, shape), *(rng.normal(1, 0.5, parameters) for _ in range(count))]
        arrays = [each.astype(dtype) for each in arrays]
        self.torch, self.dtype = torch, dtype
        self.ours = [tg.tensor(each, requires_grad=True) for each in arrays]
        self.theirs = [torch.tensor(each, requires_grad=True) for each in arrays]

    def check(self, function, theirs=None):
        name = function if isinstance(function, str) else None
        out = (getattr(ops, name) if name else function)(*self.ours)
        expected = (theirs or getattr(self.torch.nn.functional, name))(*self.theirs)
        assert out.dtype.name == self.dtype
        self.equal(out, expected)
        g = np.random.default_rng(1).normal(size=expected.shape).astype(self.dtype)
        wanted = self.torch.autograd.grad(expected, self.theirs, self.torch.tensor(g), create_graph=True)
        found = tg.autograd.grad(out, self.ours, tg.tensor(g), retain_graph=True)
        for a, b in zip(found, wanted, strict=True):
            assert a.dtype.name == self.dtype
            self.equal(a, b)
        recorded = tg.autograd.grad(out, self.ours, tg.tensor(g), create_graph=True)
        for a, b in zip(recorded, wanted, strict=True):
            self.equal(a, b)
        if self.dtype == "float64" and out.numel():
            self.check_second_order(recorded, wanted)

    def check_second_order(self, recorded, wanted):
        total, theirs = (sum((g**2).sum() for g in first) for first in (recorded, wanted))
        # With moments that are given and no weights the first order is constant.
        if total.requires_grad:
            # What does not reach the first gradients, such as a bias, has no second one.
            second = tg.autograd.grad(total, self.ours, allow_unused=True)
            expected = self.torch.autograd.grad(theirs, self.theirs, allow_unused=True)
            for t, a, b in zip(self.ours, second, expected, strict=True):
                a, b = (np.zeros(t.shape) if each is None else each.numpy() for each in (a, b))
                np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8)

    def equal(self, a, b):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), **TOLERANCE[self.dtype])


SHAPES = [(16, 5), (2, 3), (4, 3, 7), (3, 4, 2, 5), (2, 3, 2, 2, 2), (1, 3, 9)]


@dtypes
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm(torch, dtype, training, count, shape):
    rng = np.random.default_rng(2)
    mean, var = (rng.uniform(0.5, 1.5, shape[1]).astype(dtype) for _ in range(2))
    ours, theirs = ([f(each.copy()) for each in (mean, var)] for f in (tg.tensor, torch.tensor))

    def call(library, running):
        return lambda x, *affine: library(
            x, *running, *[*affine, None, None][:2], training=training, momentum=0.3, eps=1e-4
        )

    # Running statistics do not depend on what is normalised elsewhere: the oracle is called once too.
    sample = Sample(torch, dtype, shape, shape[1], count)
    sample.check(call(ops.batch_norm, ours), call(torch.nn.functional.batch_norm, theirs))
    for a, b in zip(ours, theirs, strict=True):
        sample.equal(a, b)


@dtypes
@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize(("shape", "last"), [((8, 5), 1), ((5,), 1), ((3, 4, 5), 1), ((3, 4, 5), 2), ((3, 4), 2)])
def test_layer_norm(torch, dtype, count, shape, last):
    normalized = shape[-last:]
    Sample(torch, dtype, shape, normalized, count).check(
        lambda x, *affine: ops.layer_norm(x, normalized, *affine),
        lambda x, *affine: torch.nn.functional.layer_norm(x, normalized, *affine),
    )


@dtypes
@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize(("shape", "last"), [((8, 5), 1), ((3, 4, 5), 2)])
def test_rms_norm(torch, dtype, count, shape, last):
    normalized = shape[-last:]
    for options in ({}, {"eps": 0.1}):
        Sample(torch, dtype, shape, normalized, count).check(
            lambda x, *affine, o=options: ops.rms_norm(x, normalized, *affine, **o),
            lambda x, *affine, o=options: torch.nn.functional.rms_norm(x, normalized, *affine, **o),
        )


@dtypes
@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize(("shape", "groups"), [((3, 4), 2), ((2, 6, 5), 3), ((2, 4, 3, 2), 1), ((2, 4, 3), 4)])
def test_group_norm(torch, dtype, count, shape, groups):
    Sample(torch, dtype, shape, shape[1], count).check(
        lambda x, *affine: ops.group_norm(x, groups, *affine),
        lambda x, *affine: torch.nn.functional.group_norm(x, groups, *affine),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("use_input_stats", [True, False])
@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("shape", [(3, 2, 5), (2, 3, 4, 2)])
def test_instance_norm(torch, dtype, use_input_stats, count, shape):
    ours = [tg.zeros(shape[1], dtype=getattr(tg, dtype)), tg.ones(shape[1], dtype=getattr(tg, dtype))]
    theirs = [torch.tensor(each.numpy().copy()) for each in ours]

    def call(library, running):
        return lambda x, *affine: library(x, *running, *affine, use_input_stats=use_input_stats, momentum=0.4)

    sample = Sample(torch, dtype, shape, shape[1], count)
    sample.check(call(ops.instance_norm, ours), call(torch.nn.functional.instance_norm, theirs))
    for a, b in zip(ours, theirs, strict=True):
        sample.equal(a, b)


def test_recorded_values():
    x = tg.tensor([[1.0, 2.0], [3.0, 6.0], [5.0, 4.0]], dtype=tg.float64)
    mean, var = tg.zeros(2), tg.ones(2)
    mean, var = mean.double(), var.double()
    out = ops.batch_norm(x, mean, var, training=True, momentum=0.5)
    s = np.sqrt(8 / 3 + 1e-5)
    np.testing.assert_allclose(out.numpy(), [[-2 / s, -2 / s], [0, 2 / s], [2 / s, 0]], rtol=1e-14)
    assert mean.tolist() == [1.5, 2.0]
    assert var.tolist() == [2.5, 2.5]
    out = ops.layer_norm(x, (2,), eps=0.0)
    assert out.tolist() == [[-1, 1], [-1, 1], [1, -1]]


def test_variances_of_numbers_far_from_zero():
    x = (np.random.default_rng(0).normal(size=(20000, 4)) + 300).astype(np.float32)
    exact = x.astype(np.float64)
    expected = (exact - exact.mean(0)) / np.sqrt(exact.var(0) + 1e-5)
    out = ops.batch_norm(tg.tensor(x), None, None, training=True)
    np.testing.assert_allclose(out.numpy(), expected, atol=2e-4)
    out = ops.layer_norm(tg.tensor(x.T.copy()), (20000,))
    np.testing.assert_allclose(out.numpy(), expected.T, atol=2e-4)


def test_running_statistics_are_noticed_to_change():
    x = tg.randn(4, 3, requires_grad=True)
    weight = tg.ones(3, requires_grad=True)
    mean, var = tg.zeros(3), tg.ones(3)
    before = mean._version_count
    ops.batch_norm(x, mean, var, training=True)
    assert mean._version_count == before + 1
    out = ops.batch_norm(x, mean, var, weight, training=False)
    ops.batch_norm(x, mean, var, training=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_running_statistics_stay_where_there_is_nothing_to_count():
    mean, var = tg.full((3,), 2.0), tg.full((3,), 4.0)
    weight = tg.ones(3, requires_grad=True)
    for training in (True, False):
        out = ops.batch_norm(tg.zeros(0, 3), mean, var, weight, training=training)
        assert out.shape == (0, 3)
        (g,) = tg.autograd.grad(out.sum(), weight)
        assert g.tolist() == [0, 0, 0]
    assert mean.tolist() == [2, 2, 2]
    assert var.tolist() == [4, 4, 4]
    assert ops.batch_norm(tg.zeros(2, 0), None, None, training=True).shape == (2, 0)
    assert ops.batch_norm(tg.zeros(2, 3, 0), None, None, training=True).shape == (2, 3, 0)
    assert ops.layer_norm(tg.zeros(0, 3), (3,)).shape == (0, 3)
    assert ops.layer_norm(tg.zeros(3, 0), (0,)).shape == (3, 0)
    assert ops.group_norm(tg.zeros(0, 4), 2).shape == (0, 4)


def test_half_precision_beside_float32_statistics():
    x = tg.randn(8, 3).half()
    mean, var, weight = tg.zeros(3), tg.ones(3), tg.ones(3)
    out = ops.batch_norm(x, mean, var, weight, training=True)
    assert out.dtype is tg.float16
    np.testing.assert_allclose(mean.numpy(), 0.1 * x.float().mean(0).numpy(), rtol=1e-5, atol=1e-6)
    assert ops.layer_norm(x, (3,), weight).dtype is tg.float16


@pytest.mark.parametrize("name", ["batch_norm", "layer_norm"])
def test_writing_to_the_result_does_not_touch_the_gradient(name):
    def normalise(x):
        args = (None, None, None, None, True) if name == "batch_norm" else ((4,),)
        return getattr(ops, name)(x, *args)

    x = tg.randn(3, 4, dtype=tg.float64, requires_grad=True)
    weights = tg.randn(3, 4, dtype=tg.float64)
    (expected,) = tg.autograd.grad((normalise(x) * weights).sum(), x)
    out = normalise(x)
    out.data.mul_(5)
    (found,) = tg.autograd.grad(out, x, weights)
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_gradients_that_are_broadcast_views():
    x = tg.randn(64, 128, requires_grad=True)
    weight = tg.ones(128, requires_grad=True)
    for out in (ops.layer_norm(x, (128,), weight), ops.batch_norm(x, None, None, weight, training=True)):
        plain = tg.autograd.grad(out.sum(), (x, weight), retain_graph=True)
        full = tg.autograd.grad(out, (x, weight), tg.ones(64, 128))
        for a, b in zip(plain, full, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-4)


ERRORS = [
    (
        lambda x: ops.batch_norm(x, None, None),
        RuntimeError,
        "running_mean must be defined in evaluation mode",
    ),
    (
        lambda x: ops.batch_norm(x, tg.zeros(3), None),
        RuntimeError,
        "running_var must be defined in evaluation mode",
    ),
    (
        lambda x: ops.batch_norm(x, tg.zeros(3), None, training=True),
        ValueError,
        "either both be None or neither",
    ),
    (
        lambda x: ops.batch_norm(x, tg.zeros(2), tg.ones(2), training=True),
        RuntimeError,
        r"running_mean should contain 3 elements not 2: .*\(4, 3\)",
    ),
    (
        lambda x: ops.batch_norm(x, None, None, tg.ones(2), training=True),
        RuntimeError,
        "weight should contain 3 elements not 2",
    ),
    (
        lambda x: ops.batch_norm(x[:1], None, None, training=True),
        ValueError,
        r"Expected more than 1 value per channel when training, got input size .*\[1, 3\]",
    ),
    (
        lambda x: ops.batch_norm(x.double(), tg.zeros(3), tg.ones(3), training=True),
        RuntimeError,
        "mixed dtype .* Double",
    ),
    (lambda x: ops.batch_norm(x, None, None, training=True, eps=0), ValueError, "eps must be positive"),
    (
        lambda x: ops.batch_norm(x, tg.zeros(3, requires_grad=True), tg.ones(3), training=True),
        RuntimeError,
        "not differentiable with respect to argument 'running_mean'",
    ),
    (lambda x: ops.batch_norm(x[0], None, None, training=True), RuntimeError, r"\(N, C, ...\), got \(3,\)"),
    (
        lambda x: ops.batch_norm(x.long(), None, None, training=True),
        NotImplementedError,
        "not implemented for 'Long'",
    ),
    (lambda x: ops.batch_norm(3, None, None), TypeError, "argument 'input' .* must be Tensor, not int"),
    (lambda x: ops.layer_norm(x, 3), TypeError, "'normalized_shape' .* must be tuple of ints, not int"),
    (lambda x: ops.layer_norm(x, ["a"]), TypeError, "found element of type str at pos 0"),
    (
        lambda x: ops.layer_norm(x, (4,)),
        RuntimeError,
        r"Given normalized_shape=\[4\], expected input with shape \[\*, 4\], but got input of size\[4, 3\]",
    ),
    (lambda x: ops.layer_norm(x, (2, 4, 3)), RuntimeError, r"Given normalized_shape=\[2, 4, 3\]"),
    (lambda x: ops.layer_norm(x, ()), RuntimeError, "at least 1-dimensional"),
    (
        lambda x: ops.layer_norm(x, (3,), tg.ones(4)),
        RuntimeError,
        r"Expected weight .* weight of shape \[4\]",
    ),
    (
        lambda x: ops.layer_norm(x, (3,), None, tg.ones(3, 1)),
        RuntimeError,
        r"Expected bias .* bias of shape \[3, 1\]",
    ),
    (lambda x: ops.layer_norm(x, (3,), tg.ones(3).double()), RuntimeError, "mixed dtype"),
    (lambda x: ops.rms_norm(x, (4,)), RuntimeError, "Given normalized_shape"),
    (lambda x: ops.rms_norm(x.long(), (3,)), NotImplementedError, "not implemented for 'Long'"),
    (lambda x: ops.group_norm(x, 2), RuntimeError, r"divisible by num_groups, .* \[4, 3\] and num_groups=2"),
    (lambda x: ops.group_norm(x[0], 1), RuntimeError, "at least 2 dimensions .* received 1"),
    (lambda x: ops.group_norm(x, 3, tg.ones(4)), RuntimeError, "Expected weight to be a vector"),
    (lambda x: ops.group_norm(x[:1], 3), ValueError, "Expected more than 1 value per channel"),
    (lambda x: ops.instance_norm(x), ValueError, "Expected more than 1 spatial element"),
    (
        lambda x: ops.instance_norm(tg.ones(2, 3, 4), use_input_stats=False),
        RuntimeError,
        "to be defined when use_input_stats is false",
    ),
    (
        lambda x: ops.instance_norm(tg.ones(2, 3, 4), weight=tg.ones(2)),
        RuntimeError,
        "weight should contain 3 elements not 2",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(tg.ones(4, 3))
