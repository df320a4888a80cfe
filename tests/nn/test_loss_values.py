"""Losses without the oracle: values one can check by hand, and recorded ones."""

from __future__ import annotations

import math

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F

X = tg.tensor([1.0, -2.0, 0.5])
Y = tg.tensor([0.0, 1.0, 0.5])


@pytest.mark.parametrize(
    ("loss", "values"),
    [
        (nn.MSELoss(reduction="none"), [1, 9, 0]),
        (nn.L1Loss(reduction="none"), [1, 3, 0]),
        (nn.SmoothL1Loss(reduction="none", beta=2.0), [0.25, 2, 0]),
        (nn.HuberLoss(reduction="none", delta=2.0), [0.5, 4, 0]),
    ],
)
def test_regression(loss, values):
    assert loss(X, Y).tolist() == pytest.approx(values)
    loss.reduction = "sum"
    assert loss(X, Y).item() == pytest.approx(sum(values))
    loss.reduction = "mean"
    assert loss(X, Y).item() == pytest.approx(sum(values) / 3)


def test_weights():
    weight = tg.tensor([1.0, 2.0, 5.0])
    assert F.mse_loss(X, Y, weight=weight).item() == pytest.approx(19 / 8)
    assert F.l1_loss(X, Y, weight=weight).item() == pytest.approx(7 / 8)
    assert F.huber_loss(X, Y, weight=weight).item() == pytest.approx(5.5 / 3)


def test_cross_entropy():
    scores = tg.tensor([[2.0, 0.0], [0.0, 0.0]], requires_grad=True)
    loss = nn.CrossEntropyLoss()(scores, tg.tensor([0, 1]))
    assert loss.item() == pytest.approx((math.log(1 + math.exp(-2)) + math.log(2)) / 2)
    loss.backward()
    p = 1 / (1 + math.exp(-2))
    assert scores.grad.flatten().tolist() == pytest.approx([(p - 1) / 2, (1 - p) / 2, 0.25, -0.25])


def test_cross_entropy_is_nll_of_log_softmax():
    scores = tg.randn(4, 3)
    target = tg.tensor([0, 2, 1, 1])
    direct = nn.CrossEntropyLoss(ignore_index=1)(scores, target)
    assert nn.NLLLoss(ignore_index=1)(nn.LogSoftmax(1)(scores), target).item() == pytest.approx(direct.item())


def test_binary_cross_entropy():
    p, t = tg.tensor([0.25, 0.75]), tg.tensor([0.0, 1.0])
    assert nn.BCELoss()(p, t).item() == pytest.approx(-math.log(0.75))
    assert nn.BCEWithLogitsLoss()(tg.log(p / (1 - p)), t).item() == pytest.approx(-math.log(0.75))
    assert F.binary_cross_entropy(tg.tensor([0.0]), tg.tensor([1.0])).item() == 100


def test_saturated_probabilities_give_no_nan():
    x = tg.tensor([40.0, -40.0, 200.0, 0.0], requires_grad=True)
    F.binary_cross_entropy(x.sigmoid(), tg.tensor([0.0, 1.0, 1.0, 1.0])).backward()
    assert x.grad.isfinite().all()


def test_large_logits_do_not_overflow():
    x = tg.tensor([1000.0, -1000.0], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(x, tg.tensor([0.0, 1.0]), reduction="none")
    assert loss.tolist() == [1000, 1000]
    loss.sum().backward()
    assert x.grad.tolist() == [1, -1]


def test_second_derivatives():
    for loss, curvature in [(F.mse_loss, 2.0), (F.smooth_l1_loss, 1.0), (F.huber_loss, 1.0)]:
        x = tg.tensor([0.3], dtype=tg.float64, requires_grad=True)
        (first,) = tg.autograd.grad(loss(x, tg.zeros(1, dtype=tg.float64)), x, create_graph=True)
        (second,) = tg.autograd.grad(first.sum(), x)
        assert second.item() == pytest.approx(curvature)
    x = tg.tensor([0.3], dtype=tg.float64, requires_grad=True)
    t = tg.ones(1, dtype=tg.float64)
    (first,) = tg.autograd.grad(F.binary_cross_entropy(x, t), x, create_graph=True)
    (second,) = tg.autograd.grad(first.sum(), x)
    assert second.item() == pytest.approx(1 / 0.09)


def test_a_weight_is_a_buffer():
    loss = nn.CrossEntropyLoss(weight=tg.ones(3))
    assert list(loss.state_dict()) == ["weight"]
    assert loss.double().weight.dtype == tg.float64
    loss = nn.BCEWithLogitsLoss(pos_weight=tg.ones(3))
    assert list(loss.state_dict()) == ["pos_weight"]
    assert not list(nn.MSELoss().state_dict())


def test_deprecated_arguments_of_layers():
    with pytest.warns(UserWarning, match="use reduction='sum'"):
        assert nn.MSELoss(size_average=False).reduction == "sum"
    with pytest.warns(UserWarning, match="use reduction='none'"):
        assert nn.CrossEntropyLoss(reduce=False).reduction == "none"


def test_recorded_values():
    # From torch 2.13, on sin(0), sin(1), ... as scores of 4 rows and 3 classes.
    scores = tg.sin(tg.arange(12.0)).reshape(4, 3)
    target = tg.tensor([0, 2, 1, 1])
    weight = tg.tensor([0.5, 1.0, 2.0])
    assert F.cross_entropy(scores, target).item() == pytest.approx(1.4701400, rel=1e-6)
    assert F.cross_entropy(scores, target, weight=weight, label_smoothing=0.1).item() == pytest.approx(
        1.4600439, rel=1e-6
    )
    assert F.smooth_l1_loss(scores[0], scores[1], beta=0.7).item() == pytest.approx(0.9269068, rel=1e-6)
