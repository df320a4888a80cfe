"""An interrupted and resumed training ends with the bits of one that was not interrupted."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn, optim
from tinygrad5329.training import (
    CheckpointError,
    EarlyStopping,
    TrainingInterrupted,
    baseline,
    load_checkpoint,
    save_checkpoint,
)


class SignalAfter:
    """A loss function that has this process signalled during its n-th training step."""

    def __init__(self, step: int, number: int = signal.SIGINT) -> None:
        self.loss, self.step, self.number, self.calls = nn.CrossEntropyLoss(), step, number, 0

    def __call__(self, outputs: tg.Tensor, targets: tg.Tensor) -> tg.Tensor:
        if outputs.requires_grad:
            self.calls += 1
            if self.calls == self.step:
                os.kill(os.getpid(), self.number)
        return self.loss(outputs, targets)


def without_seconds(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in history]


def assert_same(first: Any, second: Any) -> None:
    assert without_seconds(first.trainer.history) == without_seconds(second.trainer.history)
    ours, theirs = first.weights(), second.weights()
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert ours[name].tobytes() == theirs[name].tobytes(), name
    momentum = first.optimizer.state_dict()["state"], second.optimizer.state_dict()["state"]
    for index, state in momentum[0].items():
        for name, value in state.items():
            assert value.numpy().tobytes() == momentum[1][index][name].numpy().tobytes()
    assert first.trainer.early_stopping.best_epoch == second.trainer.early_stopping.best_epoch
    assert tg.randn(3).tolist()  # the generators themselves are compared by the training that follows


def test_two_epochs_and_two_more(setup: Any, tmp_path: Path) -> None:
    straight = setup()
    straight.fit(4)
    first = setup(tmp_path / "run.safetensors")
    first.fit(2)
    second = setup()
    tg.randn(17)  # someone else draws in between
    second.trainer.resume(tmp_path / "run.safetensors")
    tg.randn(5)
    second.fit(4)
    assert_same(straight, second)


@pytest.mark.parametrize("step", [1, 3, 7, 9, 14, 20, 28])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_any_step(setup: Any, tmp_path: Path, step: int, number: int) -> None:
    path = tmp_path / "run.safetensors"
    straight = setup()
    straight.fit(4)
    first = setup(path)
    first.trainer.loss_fn = SignalAfter(step, number)
    with pytest.raises(TrainingInterrupted) as caught:
        first.fit(4)
    stop = caught.value
    # The last step of an epoch lets its validation pass, and counts as the start of the next.
    assert (stop.epoch, stop.batch) == (1 + step // 7, step % 7)
    assert (stop.checkpoint, stop.signal_number) == (path, number)
    second = setup(path)
    second.trainer.resume(path)
    if step == 28:
        assert second.trainer.finished(4)
        second.trainer.restore_best()
    else:
        second.fit(4)
    assert_same(straight, second)


def test_interrupted_twice_in_one_epoch(setup: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    straight = setup()
    straight.fit(2)
    for step in (3, 2):
        made = setup(path)
        if path.exists():
            made.trainer.resume(path)
        made.trainer.loss_fn = SignalAfter(step)
        with pytest.raises(TrainingInterrupted):
            made.fit(2)
    assert load_checkpoint(path)["totals"]["batches"] == 5
    last = setup(path)
    last.trainer.resume(path)
    last.fit(2)
    assert_same(straight, last)


def test_fit_again_in_the_same_process_goes_on_too(setup: Any) -> None:
    straight = setup()
    straight.fit(2)
    made = setup()
    made.trainer.loss_fn = SignalAfter(4)
    with pytest.raises(TrainingInterrupted, match=r"epoch 1 after 4 batches$"):
        made.fit(2)
    tg.randn(3)
    made.fit(2)
    assert_same(straight, made)


def test_a_loader_without_a_state_skips_what_was_done(setup: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    straight = setup()
    batches = list(setup().train)
    straight.fit(3, train=batches)
    first = setup(path)
    first.trainer.loss_fn = SignalAfter(10)
    with pytest.raises(TrainingInterrupted):
        first.fit(3, train=batches)
    second = setup(path)
    second.trainer.resume(path)
    second.fit(3, train=batches)
    assert_same(straight, second)


def test_saving_between_resume_and_fit_loses_nothing(setup: Any, tmp_path: Path) -> None:
    path, copy = tmp_path / "run.safetensors", tmp_path / "copy.safetensors"
    straight = setup()
    straight.fit(2)
    first = setup(path)
    first.trainer.loss_fn = SignalAfter(4)
    with pytest.raises(TrainingInterrupted):
        first.fit(2)
    middle = setup()
    middle.trainer.resume(path)
    middle.trainer.save(copy)
    last = setup()
    last.trainer.resume(copy)
    last.fit(2)
    assert_same(straight, last)


@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
        lambda p: optim.AdamW(p, lr=0.01),
    ],
)
@pytest.mark.parametrize(
    "make_scheduler",
    [
        lambda o: optim.lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=28),
        lambda o: optim.lr_scheduler.StepLR(o, step_size=5, gamma=0.7),
    ],
)
def test_other_optimizers_and_schedulers(
    setup: Any, tmp_path: Path, make_optimizer: Callable[..., Any], make_scheduler: Callable[..., Any]
) -> None:
    def make() -> Any:
        made = setup(tmp_path / "run.safetensors")
        made.optimizer = made.trainer.optimizer = make_optimizer(made.model.parameters())
        made.trainer.scheduler = make_scheduler(made.optimizer)
        return made

    straight = make()
    straight.fit(3)
    first = make()
    first.trainer.loss_fn = SignalAfter(9)
    with pytest.raises(TrainingInterrupted):
        first.fit(3)
    second = make()
    second.trainer.resume(tmp_path / "run.safetensors")
    second.fit(3)
    assert_same(straight, second)


def test_resume_returns_the_saved_configuration(setup: Any, tmp_path: Path) -> None:
    made = setup(tmp_path / "run.safetensors", config={"lr": 0.05})
    made.fit(1)
    assert setup().trainer.resume(tmp_path / "run.safetensors") == {"lr": 0.05}


@pytest.fixture
def saved(setup: Any, tmp_path: Path) -> Path:
    made = setup(tmp_path / "run.safetensors")
    made.fit(1)
    return tmp_path / "run.safetensors"


def test_another_model(setup: Any, saved: Path) -> None:
    with pytest.raises(CheckpointError, match=r"run\.safetensors does not fit this model: .*unexpected norm1\.weight"):
        setup(model=baseline(6, 3)).trainer.resume(saved)


def test_another_shape(setup: Any, saved: Path) -> None:
    other = setup()
    state = load_checkpoint(saved)
    state["model"]["output.weight"] = tg.zeros(4, 8)
    save_checkpoint(saved, state)
    before = other.weights()
    with pytest.raises(CheckpointError, match=r"output\.weight is \(4, 8\), expected \(3, 8\)"):
        other.trainer.resume(saved)
    assert all(before[name].tobytes() == value.tobytes() for name, value in other.weights().items())


def test_another_dtype(setup: Any, saved: Path) -> None:
    state = load_checkpoint(saved)
    state["model"]["output.weight"] = state["model"]["output.weight"].double()
    save_checkpoint(saved, state)
    with pytest.raises(CheckpointError, match=r"output\.weight is .*float64, expected .*float32"):
        setup().trainer.resume(saved)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheduler": None}, "saved with scheduler but this trainer has none"),
        ({"early_stopping": None}, "saved with early_stopping but this trainer has none"),
        ({"early_stopping": EarlyStopping(1, "train_loss")}, "saved monitor is 'val_loss'"),
    ],
)
def test_other_parts(setup: Any, saved: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        setup(**options).trainer.resume(saved)


def test_another_optimizer(setup: Any, saved: Path) -> None:
    made = setup()
    head = made.model.output.parameters()
    made.trainer.optimizer = optim.SGD(head, lr=0.1)
    with pytest.raises(CheckpointError, match=r"run\.safetensors does not fit this trainer: .*group"):
        made.trainer.resume(saved)


def test_another_loader(setup: Any, saved: Path, make_loader: Callable[..., Any]) -> None:
    made = setup()
    made.trainer.resume(saved)
    with pytest.raises(CheckpointError, match="had 7 batches an epoch but train_loader has 4; use the same data"):
        made.fit(2, train=make_loader(50, 1, shuffle=True))
    made.fit(2)  # the right one still works


def test_another_batch_size_with_as_many_batches(setup: Any, saved: Path, make_loader: Callable[..., Any]) -> None:
    made = setup()
    made.trainer.resume(saved)
    with pytest.raises(CheckpointError, match=r"train_loader is not the one that was saved: .*samples"):
        made.fit(2, train=make_loader(99, 1, shuffle=True))
    made.fit(2)


def test_a_checkpoint_of_a_trainer_that_never_trained(setup: Any, tmp_path: Path) -> None:
    path = setup().trainer.save(tmp_path / "fresh.safetensors")
    made = setup()
    made.trainer.resume(path)
    made.fit(1)
    assert_same(made, _trained_once(setup))


def _trained_once(setup: Any) -> Any:
    made = setup()
    made.fit(1)
    return made


def test_a_file_that_is_no_training(setup: Any, tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "weights.safetensors", {"model": setup().model.state_dict()})
    with pytest.raises(CheckpointError, match=r"weights\.safetensors is not one of a Trainer: it has no optimizer"):
        setup().trainer.resume(path)
