"""The losses with margins, of distributions, and of pairs: values, gradients and errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F

X = [[0.5, -1.0, 2.0], [0.0, 1.5, -0.5]]
SIGNS = [[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]]
PROBABILITIES = [[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]]

#: Name, inputs, further arguments; each is run with every reduction, against the oracle, through layer and function.
CALLS = [
    ("kl_div", (X, PROBABILITIES), {}),
    ("kl_div", (X, X), {"log_target": True}),
    ("poisson_nll_loss", (X, [[0.0, 1.0, 5.0], [2.0, 3.0, 0.5]]), {}),
    ("poisson_nll_loss", ([[0.5, 1.0, 2.0]], [[0.4, 1.0, 5.0]]), {"log_input": False, "full": True}),
    ("gaussian_nll_loss", (X, SIGNS, [[0.5, 1.0, 1e-9], [2.0, 0.1, 3.0]]), {"full": True}),
    ("gaussian_nll_loss", (X, SIGNS, [[0.5], [2.0]]), {}),
    ("gaussian_nll_loss", (X, SIGNS, [0.5, 2.0]), {"eps": 0.6}),
    ("gaussian_nll_loss", (X, SIGNS, 0.5), {}),
    ("margin_ranking_loss", (X, SIGNS, SIGNS), {"margin": 0.3}),
    ("hinge_embedding_loss", (X, SIGNS), {"margin": 1.2}),
    ("soft_margin_loss", (X, SIGNS), {}),
    ("multi_margin_loss", (X, [2, 0]), {}),
    ("multi_margin_loss", (X, [2, 0]), {"p": 2, "margin": 0.7, "weight": [1.0, 2.0, 3.0]}),
    ("multi_margin_loss", (X[0], 1), {}),
    ("multilabel_margin_loss", (X, [[2, -1, 0], [1, 0, -1]]), {}),
    ("multilabel_margin_loss", (X, [[-1, 1, 0], [2, 0, 1]]), {}),
    ("multilabel_margin_loss", (X[0], [0, 2, -1]), {}),
    ("multilabel_soft_margin_loss", (X, PROBABILITIES), {"weight": [1.0, 2.0, 3.0]}),
    ("cosine_embedding_loss", (X, SIGNS, [1, -1]), {"margin": 0.1}),
    ("cosine_embedding_loss", (X[0], SIGNS[0], -1), {}),
    ("triplet_margin_loss", (X, SIGNS, PROBABILITIES), {"swap": True}),
    ("triplet_margin_loss", (X, SIGNS, PROBABILITIES), {"margin": 3.0, "p": 1}),
    ("triplet_margin_with_distance_loss", (X, SIGNS, PROBABILITIES), {"margin": 2.0}),
]
LAYERS = {
    "kl_div": nn.KLDivLoss, "poisson_nll_loss": nn.PoissonNLLLoss, "gaussian_nll_loss": nn.GaussianNLLLoss,
    "margin_ranking_loss": nn.MarginRankingLoss, "hinge_embedding_loss": nn.HingeEmbeddingLoss,
    "soft_margin_loss": nn.SoftMarginLoss, "multi_margin_loss": nn.MultiMarginLoss,
    "multilabel_margin_loss": nn.MultiLabelMarginLoss,
    "multilabel_soft_margin_loss": nn.MultiLabelSoftMarginLoss,
    "cosine_embedding_loss": nn.CosineEmbeddingLoss, "triplet_margin_loss": nn.TripletMarginLoss,
    "triplet_margin_with_distance_loss": nn.TripletMarginWithDistanceLoss,
}  # fmt: skip


def tensor(library, value):
    """A float64 leaf or an int64 tensor; a float that stands for itself stays."""
    if isinstance(value, float):
        return value
    array = np.array(value)
    if array.dtype == np.float64:
        return library.tensor(value, dtype=library.float64, requires_grad=True)
    return library.tensor(value)


def run(library, name, function, inputs, options):
    leaves = [tensor(library, each) for each in inputs]
    if name == "soft_margin_loss":  # PyTorch refuses to differentiate by the target
        leaves[1] = leaves[1].detach()
    options = {k: library.tensor(v, dtype=library.float64) if k == "weight" else v for k, v in options.items()}
    loss = function(*leaves, **options)
    loss.sum().backward()
    grads = [each.grad for each in leaves if getattr(each, "requires_grad", False)]
    return [each.detach().numpy() for each in (loss, *[g for g in grads if g is not None])]


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("name", "inputs", "options"), CALLS)
def test_against_the_oracle(name, inputs, options, reduction, oracle):
    torch = oracle.torch
    options = {**options, "reduction": reduction}
    if name == "kl_div" and "log_target" not in options:
        inputs = (inputs[0], [[p or 0.1 for p in row] for row in inputs[1]])  # PyTorch has no derivative at 0
    expected = run(torch, name, getattr(torch.nn.functional, name), inputs, options)
    for got in (
        run(tg, name, getattr(F, name), inputs, options),
        run(tg, name, lambda *a, **o: LAYERS[name](**o)(*a), inputs, options),
    ):
        assert len(got) == len(expected)
        for mine, theirs in zip(got, expected, strict=True):
            assert mine.shape == theirs.shape
            np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "value"),
    [
        (lambda: F.kl_div(tg.tensor([[0.5, 0.5]]).log(), tg.tensor([[1.0, 0.0]]), reduction="batchmean"), math.log(2)),
        (lambda: F.poisson_nll_loss(tg.zeros(2), tg.tensor([3.0, 1.0])), 1.0),
        (lambda: F.gaussian_nll_loss(tg.zeros(2), tg.ones(2), tg.ones(2)), 0.5),
        (lambda: F.margin_ranking_loss(tg.tensor([1.0]), tg.tensor([3.0]), tg.tensor([1.0]), 0.5), 2.5),
        (lambda: F.hinge_embedding_loss(tg.tensor([2.0, 0.25]), tg.tensor([1, -1])), 1.375),
        (lambda: F.soft_margin_loss(tg.tensor([-1000.0]), tg.tensor([1.0])), 1000.0),
        (lambda: F.multi_margin_loss(tg.tensor([1.0, 2.0]), tg.tensor(0)), 1.0),
        (lambda: F.multilabel_margin_loss(tg.tensor([0.1, 0.2, 0.4, 0.8]), tg.tensor([3, 0, -1, 1])), 0.85),
        (lambda: F.multilabel_soft_margin_loss(tg.zeros(1, 4), tg.ones(1, 4)), math.log(2)),
        (lambda: F.cosine_embedding_loss(tg.tensor([1.0, 0.0]), tg.tensor([0.0, 1.0]), tg.tensor(1)), 1.0),
        (lambda: F.triplet_margin_loss(tg.zeros(1, 1), tg.ones(1, 1), tg.zeros(1, 1), eps=0.0), 2.0),
    ],
)
def test_by_hand(loss, value):
    assert float(loss()) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda t, F: F.margin_ranking_loss(t.ones(2), t.ones(2, 1), t.ones(2)), RuntimeError),
        (lambda t, F: F.multi_margin_loss(t.ones(2, 3), t.tensor([0, 1]), p=3), ValueError),
        (lambda t, F: F.multi_margin_loss(t.ones(2, 3), t.tensor([0, 1, 2])), RuntimeError),
        (lambda t, F: F.multi_margin_loss(t.ones(2, 3), t.tensor([0, 3])), RuntimeError),
        (lambda t, F: F.multi_margin_loss(t.ones(2, 3), t.tensor([0, 1]), weight=t.ones(2)), RuntimeError),
        (lambda t, F: F.multilabel_margin_loss(t.ones(2, 3), t.tensor([0, 1])), RuntimeError),
        (lambda t, F: F.multilabel_margin_loss(t.ones(3), t.tensor([0, 3, -1])), RuntimeError),
        (lambda t, F: F.cosine_embedding_loss(t.ones(2, 3), t.ones(2, 3), t.ones(2, 1)), RuntimeError),
        (lambda t, F: F.cosine_embedding_loss(t.ones(3), t.ones(3), t.ones(1)), RuntimeError),
        (lambda t, F: F.triplet_margin_loss(t.ones(2, 3), t.ones(2, 3), t.ones(2, 3), margin=-1), ValueError),
        (lambda t, F: F.triplet_margin_loss(t.ones(2, 3), t.ones(3), t.ones(2, 3)), RuntimeError),
        (lambda t, F: F.gaussian_nll_loss(t.ones(2, 3), t.ones(2, 3), -t.ones(2, 3)), ValueError),
        (lambda t, F: F.gaussian_nll_loss(t.ones(2, 3), t.ones(2, 3), t.ones(4)), ValueError),
        (lambda t, F: F.soft_margin_loss(t.ones(2), t.ones(2), reduction="median"), ValueError),
    ],
)
def test_errors(call, error):
    with pytest.raises(error):
        call(tg, F)
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    with pytest.raises(error):
        call(torch, torch.nn.functional)


def test_the_older_arguments_warn_and_work():
    x, y = tg.ones(3), tg.zeros(3)
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert float(F.soft_margin_loss(x, y, size_average=False)) == pytest.approx(3 * math.log(2))
    with pytest.warns(UserWarning, match="reduction='none'"):
        assert nn.MarginRankingLoss(reduce=False).reduction == "none"
    with pytest.warns(FutureWarning, match="NLLLoss2d"):
        nn.NLLLoss2d()
    with pytest.warns(UserWarning, match="batchmean"):
        F.kl_div(x, x)


def test_the_variance_limit_leaves_the_gradient():
    var = tg.tensor([0.0], requires_grad=True)
    F.gaussian_nll_loss(tg.zeros(1), tg.ones(1), var, eps=0.5).backward()
    assert float(var.grad) == pytest.approx(0.5 * (1 / 0.5 - 1 / 0.25))
    assert float(var.detach()) == 0


def test_linear_cross_entropy(oracle):
    torch = oracle.torch
    torch.manual_seed(0)
    theirs = torch.nn.LinearCrossEntropyLoss(4, 3, out_features=(2,), bias=True, ignore_index=1)
    mine = nn.LinearCrossEntropyLoss(4, 3, out_features=(2,), bias=True, ignore_index=1)
    mine.load_state_dict(oracle.ours(dict(theirs.state_dict())))
    x, y = torch.randn(5, 4, requires_grad=True), torch.randint(3, (5, 2))
    a, b = theirs(x, y), mine(oracle.ours(x), oracle.ours(y))
    oracle.check(b, a, rtol=1e-5)
    assert repr(mine) == repr(theirs)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("options", [{}, {"batch_chunk_size": 2}, {"chunking_method": "aspect_ratio:1"}])
def test_linear_cross_entropy_in_parts(options, reduction):
    tg.manual_seed(0)
    y = tg.tensor([0, 4, 1, -100, 3, 2, 4])
    results = []
    for given in (None, nn.LinearCrossEntropyOptions(**options)):
        tg.manual_seed(1)
        x = tg.randn(7, 3, dtype=tg.float64, requires_grad=True)
        w = tg.randn(5, 3, dtype=tg.float64, requires_grad=True)
        factors = tg.rand(5, dtype=tg.float64)
        loss = F.linear_cross_entropy(x, w, y, weight=factors, reduction=reduction, options=given)
        (loss * tg.arange(1.0, loss.numel() + 1).reshape(loss.shape)).sum().backward()
        results.append([loss.detach().numpy(), x.grad.numpy(), w.grad.numpy()])
    for whole, parts in zip(*results, strict=True):
        np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-14)


def test_options_of_linear_cross_entropy():
    x, w, y = tg.ones(4, 2), tg.ones(3, 2), tg.tensor([0, 1, 2, 0])
    for wrong in ({"acc_policy": "best"}, {"chunking_method": "thirds"}, {"batch_chunk_size": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            nn.LinearCrossEntropyOptions(**wrong)
    conflict = nn.LinearCrossEntropyOptions(batch_chunk_size=3, chunking_method="aspect_ratio")
    with pytest.raises(ValueError, match="disagree"):
        F.linear_cross_entropy(x, w, y, options=conflict)
    with pytest.raises(ValueError, match="float16"):
        F.linear_cross_entropy(x, w, y, options=nn.LinearCrossEntropyOptions(acc_dtype=tg.float16))
    with pytest.warns(UserWarning, match="ignored"):
        F.linear_cross_entropy(x, w, y, label_smoothing=0.1, options=nn.LinearCrossEntropyOptions())


def test_adaptive_softmax(oracle):
    torch = oracle.torch
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [3, 9], div_value=2.0, head_bias=True).double()
    mine = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [3, 9], div_value=2.0, head_bias=True).double()
    mine.load_state_dict(oracle.ours(dict(theirs.state_dict())))
    x, y = torch.randn(12, 8, dtype=torch.float64, requires_grad=True), torch.randint(20, (12,))
    expected, got = theirs(x, y), mine(own := oracle.ours(x), oracle.ours(y))
    oracle.check(got.output, expected.output)
    oracle.check(got.loss, expected.loss)
    expected.loss.backward()
    got.loss.backward()
    oracle.check_gradients([own, *mine.parameters()], [x, *theirs.parameters()])
    oracle.check(mine.log_prob(own), theirs.log_prob(x))
    assert mine.predict(own).tolist() == theirs.predict(x).tolist()
    assert mine(own[0], oracle.ours(y[0])).output.shape == ()
    for target in (tg.full((12,), 20), tg.zeros(3, dtype=tg.int64), tg.zeros(2, 2, dtype=tg.int64)):
        with pytest.raises(RuntimeError):
            mine(own, target)
    with pytest.raises(ValueError, match="cutoffs"):
        nn.AdaptiveLogSoftmaxWithLoss(8, 20, [9, 3])


def test_adaptive_softmax_sums_to_one():
    tg.manual_seed(0)
    layer = nn.AdaptiveLogSoftmaxWithLoss(4, 10, [2, 5], div_value=2.0)
    x = tg.randn(3, 4)
    logs = layer.log_prob(x)
    np.testing.assert_allclose(logs.detach().exp().sum(1).numpy(), 1, rtol=1e-5)
    target = tg.tensor([1, 4, 9])
    assert layer(x, target).output.tolist() == pytest.approx(logs.gather(1, target.unsqueeze(1)).squeeze(1).tolist())
    assert layer.predict(x).tolist() == logs.argmax(1).tolist()
