from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.training import baseline, best_model, count_parameters, initialise_kaiming


def test_parameter_counts_are_those_of_the_report() -> None:
    assert count_parameters(best_model()) == 168_202
    assert count_parameters(baseline()) == 17_802
    assert count_parameters(best_model(64)) == 168_202 - 64 * 256


def test_the_layers_of_the_best_model() -> None:
    kinds = [type(module).__name__ for module in best_model().children()]
    assert kinds == [
        "Linear",
        "BatchNorm1d",
        "GELU",
        "Dropout",
        "Residual",
        "BatchNorm1d",
        "GELU",
        "Dropout",
        "Linear",
    ]
    assert [m.p for m in best_model(dropout=0.3).modules() if isinstance(m, nn.Dropout)] == [0.3, 0.3]


def test_the_residual_block_is_x_plus_linear_gelu_linear() -> None:
    block = best_model(4, width=5).residual
    x = tg.randn(3, 5)
    inner = [module for module in block.modules() if isinstance(module, nn.Linear)]
    assert len(inner) == 2
    expected = x + inner[1](nn.functional.gelu(inner[0](x)))
    np.testing.assert_array_equal(block(x).detach().numpy(), expected.detach().numpy())


def test_logits_and_gradients_for_every_parameter() -> None:
    for model in (best_model(12, 4, width=8), baseline(12, 4)):
        logits = model(tg.randn(5, 12))
        assert tuple(logits.shape) == (5, 4)
        nn.CrossEntropyLoss()(logits, tg.tensor([0, 1, 2, 3, 0])).backward()
        assert all(p.grad is not None for p in model.parameters())


def test_kaiming_initialisation() -> None:
    tg.manual_seed(0)
    model = best_model()
    for module in model.modules():
        if isinstance(module, nn.Linear):
            weight = module.weight.detach().numpy()
            assert weight.std() == pytest.approx(np.sqrt(2 / weight.shape[1]), rel=0.05)
            assert abs(weight.mean()) < 0.01
            assert not module.bias.detach().numpy().any()


def test_initialisation_draws_from_the_default_generator() -> None:
    tg.manual_seed(3)
    first = best_model(6, 3, width=4)
    tg.manual_seed(3)
    second = best_model(6, 3, width=4)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert a.tolist() == b.tolist()
    layer = nn.Linear(3, 2, bias=False)
    assert initialise_kaiming(layer) is layer


def test_frozen_and_shared_parameters() -> None:
    shared = nn.Linear(3, 3)
    model = nn.Sequential(shared, shared, nn.Linear(3, 2))
    assert count_parameters(model) == 12 + 8
    shared.weight.requires_grad_(False)
    assert count_parameters(model) == 3 + 8
    assert count_parameters(model, trainable_only=False) == 12 + 8
