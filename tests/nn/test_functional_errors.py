"""Wrong arguments: PyTorch's exception types, and messages that say what was got and expected."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.nn import functional as F

# A call in terms of `F` and a library, and what our message says.
CASES = {
    "linear features": (
        lambda F, t: F.linear(t.ones(3, 128), t.ones(10, 256)),
        r"linear: input has 128 features but weight expects 256 \(input is \(3, 128\), weight is \(10, 256",
    ),
    "linear features 1d": (
        lambda F, t: F.linear(t.ones(4), t.ones(3, 2)),
        "input has 4 features but weight expects 2",
    ),
    "linear dtype": (lambda F, t: F.linear(t.ones(4, 2, dtype=t.float64), t.ones(3, 2)), "same dtype"),
    "linear integers": (lambda F, t: F.linear(t.ones(4, 2, dtype=t.int64), t.ones(3, 2)), "same dtype"),
    "linear bias": (
        lambda F, t: F.linear(t.ones(4, 2), t.ones(3, 2), t.ones(4)),
        r"bias has shape \(4,\)",
    ),
    "linear weight 3d": (
        lambda F, t: F.linear(t.ones(4, 2), t.ones(3, 2, 2)),
        "weight 1 or 2, got input",
    ),
    "linear scalar": (lambda F, t: F.linear(t.tensor(1.0), t.ones(3, 2)), "linear: input needs at least 1 dimension"),
    "linear no tensor": (
        lambda F, t: F.linear(3, t.ones(3, 2)),
        "argument 'input' .*must be Tensor, not int",
    ),
    "linear no weight": (
        lambda F, t: F.linear(t.ones(3, 2), None),
        "argument 'weight' .*must be Tensor, not NoneType",
    ),
    "hardtanh": (lambda F, t: F.hardtanh(t.ones(2), 2.0, 1.0), "min_val cannot be greater than max_val"),
    "celu": (lambda F, t: F.celu(t.ones(2), 0.0), "alpha cannot be 0 for CELU"),
    "softshrink": (lambda F, t: F.softshrink(t.ones(2), -1.0), "lambda"),
    "glu": (lambda F, t: F.glu(t.ones(3)), "Halving dimension must be even"),
    "prelu": (lambda F, t: F.prelu(t.ones(2, 3), t.ones(2)), "Mismatch of parameter numbers"),
    "group norm": (lambda F, t: F.group_norm(t.ones(2, 3), 2), "divisible by num_groups|num_groups"),
    "dropout 1d": (lambda F, t: F.dropout1d(t.ones(2)), "dropout1d"),
    "relu int inplace leaf": (
        lambda F, t: F.relu(t.ones(2, requires_grad=True), inplace=True),
        "a leaf Variable that requires grad",
    ),
    "bilinear size": (
        lambda F, t: F.bilinear(t.ones(2, 2), t.ones(2, 4), t.ones(5, 2, 3)),
        "input2 size does not match weight size: got 4 but expected 3",
    ),
    "bilinear batch": (
        lambda F, t: F.bilinear(t.ones(2, 2), t.ones(3, 3), t.ones(5, 2, 3)),
        "batch dimensions do not match at dim 0: got 2 and 3",
    ),
    "bilinear dims": (
        lambda F, t: F.bilinear(t.ones(2, 2), t.ones(2, 2, 3), t.ones(5, 2, 3)),
        "input dimensions do not match: got 2 and 3",
    ),
    "bilinear bias": (
        lambda F, t: F.bilinear(t.ones(2, 2), t.ones(2, 3), t.ones(5, 2, 3), t.ones(4)),
        "bias size does not match",
    ),
    "gelu": (
        lambda F, t: F.gelu(t.ones(2), approximate="fast"),
        "approximate argument must be either none or tanh",
    ),
    "softmax dim": (lambda F, t: F.softmax(t.ones(2, 3), 5), "Dimension out of range"),
    "log softmax dim": (lambda F, t: F.log_softmax(t.ones(2, 3), -3), "Dimension out of range"),
    "dropout": (
        lambda F, t: F.dropout(t.ones(2), 1.5),
        "dropout probability has to be between 0 and 1, but got 1.5",
    ),
    "batch norm one value": (
        lambda F, t: F.batch_norm(t.ones(1, 3), None, None, training=True),
        "more than 1 value per channel",
    ),
    "batch norm no stats": (
        lambda F, t: F.batch_norm(t.ones(2, 3), None, None),
        "running_mean must be defined",
    ),
    "batch norm size": (
        lambda F, t: F.batch_norm(t.ones(2, 3), t.ones(2), t.ones(3)),
        "running_mean.*3.*2|2.*3",
    ),
    "layer norm shape": (lambda F, t: F.layer_norm(t.ones(2, 3), (3, 4)), "normalized_shape"),
    "layer norm weight": (lambda F, t: F.layer_norm(t.ones(2, 3), (3,), t.ones(4)), "weight"),
    "layer norm bias": (lambda F, t: F.layer_norm(t.ones(2, 3), (3,), None, t.ones(4)), "bias"),
    "layer norm int": (lambda F, t: F.layer_norm(t.ones(2, 3), 3), "must be tuple of ints, not int"),
    "layer norm empty": (lambda F, t: F.layer_norm(t.ones(2, 3), ()), "normalized_shape"),
    "ce batch": (lambda F, t: F.cross_entropy(t.ones(2, 3), t.ones(3, dtype=t.int64)), "batch"),
    "ce range": (lambda F, t: F.cross_entropy(t.ones(2, 3), t.tensor([0, 3])), "Target 3 is out of bounds"),
    "ce negative": (
        lambda F, t: F.cross_entropy(t.ones(2, 3), t.tensor([0, -1])),
        "Target -1 is out of bounds",
    ),
    "ce float": (lambda F, t: F.cross_entropy(t.ones(2, 3), t.ones(2)), "Long"),
    "ce int32": (lambda F, t: F.cross_entropy(t.ones(2, 3), t.ones(2, dtype=t.int32)), "Long"),
    "ce probabilities": (lambda F, t: F.cross_entropy(t.ones(2, 3), t.ones(2, 4)), "target"),
    "ce weight": (lambda F, t: F.cross_entropy(t.ones(2, 3), t.tensor([0, 2]), weight=t.ones(4)), "weight"),
    "ce reduction": (
        lambda F, t: F.cross_entropy(t.ones(2, 3), t.tensor([0, 2]), reduction="x"),
        "x is not a valid value",
    ),
    "ce smoothing": (
        lambda F, t: F.cross_entropy(t.ones(2, 3), t.tensor([0, 2]), label_smoothing=1.5),
        "label_smoothing must be between 0.0 and 1.0",
    ),
    "nll 2d target": (lambda F, t: F.nll_loss(t.ones(2, 3), t.ones(2, 3)), "target"),
    "nll int32": (lambda F, t: F.nll_loss(t.ones(2, 3), t.ones(2, dtype=t.int32)), "Long"),
    "nll batch": (lambda F, t: F.nll_loss(t.ones(2, 3), t.ones(4, dtype=t.int64)), "batch"),
    "nll reduction": (
        lambda F, t: F.nll_loss(t.ones(2, 3), t.tensor([0, 2]), reduction="x"),
        "x is not a valid value",
    ),
    "mse reduction": (lambda F, t: F.mse_loss(t.ones(2), t.ones(2), reduction="x"), "x is not a valid value"),
    "mse weight": (
        lambda F, t: F.mse_loss(t.ones(2), t.ones(2), weight=t.ones(1)),
        "must have the same size",
    ),
    "huber weight": (
        lambda F, t: F.huber_loss(t.ones(2), t.ones(2), weight=t.ones(1)),
        "must have the same size",
    ),
    "huber delta": (
        lambda F, t: F.huber_loss(t.ones(2), t.ones(2), delta=0),
        "non-positive values for delta",
    ),
    "smooth beta": (lambda F, t: F.smooth_l1_loss(t.ones(2), t.ones(2), beta=-1), "negative values for beta"),
    "bce shape": (
        lambda F, t: F.binary_cross_entropy(t.ones(2, 3), t.ones(3)),
        "different to the input size .* is deprecated",
    ),
    "bce input": (
        lambda F, t: F.binary_cross_entropy(t.ones(2) * 2, t.ones(2)),
        "all elements of input should be between 0 and 1",
    ),
    "bce target": (
        lambda F, t: F.binary_cross_entropy(t.ones(2), -t.ones(2)),
        "all elements of target should be between 0 and 1",
    ),
    "bce dtype": (
        lambda F, t: F.binary_cross_entropy(t.ones(2), t.ones(2, dtype=t.int64)),
        "must have one floating-point dtype",
    ),
    "bce reduction": (
        lambda F, t: F.binary_cross_entropy(t.ones(2), t.ones(2), reduction="x"),
        "not a valid value",
    ),
    "bcel shape": (
        lambda F, t: F.binary_cross_entropy_with_logits(t.ones(2, 3), t.ones(3)),
        "must be the same as input size",
    ),
    "bcel pos_weight": (
        lambda F, t: F.binary_cross_entropy_with_logits(t.ones(2, 3), t.ones(2, 3), pos_weight=t.ones(2)),
        "size of tensor|broadcast",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_message(name):
    call, message = CASES[name]
    with pytest.raises((TypeError, ValueError, RuntimeError, IndexError), match=message):
        call(F, tg)


@pytest.mark.parametrize("name", CASES)
def test_type_is_the_oracles(name, oracle):
    call, _ = CASES[name]
    with pytest.raises(Exception) as expected:
        call(oracle.torch.nn.functional, oracle.torch)
    with pytest.raises(Exception) as got:
        call(F, tg)
    assert type(got.value) is type(expected.value)


REGRESSION = ["mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"]
BINARY = ["binary_cross_entropy", "binary_cross_entropy_with_logits"]


@pytest.mark.parametrize("name", REGRESSION + BINARY)
def test_losses_want_tensors(name):
    with pytest.raises(TypeError, match=r"argument 'target'.* must be Tensor, not int"):
        getattr(F, name)(tg.ones(2), 1)
    with pytest.raises(TypeError, match=r"argument 'input'.* must be Tensor, not float"):
        getattr(F, name)(1.0, tg.ones(2))


@pytest.mark.parametrize("name", REGRESSION)
def test_shapes_that_cannot_be_broadcast(name):
    with pytest.warns(UserWarning, match="different to the input size"), pytest.raises(RuntimeError):
        getattr(F, name)(tg.ones(2, 3), tg.ones(4))


@pytest.mark.parametrize(
    ("function", "dims"), [("softmax", {1: 0, 2: 1, 3: 0, 4: 1}), ("log_softmax", {1: 0, 2: 1, 3: 0})]
)
def test_implicit_dim(function, dims):
    for ndim, dim in dims.items():
        x = tg.randn(*[2] * ndim)
        with pytest.warns(UserWarning, match=f"Implicit dimension choice for {function} has been deprecated"):
            implicit = getattr(F, function)(x)
        assert (implicit == getattr(F, function)(x, dim)).all()
