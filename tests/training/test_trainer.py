from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn, optim
from tinygrad5329.training import DivergenceError, EarlyStopping, Trainer, evaluate, load_checkpoint


def test_the_history(setup: Any) -> None:
    made = setup()
    history = made.fit(3)
    assert history is made.trainer.history
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert list(history[0]) == [
        "epoch",
        "train_loss",
        "train_accuracy",
        "val_loss",
        "val_accuracy",
        "lr",
        "seconds",
    ]
    assert history[2]["train_loss"] < history[0]["train_loss"]
    assert history[0]["lr"] > history[2]["lr"] > 0
    assert made.trainer.seconds == pytest.approx(sum(row["seconds"] for row in history))
    assert made.trainer.epoch == 3


def test_without_validation_and_without_accuracy() -> None:
    model = nn.Linear(2, 1)
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1), nn.MSELoss(), accuracy=False, progress=False)
    history = trainer.fit([(tg.ones(4, 2), tg.ones(4, 1))], epochs=4)
    assert list(history[0]) == ["epoch", "train_loss", "lr", "seconds"]
    assert history[3]["train_loss"] < history[0]["train_loss"]


def test_the_same_seed_gives_the_same_bits(setup: Any) -> None:
    first = setup()
    first.fit(2)
    second = setup()
    second.fit(2)
    for name, value in first.weights().items():
        assert value.tobytes() == second.weights()[name].tobytes()


def test_early_stopping_ends_with_the_best_weights(setup: Any) -> None:
    stopping = EarlyStopping(patience=2, monitor="val_loss")
    seen: dict[int, dict[str, np.ndarray]] = {}
    made = setup(
        early_stopping=stopping,
        scheduler=None,
        on_epoch_end=lambda t, row: seen.update({row["epoch"]: made.weights()}),
    )
    made.optimizer.param_groups[0]["lr"] = 0.4
    history = made.fit(60)
    assert stopping.should_stop
    assert len(history) == stopping.best_epoch + 2
    assert stopping.best_value == min(row["val_loss"] for row in history)
    for name, value in made.weights().items():
        np.testing.assert_array_equal(value, seen[stopping.best_epoch][name])
    best = history[stopping.best_epoch - 1]
    assert evaluate(made.model, made.val, nn.CrossEntropyLoss()).loss == best["val_loss"]


def test_asking_for_nothing_more_is_an_error(setup: Any) -> None:
    made = setup()
    made.fit(2)
    with pytest.raises(ValueError, match="done 2 epochs, and epochs=2 counts from the first; ask for more"):
        made.fit(2)
    made.fit(3)
    assert made.trainer.epoch == 3
    made.trainer.early_stopping.waited = 10
    with pytest.raises(ValueError, match=r"stopped early after epoch 3.*early_stopping\.reset"):
        made.fit(9)


@pytest.mark.parametrize("every", ["epoch", "batch"])
def test_the_scheduler_is_stepped(setup: Any, every: str) -> None:
    made = setup(scheduler=None)
    made.trainer.scheduler = optim.lr_scheduler.StepLR(made.optimizer, step_size=7, gamma=0.5)
    made.trainer.scheduler_every = every
    history = made.fit(3)
    assert [row["lr"] for row in history] == ([0.05, 0.025, 0.0125] if every == "batch" else [0.05] * 3)


def test_reduce_on_plateau_gets_the_validation_loss(setup: Any) -> None:
    made = setup(scheduler=None, scheduler_every="epoch")
    seen: list[float] = []

    class Watching(optim.lr_scheduler.ReduceLROnPlateau):
        def step(self, metrics: Any, *args: Any) -> None:
            seen.append(float(metrics))
            super().step(metrics, *args)

    made.trainer.scheduler = Watching(made.optimizer)
    history = made.fit(2)
    assert seen[-2:] == [row["val_loss"] for row in history]


def test_on_epoch_end_sees_the_finished_epoch(setup: Any) -> None:
    seen: list[tuple[int, dict[str, Any]]] = []
    made = setup(on_epoch_end=lambda trainer, row: seen.append((trainer.epoch, row)))
    made.fit(2)
    assert seen == [(1, made.trainer.history[0]), (2, made.trainer.history[1])]


def test_evaluate_and_predict(setup: Any) -> None:
    made = setup()
    made.fit(1)
    assert made.trainer.evaluate(made.val).samples == 40
    assert made.trainer.predict(made.val).shape[0] == 40


def test_divergence_names_epoch_batch_and_remedy_and_keeps_the_checkpoint(setup: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    made = setup(path)
    made.fit(1)
    good = path.read_bytes()
    batches = list(made.train)
    batches[3][0][0, 0] = math.nan
    with pytest.raises(
        DivergenceError,
        match=r"epoch 2: the loss became nan in batch 4 .*lower the learning rate.*"
        r"checkpoint of epoch 1, .*run\.safetensors, was kept",
    ):
        made.fit(3, train=batches)
    assert path.read_bytes() == good
    again = setup(path)
    again.trainer.resume(path)
    again.fit(2)
    assert again.trainer.epoch == 2


def test_divergence_in_the_first_epoch_claims_no_checkpoint(setup: Any, tmp_path: Path) -> None:
    made = setup(tmp_path / "run.safetensors")
    with pytest.raises(DivergenceError) as caught:
        made.fit(1, train=[(tg.full((4, 6), math.inf), tg.zeros(4).long())])
    assert "checkpoint" not in str(caught.value)
    assert not (tmp_path / "run.safetensors").exists()


def test_divergence_in_validation(setup: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    made = setup(path)
    inputs, targets = next(iter(made.val))
    inputs[0, 0] = math.nan
    with pytest.raises(DivergenceError, match="epoch 1: the validation loss became nan"):
        made.trainer.fit(made.train, [(inputs, targets)], epochs=2)
    assert not path.exists()


def test_bad_arguments(setup: Any) -> None:
    with pytest.raises(ValueError, match="scheduler_every is 'step'; expected 'epoch' or 'batch'"):
        setup(scheduler_every="step")
    made = setup()
    with pytest.raises(ValueError, match="train_loader gave no batch"):
        made.fit(1, train=[])
    with pytest.raises(ValueError, match="monitor='val_loss' is not in the history"):
        made.trainer.fit(made.train, epochs=1)


def test_the_checkpoint_can_be_read_without_a_trainer(setup: Any, tmp_path: Path) -> None:
    made = setup(tmp_path / "run.safetensors", config={"note": "tiny", "widths": [8]})
    made.fit(2)
    state = load_checkpoint(tmp_path / "run.safetensors")
    assert state["config"] == {"note": "tiny", "widths": [8]}
    assert state["history"] == made.trainer.history
    model = setup().model
    model.load_state_dict(state["early_stopping"]["best_weights"])
    for name, value in made.weights().items():
        np.testing.assert_array_equal(model.state_dict()[name].numpy(), value)
