"""Every loss against PyTorch: values and gradients, in all reductions and corner cases."""

from __future__ import annotations

import warnings

import pytest

from tinygrad5329 import nn
from tinygrad5329.nn import functional as F

REDUCTIONS = ["mean", "sum", "none"]


def compare(oracle, name, inputs, target, tolerance=1e-10, target_gradient=True, **options):
    """Call the loss `name` in both libraries and compare values and the gradients of all float tensors."""
    torch = oracle.torch
    inputs = inputs.detach().requires_grad_()
    if target_gradient and target.is_floating_point():
        target = target.detach().requires_grad_()
    mine, mine_target = oracle.ours(inputs), oracle.ours(target)
    expected = getattr(torch.nn.functional, name)(inputs, target, **options)
    got = getattr(F, name)(mine, mine_target, **oracle.ours(options))
    oracle.check(got, expected)
    weight = torch.randn_like(expected)
    (expected * weight).sum().backward()
    (got * oracle.ours(weight)).sum().backward()
    ours, theirs = [mine], [inputs]
    if target.requires_grad:
        ours.append(mine_target)
        theirs.append(target)
    oracle.check_gradients(ours, theirs, rtol=tolerance)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
def test_regression(name, weighted, reduction, oracle):
    torch = oracle.torch
    x, y = torch.randn(2, 4, 5, dtype=torch.float64).unbind()
    options = {"weight": torch.rand(4, 5, dtype=torch.float64)} if weighted else {}
    compare(oracle, name, x, y, reduction=reduction, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("beta", [0, 0.5, 1.0, 3.0])
def test_smooth_l1(beta, reduction, oracle):
    torch = oracle.torch
    # Steps of a quarter hit the kink and zero exactly.
    x = torch.randint(-12, 12, (4, 5)).double() / 4
    y = torch.randint(-12, 12, (4, 5)).double() / 4
    compare(oracle, "smooth_l1_loss", x, y, beta=beta, reduction=reduction)
    if beta:
        compare(oracle, "huber_loss", x, y, delta=beta, reduction=reduction)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropy(weighted, reduction, oracle):
    torch = oracle.torch
    options = {"weight": torch.rand(5, dtype=torch.float64)} if weighted else {}
    x, y = torch.rand(2, 4, 5, dtype=torch.float64).unbind()
    compare(oracle, "binary_cross_entropy", x, y, reduction=reduction, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_binary_cross_entropy_at_the_ends(reduction, oracle):
    torch = oracle.torch
    x = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1e-20, 1e-20, 0.3, 1.0 - 1e-15], dtype=torch.float64)
    y = torch.tensor([0.0, 1.0, 0.25, 0.0, 1.0, 0.25, 1.0, 0.0, 0.5, 0.0], dtype=torch.float64)
    # PyTorch's 1e-12 is a float32.
    compare(oracle, "binary_cross_entropy", x, y, reduction=reduction, tolerance=1e-8, target_gradient=False)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("options", [{}, {"weight": 5}, {"pos_weight": 5}, {"weight": 1, "pos_weight": 5}])
def test_binary_cross_entropy_with_logits(options, reduction, oracle):
    torch = oracle.torch
    options = {key: torch.rand(size, dtype=torch.float64) * 3 for key, size in options.items()}
    x = torch.randn(4, 5, dtype=torch.float64) * 3
    x[0, :4] = torch.tensor([0.0, 300.0, -300.0, -25.0])
    y = torch.rand(4, 5, dtype=torch.float64)
    compare(oracle, "binary_cross_entropy_with_logits", x, y, reduction=reduction, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(5,), (4, 5), (4, 5, 3), (2, 5, 3, 2)])
def test_cross_entropy(shape, weighted, smoothing, reduction, oracle):
    torch = oracle.torch
    x = torch.randn(shape, dtype=torch.float64)
    options = {"weight": torch.rand(5, dtype=torch.float64)} if weighted else {}
    rest = (*shape[:1], *shape[2:]) if len(shape) > 1 else ()
    target = torch.randint(0, 5, rest)
    compare(oracle, "cross_entropy", x, target, label_smoothing=smoothing, reduction=reduction, **options)
    if rest:
        target.view(-1)[0] = 2
        compare(
            oracle,
            "cross_entropy",
            x,
            target,
            ignore_index=2,
            label_smoothing=smoothing,
            reduction=reduction,
            **options,
        )
    probabilities = torch.rand(shape, dtype=torch.float64)
    compare(oracle, "cross_entropy", x, probabilities, label_smoothing=smoothing, reduction=reduction, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(5,), (4, 5), (4, 5, 3)])
def test_nll(shape, weighted, reduction, oracle):
    torch = oracle.torch
    x = torch.randn(shape, dtype=torch.float64)
    options = {"weight": torch.rand(5, dtype=torch.float64)} if weighted else {}
    target = torch.randint(0, 5, (*shape[:1], *shape[2:]) if len(shape) > 1 else ())
    compare(oracle, "nll_loss", x, target, reduction=reduction, **options)
    compare(oracle, "nll_loss", x, target, reduction=reduction, ignore_index=1, **options)


LOSS_LAYERS = {
    "cross entropy": (lambda nn, w: nn.CrossEntropyLoss(w, ignore_index=1, label_smoothing=0.1), "class"),
    "nll": (lambda nn, w: nn.NLLLoss(w, ignore_index=1, reduction="sum"), "class"),
    "mse": (lambda nn, w: nn.MSELoss(reduction="sum"), "real"),
    "l1": (lambda nn, w: nn.L1Loss(reduction="none"), "real"),
    "smooth l1": (lambda nn, w: nn.SmoothL1Loss(beta=0.3), "real"),
    "huber": (lambda nn, w: nn.HuberLoss("sum", 0.3), "real"),
    "bce": (lambda nn, w: nn.BCELoss(w, reduction="sum"), "probability"),
    "bce logits": (lambda nn, w: nn.BCEWithLogitsLoss(w, pos_weight=w), "real"),
}


@pytest.mark.parametrize("name", LOSS_LAYERS)
def test_loss_layer(name, oracle):
    build, kind = LOSS_LAYERS[name]
    torch = oracle.torch
    weight = torch.rand(5, dtype=torch.float64)
    x = torch.rand(4, 5, dtype=torch.float64)
    y = torch.randint(0, 5, (4,)) if kind == "class" else torch.rand(4, 5, dtype=torch.float64)
    theirs, ours = build(torch.nn, weight), build(nn, oracle.ours(weight))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    oracle.check(ours(oracle.ours(x), oracle.ours(y)), theirs(x, y))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_broadcasting_draws_the_warning(name, oracle):
    torch = oracle.torch
    x, y = torch.randn(4, 5, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = getattr(torch.nn.functional, name)(x, y)
    with pytest.warns(UserWarning, match="Using a target size .* that is different to the input size"):
        got = getattr(F, name)(oracle.ours(x), oracle.ours(y))
    oracle.check(got, expected)


@pytest.mark.parametrize(
    "name",
    ["mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits"],
)
@pytest.mark.parametrize(
    "legacy", [{"size_average": False}, {"size_average": True}, {"reduce": False}, {"reduce": True}]
)
def test_deprecated_reduction_arguments(name, legacy, oracle):
    torch = oracle.torch
    x, y = torch.rand(2, 4, 5, dtype=torch.float64).unbind()
    with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
        expected = getattr(torch.nn.functional, name)(x, y, **legacy)
    with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
        got = getattr(F, name)(oracle.ours(x), oracle.ours(y), **legacy)
    oracle.check(got, expected)


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_deprecated_reduction_arguments_of_class_losses(name, oracle):
    torch = oracle.torch
    x, y = torch.randn(4, 5, dtype=torch.float64), torch.randint(0, 5, (4,))
    with pytest.warns(UserWarning, match="use reduction='sum'"):
        expected = getattr(torch.nn.functional, name)(x, y, size_average=False)
    with pytest.warns(UserWarning, match="use reduction='sum'"):
        got = getattr(F, name)(oracle.ours(x), oracle.ours(y), size_average=False)
    oracle.check(got, expected)


@pytest.mark.parametrize(
    "name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits"]
)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_no_elements(name, reduction, oracle):
    torch = oracle.torch
    x = torch.zeros(0, 3, dtype=torch.float64)
    expected = getattr(torch.nn.functional, name)(x, x, reduction=reduction)
    oracle.check(getattr(F, name)(oracle.ours(x), oracle.ours(x), reduction=reduction), expected)
