from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad5329 import nn
from tinygrad5329.cli import main
from tinygrad5329.training import (
    CheckpointError,
    RunConfig,
    Trainer,
    TrainingInterrupted,
    best_model,
    evaluate,
    load_checkpoint,
    read_history,
    run_data,
    save_checkpoint,
)
from tinygrad5329.training import run as run_module
from tinygrad5329.training.report import format_seconds
from tinygrad5329.training.run import RunResult, command_line, run
from tinygrad5329.training.run_folder import RunError, RunFolder
from tinygrad5329.training.summary import format_confusion, format_summary

pytestmark = pytest.mark.usefixtures("tiny_runs")

CONFIG = RunConfig(epochs=3, batch_size=16)


def quiet(config: RunConfig, out: Path, **options: Any) -> RunResult:
    return run(config, out, progress=False, say=lambda text: None, **options)


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than training here; most tests need no figures."""
    monkeypatch.setattr(run_module, "write_artefacts", lambda *arguments: [])


@pytest.fixture(scope="module")
def finished(tiny_runs: None, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return quiet(CONFIG, tmp_path_factory.mktemp("runs") / "a")


@pytest.fixture
def copy(finished: RunResult, tmp_path: Path) -> Path:
    """A finished run that a test may change."""
    return Path(shutil.copytree(finished.folder, tmp_path / "copy"))


def test_the_files_of_a_run(finished: RunResult) -> None:
    names = {file.name for file in finished.folder.iterdir()}
    assert names == set(RunFolder.FILES) - (set() if shutil.which("dot") else {"graph.png"})
    assert {file.name for file in finished.files} == names - {"config.json"}
    assert all(file.stat().st_size > 0 for file in finished.files)


def test_the_result(finished: RunResult) -> None:
    assert set(finished.metrics) == {"train", "validation", "test"}
    assert [m.samples for m in finished.metrics.values()] == [90, 10, 40]
    assert len(finished.history) == 3
    assert 1 <= finished.best_epoch <= 3
    assert finished.parameters == 6 * 8 + 8 + 16 + 2 * 72 + 16 + 27
    assert finished.seconds > 0
    assert not finished.model.training


def test_the_files_agree_with_the_result(finished: RunResult) -> None:
    assert read_history(finished.folder / "history.csv") == finished.history
    metrics = json.loads((finished.folder / "metrics.json").read_text())
    assert metrics["metrics"]["test"]["accuracy"] == finished.metrics["test"].accuracy
    assert metrics["parameters"] == finished.parameters
    assert metrics["config"] == CONFIG.as_dict()


def test_the_saved_weights_are_those_of_the_best_epoch(finished: RunResult) -> None:
    state = load_checkpoint(finished.folder / "model.safetensors")
    model = best_model(6, 3, width=8)
    model.load_state_dict(state["model"])
    data = run_data.prepare_data(CONFIG)
    loss = nn.CrossEntropyLoss()
    assert evaluate(model, data.test, loss).as_dict() == finished.metrics["test"].as_dict()
    assert finished.metrics["validation"].loss == finished.history[finished.best_epoch - 1]["val_loss"]
    np.testing.assert_array_equal(state["scaler"]["scale"], data.scaler["scale"])


def test_the_report_shows_everything_and_needs_nothing(finished: RunResult) -> None:
    page = (finished.folder / "report.html").read_text()
    for text in ("Loss and accuracy", "Confusion", "Computation graph", "Configuration", "Environment"):
        assert f"<h2>{text}</h2>" in page
    assert f"{finished.metrics['test'].accuracy:.2%}" in page
    assert f"{finished.parameters:,}" in page
    assert page.count("<svg") == 4
    loads = re.findall(r'(?:src|href)="(?!#|data:)[^"]*"|@import|url\((?!#|&quot;#|"#)', page)
    assert loads == []


def test_the_graph_names_modules_parameters_and_input(finished: RunResult) -> None:
    for name in ("graph.dot", "graph.html", "graph.svg", "report.html"):
        text = (finished.folder / name).read_text()
        for word in ("residual", "linear1", "weight", "features", "cross_entropy"):
            assert word in text, (name, word)


def test_without_graphviz_only_the_png_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    result = quiet(replace(CONFIG, epochs=1), tmp_path / "a")
    names = {file.name for file in (tmp_path / "a").iterdir()}
    assert names == set(RunFolder.FILES) - {"graph.png"}
    assert "residual" in (tmp_path / "a" / "report.html").read_text()
    assert all(file.exists() for file in result.files)


@pytest.mark.usefixtures("no_figures")
def test_the_same_options_give_the_same_weights(finished: RunResult, tmp_path: Path) -> None:
    again = quiet(CONFIG, tmp_path / "b")
    for name, value in again.model.state_dict().items():
        assert value.numpy().tobytes() == finished.model.state_dict()[name].numpy().tobytes()
    assert again.metrics["test"].as_dict() == finished.metrics["test"].as_dict()
    other = quiet(replace(CONFIG, seed=1), tmp_path / "c")
    assert other.metrics["train"].loss != again.metrics["train"].loss


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("schedule", ["constant", "onecycle"])
def test_the_schedules(tmp_path: Path, schedule: str) -> None:
    result = quiet(replace(CONFIG, schedule=schedule, momentum=0.8), tmp_path / "a")
    rates = [row["lr"] for row in result.history]
    assert len(set(rates)) == (1 if schedule == "constant" else 3)
    group = load_checkpoint(tmp_path / "a" / "checkpoint.safetensors")["optimizer"]["param_groups"][0]
    assert group["momentum"] == 0.8


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("monitor", ["loss", "accuracy"])
def test_the_monitor_chooses_the_epoch(tmp_path: Path, monitor: str) -> None:
    result = quiet(replace(CONFIG, monitor=monitor), tmp_path / "a")
    values = [row[f"val_{monitor}"] for row in result.history]
    assert result.best_epoch == 1 + values.index(min(values) if monitor == "loss" else max(values))


@pytest.mark.usefixtures("no_figures")
def test_the_baseline_and_no_early_stopping(tmp_path: Path) -> None:
    config = RunConfig.from_options({"model": "baseline", "epochs": 2, "patience": 0, "scale": "none"})
    result = quiet(config, tmp_path / "a")
    assert result.parameters == 6 * 128 + 128 + 129 * 3
    assert load_checkpoint(tmp_path / "a" / "checkpoint.safetensors")["early_stopping"]["patience"] is None


class StopsInEpoch:
    """Has a Trainer interrupt itself at the start of an epoch's end, as a signal would."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def __call__(self, trainer: Trainer, row: dict[str, Any]) -> None:
        if row["epoch"] == self.epoch:
            trainer.save(trainer.checkpoint)
            raise TrainingInterrupted(self.epoch + 1, 0, trainer.checkpoint, 2)


@pytest.fixture
def interrupted(tmp_path: Path) -> Iterator[Path]:
    real = run_module.build_trainer

    def build(*arguments: Any) -> Trainer:
        trainer = real(*arguments)
        trainer.on_epoch_end = StopsInEpoch(1)
        return trainer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "build_trainer", build)
        with pytest.raises(TrainingInterrupted):
            quiet(CONFIG, tmp_path / "interrupted")
    yield tmp_path / "interrupted"


def test_resuming_ends_with_the_same_run(finished: RunResult, interrupted: Path) -> None:
    assert {file.name for file in interrupted.iterdir()} == {"config.json", "checkpoint.safetensors"}
    said: list[str] = []
    config = RunFolder(interrupted).resume({})
    result = run(config, interrupted, resume=True, progress=False, say=said.append)
    assert "which has 1 of 3 epochs done" in said[1]
    for name, value in result.model.state_dict().items():
        assert value.numpy().tobytes() == finished.model.state_dict()[name].numpy().tobytes()
    assert {file.name for file in interrupted.iterdir()} == {file.name for file in finished.folder.iterdir()}


@pytest.mark.usefixtures("no_figures")
def test_a_run_stopped_before_its_first_checkpoint_starts_again(finished: RunResult, tmp_path: Path) -> None:
    RunFolder(tmp_path / "a").start(CONFIG, overwrite=False)
    result = quiet(CONFIG, tmp_path / "a", resume=True)
    assert result.metrics["test"].as_dict() == finished.metrics["test"].as_dict()


def test_a_run_stopped_after_training_writes_its_files(finished: RunResult, copy: Path) -> None:
    for file in copy.iterdir():
        if file.name not in ("config.json", "checkpoint.safetensors"):
            file.unlink()
    result = quiet(CONFIG, copy, resume=True)
    assert result.metrics["test"].as_dict() == finished.metrics["test"].as_dict()
    assert result.history == finished.history
    assert {file.name for file in copy.iterdir()} == {file.name for file in finished.folder.iterdir()}


def test_changed_data_are_noticed(copy: Path) -> None:
    path = copy / "checkpoint.safetensors"
    state = load_checkpoint(path)
    state["config"]["data"]["checksum"] = "00000000"
    save_checkpoint(path, state)
    with pytest.raises(RunError, match=r"digits is not the data that .*checksum was 00000000 and is"):
        quiet(CONFIG, copy, resume=True)


def test_a_damaged_checkpoint(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"checkpoint\.safetensors is truncated"):
        quiet(CONFIG, copy, resume=True)


def test_the_summary(finished: RunResult) -> None:
    text = format_summary(finished)
    assert f"{finished.metrics['test'].accuracy:.4f}" in text
    assert "predicted class in columns" in text
    assert str(finished.folder / "report.html") in text
    assert "checkpoint.safetensors" in text
    assert max(map(len, text.replace(str(finished.folder), "").splitlines())) <= 90


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.44, "8.4 s"), (185.0, "3 min 05 s"), (59.99, "60.0 s"), (7625.0, "2 h 07 min")]
)
def test_seconds_in_words(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


def test_the_confusion_matrix_as_text() -> None:
    text = format_confusion(np.array([[4321, 0], [7, 12]]), ["automobile", "cat"])
    assert text.splitlines() == [
        "              autom    cat",
        "  automobile   4321      .",
        "         cat      7     12",
    ]


@pytest.mark.usefixtures("no_figures")
def test_the_command_that_repeats_a_run(finished: RunResult, tmp_path: Path) -> None:
    command = shlex.split(command_line(CONFIG, tmp_path / "with space"))
    assert command[:2] == ["tinygrad5329", "train"]
    assert main([*command[1:], "--quiet"]) == 0
    weights = load_checkpoint(tmp_path / "with space" / "model.safetensors")["model"]
    for name, value in finished.model.state_dict().items():
        assert value.numpy().tobytes() == weights[name].numpy().tobytes()
    assert "--dropout" not in command_line(RunConfig.from_options({"model": "baseline"}), tmp_path)
