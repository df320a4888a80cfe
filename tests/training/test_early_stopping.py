from __future__ import annotations

from typing import Any

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.training import EarlyStopping


def watch(stopping: EarlyStopping, values: list[float], model: nn.Module) -> list[bool]:
    improved = []
    for epoch, value in enumerate(values, start=1):
        with tg.no_grad():
            next(model.parameters()).fill_(float(epoch))
        improved.append(stopping.update({"epoch": epoch, stopping.monitor: value}, model))
    return improved


@pytest.fixture
def model() -> nn.Module:
    return nn.Linear(1, 1)


@pytest.mark.parametrize(
    ("monitor", "mode", "values", "best"),
    [
        ("val_loss", None, [3.0, 1.0, 2.0], 2),
        ("val_accuracy", None, [0.1, 0.9, 0.9, 0.8], 2),
        ("val_accuracy", "min", [0.5, 0.9, 0.1], 3),
        ("val_loss", None, [-1.0, -2.0], 2),
    ],
)
def test_the_best_epoch(model: nn.Module, monitor: str, mode: Any, values: list[float], best: int) -> None:
    stopping = EarlyStopping(5, monitor, mode=mode)
    watch(stopping, values, model)
    assert stopping.best_epoch == best
    assert stopping.best_value == values[best - 1]
    stopping.restore(model)
    assert next(model.parameters()).item() == best


def test_patience_counts_epochs_without_improvement(model: nn.Module) -> None:
    stopping = EarlyStopping(2)
    assert watch(stopping, [1.0, 1.0], model) == [True, False]
    assert not stopping.should_stop
    assert not stopping.update({"epoch": 3, "val_loss": 1.5}, model)
    assert stopping.should_stop
    stopping.reset()
    assert not stopping.should_stop
    assert stopping.best_value is None


def test_no_patience_never_stops(model: nn.Module) -> None:
    stopping = EarlyStopping(None)
    watch(stopping, [1.0] * 50, model)
    assert not stopping.should_stop
    assert stopping.best_epoch == 1


def test_min_delta(model: nn.Module) -> None:
    assert watch(EarlyStopping(5, min_delta=0.1), [1.0, 0.95, 0.85], model) == [True, False, True]


def test_without_restore_best_the_model_stays(model: nn.Module) -> None:
    stopping = EarlyStopping(5, restore_best=False)
    watch(stopping, [1.0, 2.0], model)
    stopping.restore(model)
    assert next(model.parameters()).item() == 2


def test_state_goes_into_another_instance(model: nn.Module) -> None:
    stopping = EarlyStopping(3)
    watch(stopping, [2.0, 1.0, 1.5], model)
    other = EarlyStopping(3)
    other.load_state_dict(stopping.state_dict())
    assert (other.best_epoch, other.best_value, other.waited) == (2, 1.0, 1)
    other.restore(model)
    assert next(model.parameters()).item() == 2
    with pytest.raises(ValueError, match=r"saved monitor is 'val_loss' but this one has 'train_loss'"):
        EarlyStopping(3, "train_loss").load_state_dict(stopping.state_dict())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patience": 0}, "patience is 0"),
        ({"min_delta": -1.0}, "min_delta is -1"),
        ({"mode": "up"}, "mode is 'up'"),
    ],
)
def test_bad_settings(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**options)


def test_a_column_that_is_not_there(model: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"monitor='val_loss' is not in the history, which has epoch, train_loss"):
        EarlyStopping(1).update({"epoch": 1, "train_loss": 0.5}, model)
