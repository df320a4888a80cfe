"""Averages of weights: against PyTorch, and by hand."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim import swa_utils

AVERAGES = {
    "mean": lambda s: {},
    "ema": lambda s: {"avg_fn": s.get_ema_avg_fn(0.9), "use_buffers": True},
    "multi ema": lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn(0.9)},
    "multi ema of buffers": lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn(0.9), "use_buffers": True},
    "swa": lambda s: {"avg_fn": s.get_swa_avg_fn()},
    "multi swa": lambda s: {"multi_avg_fn": s.get_swa_multi_avg_fn()},
}


def train(library, average):
    library.manual_seed(0)
    nn, swa = library.nn, library.optim.swa_utils
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    averaged = swa.AveragedModel(model, **AVERAGES[average](swa))
    optimizer = library.optim.SGD(model.parameters(), lr=0.1)
    scheduler = swa.SWALR(optimizer, 0.02, anneal_epochs=3)
    rates, batches = [], [library.randn(8, 3) for _ in range(5)]
    for x in batches:
        optimizer.zero_grad()
        (model(x) ** 2).mean().backward()
        optimizer.step()
        averaged.update_parameters(model)
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    before = {key: value.detach().numpy().copy() for key, value in averaged.state_dict().items()}
    averaged.eval()
    swa.update_bn([(x, 0) for x in batches], averaged)
    assert not averaged.training
    after = {f"{key} then": value.detach().numpy() for key, value in averaged.state_dict().items()}
    return {"rates": np.array(rates), **before, **after, "output": averaged(batches[0]).detach().numpy()}


@pytest.mark.parametrize("average", AVERAGES)
def test_training_is_pytorchs(oracle, average):
    ours, theirs = train(tg, average), train(oracle, average)
    assert list(ours) == list(theirs)
    for key, wanted in theirs.items():
        np.testing.assert_allclose(ours[key], wanted, rtol=1e-4, atol=1e-5, err_msg=key)


def test_the_mean_of_the_weights():
    model = tg.nn.Linear(1, 1, bias=False)
    averaged = swa_utils.AveragedModel(model)
    for value in (1.0, 2.0, 6.0):
        tg.nn.init.constant_(model.weight, value)
        averaged.update_parameters(model)
    assert averaged.module.weight.item() == pytest.approx(3.0)
    assert averaged.n_averaged.item() == 3
    assert model.weight.item() == 6.0
    assert list(averaged.state_dict()) == ["n_averaged", "module.weight"]
    twin = copy.deepcopy(averaged)
    twin.load_state_dict(averaged.state_dict())
    assert twin.module.weight.item() == pytest.approx(3.0)


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 1, 4])
def test_rates_are_pytorchs(oracle, strategy, epochs):
    results = []
    for library in (tg, oracle):
        optimizer = library.optim.SGD(
            [{"params": [library.zeros(1)]}, {"params": [library.zeros(1)], "lr": 1.0}], lr=0.1
        )
        scheduler = library.optim.swa_utils.SWALR(optimizer, [0.05, 0.5], epochs, strategy)
        rates = [scheduler.get_last_lr()]
        for _ in range(6):
            optimizer.step()
            scheduler.step()
            rates.append(scheduler.get_last_lr())
        results.append(rates)
    np.testing.assert_allclose(results[0], results[1], rtol=1e-12)


def test_what_is_refused():
    optimizer = tg.optim.SGD([tg.zeros(1)], lr=0.1)
    for decay in (-0.1, 1.1):
        for make in (swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn):
            with pytest.raises(ValueError, match="Invalid decay value"):
                make(decay)
    with pytest.raises(ValueError, match="anneal_strategy must be one of 'cos' or 'linear', instead got exp"):
        swa_utils.SWALR(optimizer, 0.1, anneal_strategy="exp")
    with pytest.raises(ValueError, match="anneal_epochs must be equal or greater than 0, got -1"):
        swa_utils.SWALR(optimizer, 0.1, anneal_epochs=-1)
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn"):
        swa_utils.AveragedModel(tg.nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max)
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        swa_utils.SWALR(optimizer, 0.1).get_lr()


def test_models_without_batch_norm_are_not_run():
    swa_utils.update_bn(iter([1 / 1]), tg.nn.Linear(1, 1))
