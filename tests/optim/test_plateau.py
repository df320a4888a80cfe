"""ReduceLROnPlateau against PyTorch, by hand, and through a saved state."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.optim import SGD
from tinygrad5329.optim.lr_scheduler import ReduceLROnPlateau


@pytest.fixture
def optimizer():
    return SGD([tg.zeros(1)], lr=0.1, momentum=0.5)


METRICS = np.concatenate([np.linspace(1, 0.5, 10), np.full(12, 0.5), np.linspace(0.5, 0.6, 20), [0.1] * 12]).tolist()
PLATEAUS = [
    {"patience": 3},
    {"patience": 0, "factor": 0.5},
    {"patience": 2, "cooldown": 4, "factor": 0.5, "min_lr": 0.01},
    {"patience": 2, "mode": "max", "threshold": 0.05, "factor": 0.3},
    {"patience": 2, "threshold": 0.03, "threshold_mode": "abs"},
    {"patience": 2, "mode": "max", "threshold": 0.03, "threshold_mode": "abs", "min_lr": [0.02, 0.001]},
    {"patience": 1, "eps": 0.02, "factor": 0.6},
]


def plateau_rates(library, options, steps=None):
    groups = [{"params": [library.zeros(1)], "lr": lr} for lr in (0.1, 0.03)]
    optimizer = library.optim.SGD(groups)
    scheduler = library.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    seen = []
    for metric in METRICS:
        scheduler.step(metric)
        seen.append([*scheduler.get_last_lr(), scheduler.num_bad_epochs, scheduler.cooldown_counter, scheduler.best])
    return seen


@pytest.mark.parametrize("options", PLATEAUS, ids=str)
def test_plateaus_are_pytorchs(oracle, options):
    np.testing.assert_allclose(plateau_rates(tg, options), plateau_rates(oracle, options), rtol=1e-12)


def test_a_plateau_by_hand(optimizer):
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1, min_lr=0.04)
    seen = []
    for loss in (3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0):
        scheduler.step(tg.tensor(loss))
        seen += scheduler.get_last_lr()
    assert seen == [0.1, 0.1, 0.1, 0.05, 0.05, 0.04, 0.04, 0.04]


@pytest.mark.parametrize("options", PLATEAUS, ids=str)
def test_a_saved_plateau_goes_on(options):
    expected = plateau_rates(tg, options)
    optimizers = [SGD([{"params": [tg.zeros(1)], "lr": lr} for lr in (0.1, 0.03)]) for _ in range(2)]
    first, second = (ReduceLROnPlateau(o, **options) for o in optimizers)
    for metric in METRICS[:18]:
        first.step(metric)
    saved = json.loads(json.dumps([optimizers[0].state_dict(), first.state_dict()]))
    optimizers[1].load_state_dict(saved[0])
    second.load_state_dict(saved[1])
    for metric, wanted in zip(METRICS[18:], expected[18:], strict=True):
        second.step(metric)
        assert second.get_last_lr() == wanted[:2]


def test_plateau_and_groups_added_later(optimizer):
    one, several = (ReduceLROnPlateau(optimizer, patience=0, min_lr=m) for m in (0.001, [0.001]))
    optimizer.add_param_group({"params": [tg.zeros(1)], "lr": 1.0})
    one.step(1.0)
    one.step(1.0)
    assert one.get_last_lr() == pytest.approx([0.01, 0.1])
    several.step(1.0)
    with pytest.raises(RuntimeError, match=r"number of param groups in the `optimizer` \(2\) differs .* \(1\)"):
        several.step(1.0)


def test_plateau_with_a_given_epoch_is_deprecated(optimizer):
    scheduler = ReduceLROnPlateau(optimizer)
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(1.0, epoch=7)
    assert scheduler.last_epoch == 7


def test_plateau_with_a_tensor_rate():
    lr = tg.tensor(0.5)
    optimizer = SGD([tg.zeros(1)], lr=lr)
    scheduler = ReduceLROnPlateau(optimizer, patience=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            scheduler.step(1.0)
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == pytest.approx(0.05)
