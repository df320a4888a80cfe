from __future__ import annotations

import math
from typing import Any

import pytest

from tinygrad5329.training import RunConfig


def test_defaults_and_given_options() -> None:
    config = RunConfig.from_options({"epochs": 3})
    assert (config.model, config.data, config.epochs, config.dropout) == ("best", "digits", 3, 0.2)
    assert RunConfig.from_options({"model": "baseline"}).dropout == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "worst"}, "--model: expected one of best, baseline, got 'worst'"),
        ({"schedule": "step"}, "--schedule: expected one of constant, cosine, onecycle"),
        ({"scale": "log"}, "--scale: expected one of standard, minmax, none"),
        ({"epochs": 0}, "--epochs: expected 1 or more, got 0"),
        ({"batch_size": 1}, "--batch-size: expected 2 or more"),
        ({"lr": 0.0}, "--lr: expected a number above 0, got 0.0"),
        ({"lr": math.nan}, "--lr"),
        ({"lr": math.inf}, "--lr"),
        ({"momentum": 1.0}, "--momentum: expected 0 or more and below 1"),
        ({"weight_decay": -1e-4}, "--weight-decay"),
        ({"dropout": 1.0}, "--dropout"),
        ({"validation": 0.0}, "--validation"),
        ({"patience": -1}, "--patience"),
        ({"seed": -1}, "--seed"),
        ({"model": "baseline", "dropout": 0.2}, "--dropout: the baseline has no dropout layer"),
    ],
)
def test_values_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        RunConfig.from_options(options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_saved_and_read_again() -> None:
    config = RunConfig.from_options({"lr": 0.1, "model": "baseline"})
    assert RunConfig.from_saved(config.as_dict()) == config
    with pytest.raises(ValueError, match="the saved options are lr, model; expected"):
        RunConfig.from_saved({"lr": 0.1, "model": "best"})


def test_conflicts_name_what_was_given_and_what_the_run_has() -> None:
    config = RunConfig(lr=0.05, batch_size=32)
    assert config.conflicts({"lr": 0.05}) == []
    assert config.conflicts({"lr": 0.1, "batch_size": 32, "seed": 1}) == [
        "--lr 0.1 (the run has 0.05)",
        "--seed 1 (the run has 0)",
    ]
    assert RunConfig(batch_size=64).conflicts({"batch_size": 32}) == ["--batch-size 32 (the run has 64)"]
