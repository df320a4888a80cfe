"""What a training writes for TensorBoard, read back from its files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn, optim
from tinygrad5329.cli import main
from tinygrad5329.training import RunConfig, TensorBoard, Trainer
from tinygrad5329.training.run_folder import RunFolder
from tinygrad5329.utils.tensorboard import writer

from ..utils.events import curves_of, read_events, values_of

LIBRARY = next((name for name in writer.LIBRARIES if importlib.util.find_spec(name) is not None), "")
needs_library = pytest.mark.skipif(not LIBRARY, reason="neither tensorboardX nor tensorboard is installed")


@needs_library
def test_curves_are_the_history(setup: Any, tmp_path: Path) -> None:
    made = setup(tensorboard=tmp_path / "events")
    history = made.fit(3)
    curves = curves_of(read_events(tmp_path / "events", LIBRARY))
    tags = {
        "loss/train": "train_loss",
        "loss/validation": "val_loss",
        "accuracy/train": "train_accuracy",
        "accuracy/validation": "val_accuracy",
        "lr": "lr",
        "seconds": "seconds",
    }
    assert set(curves) == set(tags)
    for tag, column in tags.items():
        assert curves[tag] == [(row["epoch"], pytest.approx(row[column], rel=1e-6)) for row in history]


@needs_library
def test_writing_changes_no_training(setup: Any, tmp_path: Path) -> None:
    plain = setup()
    plain.fit(2)
    watched = setup(tensorboard=TensorBoard(tmp_path, histograms=True))
    watched.fit(2)
    for name, value in plain.weights().items():
        assert value.tobytes() == watched.weights()[name].tobytes()


@needs_library
def test_histograms_of_parameters_and_gradients(setup: Any, tmp_path: Path) -> None:
    made = setup(tensorboard=TensorBoard(tmp_path, histograms=True), early_stopping=None)
    made.fit(2)
    found = values_of(read_events(tmp_path, LIBRARY))
    for name, parameter in made.model.named_parameters():
        for tag, values in ((f"parameters/{name}", parameter), (f"gradients/{name}", parameter.grad)):
            assert [step for step, _ in found[tag]] == [1, 2]
            histogram = found[tag][-1][1].histo
            assert histogram.num == values.numel()
            assert histogram.min == pytest.approx(values.min().item())
            assert histogram.max == pytest.approx(values.max().item())
    assert not [tag for tag in found if tag.startswith("not_finite")]


@needs_library
def test_gradients_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)
    model.weight.register_hook(lambda g: g * tg.tensor([[float("inf"), 1.0]]))
    trainer = Trainer(
        model, optim.SGD(model.parameters(), lr=0.0), nn.MSELoss(), accuracy=False, progress=False,
        tensorboard=TensorBoard(tmp_path, histograms=True),
    )  # fmt: skip
    trainer.fit([(tg.ones(4, 2), tg.ones(4, 1))], epochs=1)
    events = read_events(tmp_path, LIBRARY)
    assert curves_of(events)["not_finite/gradients/weight"] == [(1, 1.0)]
    assert values_of(events)["gradients/weight"][0][1].histo.num == 1


@needs_library
def test_configuration_and_hyper_parameters(setup: Any, tmp_path: Path) -> None:
    made = setup(tensorboard=tmp_path, config={"options": {"lr": 0.05, "layers": [8]}, "note": None})
    history = made.fit(2)
    ((step, text),) = values_of(read_events(tmp_path, LIBRARY))["configuration/text_summary"]
    assert step == 0
    assert '"lr": 0.05' in text.tensor.string_val[0].decode()
    best = made.trainer.early_stopping.best_epoch
    events = read_events(tmp_path / "hparams", LIBRARY)
    curves = curves_of(events)
    assert curves["hparam/loss/validation"] == [(0, pytest.approx(history[best - 1]["val_loss"], rel=1e-6))]
    content = values_of(events)["_hparams_/session_start_info"][0][1].metadata.plugin_data.content
    assert b"options.lr" in content
    assert b"options.layers" in content
    assert b"note" not in content


@needs_library
def test_without_a_configuration_the_optimizer_is_named(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)
    trainer = Trainer(
        model, optim.SGD(model.parameters(), lr=0.1), nn.MSELoss(), accuracy=False, progress=False, tensorboard=tmp_path
    )
    trainer.fit([(tg.ones(4, 2), tg.ones(4, 1))], epochs=2)
    content = values_of(read_events(tmp_path / "hparams", LIBRARY))["_hparams_/session_start_info"][0][1]
    assert b"SGD" in content.metadata.plugin_data.content


@needs_library
def test_a_training_that_goes_on_hides_what_came_later(setup: Any, tmp_path: Path) -> None:
    events, checkpoint = tmp_path / "events", tmp_path / "saved"
    first = setup(checkpoint, tensorboard=events)
    first.fit(2)
    again = setup(tensorboard=events)
    again.trainer.resume(checkpoint)
    again.fit(3)
    steps = [step for step, _ in curves_of(read_events(events, LIBRARY))["loss/train"]]
    assert sorted(steps) == [1, 2, 3]
    starts = [event.step for event in read_events(events, LIBRARY) if event.session_log.status == 1]
    assert starts == [3]
    assert len(values_of(read_events(events, LIBRARY))["configuration/text_summary"]) == 1


@needs_library
def test_files_are_complete_when_training_fails(setup: Any, tmp_path: Path) -> None:
    def fail(trainer: Trainer, row: dict[str, Any]) -> None:
        if row["epoch"] == 2:
            raise KeyError("of the caller")

    made = setup(tensorboard=tmp_path, on_epoch_end=fail)
    with pytest.raises(KeyError):
        made.fit(4)
    assert len(curves_of(read_events(tmp_path, LIBRARY))["loss/train"]) == 2
    assert not (tmp_path / "hparams").exists()


def test_a_missing_library_is_told_before_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(writer, "LIBRARIES", ())
    with pytest.raises(ImportError, match=r"pip install 'tinygrad5329\[tensorboard\]'"):
        TensorBoard(tmp_path / "events")
    assert not (tmp_path / "events").exists()


def test_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(writer, "LIBRARIES", ())
    assert main(["train", "--tensorboard", "--out", str(tmp_path / "run")]) == 1
    assert "pip install 'tinygrad5329[tensorboard]'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@needs_library
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    options = ["--model", "baseline", "--epochs", "2", "--quiet", "--out", str(out)]
    assert main(["train", *options, "--tensorboard", "histograms"]) == 0
    assert f"tensorboard --logdir {out / 'tensorboard'}" in capsys.readouterr().out
    events = read_events(out / "tensorboard", LIBRARY)
    assert [step for step, _ in curves_of(events)["loss/validation"]] == [1, 2]
    assert any(tag.startswith("gradients/") for tag in values_of(events))
    assert list((out / "tensorboard" / "hparams").iterdir())
    # What an earlier run wrote goes with its other files.
    RunFolder(out).start(RunConfig(), overwrite=True)
    assert not [path for path in (out / "tensorboard").rglob("*") if path.is_file()]


def test_the_command_refuses_what_it_does_not_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--tensorboard", "nothing", "--out", str(tmp_path / "run")]) == 2
    assert "histograms" in capsys.readouterr().err
