"""Cross entropy and negative log-likelihood against PyTorch: values, gradients, edge cases, errors."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import ops

SHAPES = [(16, 5), (3, 2), (6,), (3, 4, 5), (2, 3, 4, 2), (2, 3, 2, 2, 2), (0, 3), (2, 3, 0)]
REDUCTIONS = ("mean", "sum", "none")
TOLERANCE = {
    "float64": {"rtol": 1e-11, "atol": 1e-12},
    "float32": {"rtol": 1e-5, "atol": 1e-5},
    "float16": {"rtol": 5e-3, "atol": 1e-2},
}


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")


def equal(a, b, dtype):
    assert tuple(a.shape) == tuple(b.shape)
    assert a.dtype.name == str(b.dtype).removeprefix("torch.")
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), **TOLERANCE[dtype])


def compare(torch, name, dtype, x, target, weight, **options):
    """Values, first order by both rules, and in float64 second order."""
    ours, theirs = [tg.tensor(x, requires_grad=True)], [torch.tensor(x, requires_grad=True)]
    targets = [tg.tensor(target), torch.tensor(target)]
    if target.dtype.kind == "f":
        for each, t in zip((ours, theirs), targets, strict=True):
            each.append(t.requires_grad_())
    weights = [None, None] if weight is None else [tg.tensor(weight), torch.tensor(weight)]
    out = getattr(ops, name)(ours[0], targets[0], weights[0], **options)
    expected = getattr(torch.nn.functional, name)(theirs[0], targets[1], weights[1], **options)
    equal(out, expected, dtype)
    g = np.random.default_rng(3).normal(size=expected.shape).astype(dtype)
    wanted = torch.autograd.grad(expected, theirs, torch.tensor(g), create_graph=True)
    found = tg.autograd.grad(out, ours, tg.tensor(g), retain_graph=True)
    recorded = tg.autograd.grad(out, ours, tg.tensor(g), create_graph=True)
    for a, b, c in zip(found, recorded, wanted, strict=True):
        equal(a, c, dtype)
        equal(b, c, dtype)
    if dtype == "float64" and name == "cross_entropy":
        second = tg.autograd.grad((recorded[0] ** 2).sum(), ours[0])
        expected = torch.autograd.grad((wanted[0] ** 2).sum(), theirs[0])
        np.testing.assert_allclose(second[0].numpy(), expected[0].numpy(), rtol=1e-9, atol=1e-10)


def indices(shape, ignored):
    rng = np.random.default_rng(1)
    classes, outer = (shape[0], ()) if len(shape) == 1 else (shape[1], shape[:1] + shape[2:])
    target = rng.integers(0, classes, outer)
    return np.where(rng.random(outer) < 0.3, ignored, target) if ignored is not None else np.array(target)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_class_indices(torch, name, shape, dtype):
    rng = np.random.default_rng(0)
    x = (3 * rng.normal(size=shape)).astype(dtype)
    weight = rng.uniform(0.2, 1.5, shape[0] if len(shape) == 1 else shape[1]).astype(dtype)
    for weighted, ignored, reduction in itertools.product((False, True), (None, -7, 1), REDUCTIONS):
        smoothing = (0.0, 0.2) if name == "cross_entropy" and dtype == "float64" else (0.0,)
        for label_smoothing in smoothing:
            options = {"reduction": reduction}
            if ignored is not None:
                options["ignore_index"] = ignored
            if label_smoothing:
                options["label_smoothing"] = label_smoothing
            target = indices(shape, ignored)
            compare(torch, name, dtype, x, target, weight if weighted else None, **options)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", [(16, 5), (6,), (3, 4, 5), (0, 3)], ids=str)
def test_class_probabilities(torch, shape, dtype):
    rng = np.random.default_rng(0)
    x = (3 * rng.normal(size=shape)).astype(dtype)
    target = rng.dirichlet(np.ones(4), shape)[..., 0].astype(dtype)
    weight = rng.uniform(0.2, 1.5, shape[0] if len(shape) == 1 else shape[1]).astype(dtype)
    for weighted, reduction, label_smoothing in itertools.product((False, True), REDUCTIONS, (0.0, 0.2)):
        compare(
            torch,
            "cross_entropy",
            dtype,
            x,
            target,
            weight if weighted else None,
            reduction=reduction,
            label_smoothing=label_smoothing,
        )


def test_recorded_values():
    x = tg.tensor([[1.0, 2.0, 3.0], [1.0, -1.0, 0.0]], dtype=tg.float64, requires_grad=True)
    loss = ops.cross_entropy(x, tg.tensor([2, 1]))
    # log(1 + e^-1 + e^-2) for the first row, and two more for the second.
    row = math.log(1 + math.exp(-1) + math.exp(-2))
    assert loss.item() == pytest.approx(row + 1, rel=1e-14)
    loss.backward()
    p = np.exp([[-2, -1, 0], [0, -2, -1]]) / math.exp(row)
    np.testing.assert_allclose(x.grad.numpy(), (p - np.eye(3)[[2, 1]]) / 2, rtol=1e-14)


@pytest.mark.parametrize("label_smoothing", [0.1, 1.0])
def test_label_smoothing_in_float32(torch, label_smoothing):
    x = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    for ignored, weight in itertools.product((None, -7), (None, np.arange(1, 6, dtype=np.float32))):
        options = {"label_smoothing": label_smoothing, "ignore_index": -7}
        compare(torch, "cross_entropy", "float32", x, indices((8, 5), ignored), weight, **options)


def test_cross_entropy_is_log_softmax_and_nll_loss():
    x = tg.randn(8, 5, dtype=tg.float64)
    target = tg.randint(0, 5, (8,))
    for reduction in REDUCTIONS:
        a = ops.cross_entropy(x, target, reduction=reduction)
        b = ops.nll_loss(tg.log_softmax(x, 1), target, reduction=reduction)
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-13)


@pytest.mark.parametrize("scale", [1.0, 80.0, 1e4])
def test_large_logits(torch, scale):
    x = (scale * np.random.default_rng(0).normal(size=(6, 4))).astype(np.float32)
    target = np.array([0, 1, 2, 3, 0, 1])
    compare(torch, "cross_entropy", "float32", x, target, None)


def test_infinite_logits(torch):
    x = np.array([[0.0, -np.inf, 1.0], [2.0, 1.0, -np.inf]], np.float32)
    for target in ([0, 1], [2, 0], [1, 0]):
        compare(torch, "cross_entropy", "float32", x, np.array(target), None, reduction="none")


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_nothing_to_average(name):
    loss = getattr(ops, name)
    x = tg.randn(3, 4, requires_grad=True)
    ignored = tg.full((3,), -100)
    out = loss(x, ignored)
    assert math.isnan(out.item())
    out.backward()
    assert x.grad.tolist() == tg.zeros(3, 4).tolist()
    assert loss(x, ignored, reduction="sum").item() == 0
    assert loss(x, ignored, reduction="none").tolist() == [0, 0, 0]
    assert math.isnan(loss(x[:0], ignored[:0]).item())
    assert loss(x[:0], ignored[:0], reduction="sum").item() == 0
    assert math.isnan(loss(x, tg.tensor([0, 1, 2]), tg.zeros(4)).item())


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_what_is_ignored_may_be_infinite(name):
    x = tg.tensor([[0.0, 1.0], [np.inf, -np.inf]], requires_grad=True)
    out = getattr(ops, name)(x, tg.tensor([1, -100]))
    assert np.isfinite(out.item())


def test_forms_of_targets():
    x = tg.randn(4, 3)
    target = tg.tensor([0, 1, 2, 1])
    expected = ops.cross_entropy(x, target).item()
    assert ops.cross_entropy(x, target.to(tg.uint8)).item() == expected
    assert ops.cross_entropy(x, tg.stack([target, target], 1)[:, 0]).item() == expected
    assert ops.cross_entropy(x.t().contiguous().t(), target).item() == pytest.approx(expected, rel=1e-6)
    single = ops.cross_entropy(x[0], target[0], reduction="none")
    assert single.shape == ()
    assert ops.cross_entropy(x[0], target[:1]).item() == single.item()
    one_hot = tg.eye(3)[target]
    assert ops.cross_entropy(x, one_hot).item() == pytest.approx(expected, rel=1e-6)


def test_a_target_changed_before_the_backward_pass_is_noticed():
    target = tg.tensor([0, 1])
    loss = ops.cross_entropy(tg.randn(2, 3, requires_grad=True), target)
    target.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


X, T, W = tg.ones(4, 3), tg.tensor([0, 1, 2, 1]), tg.ones(3)
ERRORS = [
    ((X, tg.tensor([0, 1, 10, 1])), IndexError, "Target 10 is out of bounds."),
    ((X, tg.tensor([0, 1, -1, 1])), IndexError, "Target -1 is out of bounds."),
    ((X[0], tg.tensor(5)), IndexError, "Target 5 is out of bounds."),
    ((X, T.int()), RuntimeError, "expected target dtype to be Long or Byte, but got Int"),
    ((X, T.float()), RuntimeError, "expected target dtype to be Long or Byte, but got Float"),
    ((X, T > 0), RuntimeError, "expected target dtype to be Long or Byte, but got Bool"),
    ((X, T[:3]), ValueError, r"Expected input batch_size \(4\) to match target batch_size \(3\)."),
    ((X, T[0]), ValueError, r"Expected input batch_size \(4\) to match target batch_size \(0\)."),
    ((X, T[:, None]), RuntimeError, "0D or 1D target tensor expected, multi-target not supported"),
    ((X[0], T), ValueError, "For 1D input, 1D target must have size 1, but got target size: 4"),
    ((tg.ones(2, 3, 4), tg.zeros(2, 3).long()), RuntimeError, r"Expected target size \[2, 4\], got \[2, 3\]"),
    ((tg.ones(2, 3, 4), tg.zeros(2).long()), RuntimeError, r"Expected target size \[2, 4\], got \[2\]"),
    ((X, T, tg.ones(2)), RuntimeError, "either for all 3 classes or no classes .* shape: \\[2\\]"),
    ((X, T, tg.ones(3, 1)), RuntimeError, "either for all 3 classes or no classes .* shape: \\[3, 1\\]"),
    ((X, T, W.double()), RuntimeError, "expected scalar type Float but found Double"),
    ((X, T, tg.ones(3, requires_grad=True)), RuntimeError, "not differentiable .* argument 'weight'"),
    ((X.long(), T), NotImplementedError, "not implemented for 'Long'"),
    ((3, T), TypeError, "argument 'input' .* must be Tensor, not int"),
    ((X, 3), TypeError, "argument 'target' .* must be Tensor, not int"),
    ((X, T, [1, 2, 3]), TypeError, "argument 'weight' .* must be Tensor, not list"),
]


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
@pytest.mark.parametrize(("args", "error", "message"), ERRORS)
def test_errors(name, args, error, message):
    with pytest.raises(error, match=message):
        getattr(ops, name)(*args)


@pytest.mark.parametrize(
    ("args", "options", "error", "message"),
    [
        ((X, T), {"reduction": "average"}, ValueError, "average is not a valid value for reduction"),
        ((X, T), {"label_smoothing": 1.5}, RuntimeError, "must be between 0.0 and 1.0. Got: 1.5"),
        ((X, T), {"label_smoothing": -0.5}, RuntimeError, "must be between 0.0 and 1.0. Got: -0.5"),
        ((X, X.long()), {}, RuntimeError, "Expected floating point type for target .* got Long"),
        ((X, X), {"ignore_index": 1}, RuntimeError, "ignore_index is not supported for floating point"),
        ((X, X, tg.ones(2)), {}, RuntimeError, "either for all 3 classes or no classes"),
        ((X[0, 0], X[0, 0]), {}, IndexError, r"\(C,\), \(N, C\)"),
    ],
)
def test_errors_of_cross_entropy(args, options, error, message):
    with pytest.raises(error, match=message):
        ops.cross_entropy(*args, **options)
