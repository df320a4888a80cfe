from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

from tinygrad5329.cli import main
from tinygrad5329.training import load_checkpoint, read_history

COMMAND = [sys.executable, "-m", "tinygrad5329"]


def fails(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 2) -> str:
    """The one line that a command writes when it is refused."""
    assert main(list(arguments)) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "error: " in err
    return err


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "train a model" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tinygrad5329 {metadata.version('tinygrad5329')}\n"


def test_help_tells_every_option_and_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for option, default in (
        ("--model", "best"),
        ("--data", "digits"),
        ("--epochs", "30"),
        ("--batch-size", "32"),
        ("--lr", "0.05"),
        ("--momentum", "0.9"),
        ("--weight-decay", "0.0005"),
        ("--dropout", "0.2"),
        ("--patience", "10"),
        ("--seed", "0"),
        ("--schedule", "cosine"),
        ("--monitor", "loss"),
        ("--out", "runs/MODEL-DATA"),
    ):
        assert f"{option} " in text
        assert f"(default: {default})" in text
    assert "--resume" in text
    assert "--overwrite" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "invalid choice: 'trian'"),
        (["train", "--epoch-count", "3"], "unrecognized arguments: --epoch-count 3"),
        (["train", "--epochs", "many"], "argument --epochs: invalid int value: 'many'"),
        (["train", "--model", "worst"], "argument --model: invalid choice: 'worst'"),
        (["train", "--epochs", "0"], "--epochs: expected 1 or more, got 0"),
        (["train", "--lr", "nan"], "--lr: expected a number above 0, got nan"),
        (
            ["train", "--model", "baseline", "--dropout", "0.1"],
            "--dropout: the baseline has no dropout layer",
        ),
        (["train", "--resume", "--overwrite"], "not allowed with argument --resume"),
        (["train", "--resume"], "--resume: there is no run in"),
        (["train", "--data", "mnist"], "--data: "),
    ],
)
def test_bad_options_are_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in fails(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_not_overwritten_unasked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--epochs", "1", "--quiet"]) == 0
    folder = tmp_path / "runs" / "best-digits"
    out = capsys.readouterr().out
    assert "test accuracy" in out
    assert str(Path("runs") / "best-digits" / "report.html") in out
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert "holds a finished run; add --overwrite" in fails(capsys, "train", "--epochs", "2")
    assert "--epochs 2 (the run has 1) would change the run" in fails(capsys, "train", "--resume", "--epochs", "2")
    assert before == {file.name: file.read_bytes() for file in folder.iterdir()}
    assert main(["train", "--epochs", "2", "--overwrite", "--quiet"]) == 0
    assert len(read_history(folder / "history.csv")) == 2


def test_a_divergent_run_says_why(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status = main(["train", "--lr", "1e30", "--schedule", "constant", "--quiet", "--out", str(tmp_path / "a")])
    assert status == 1
    error = capsys.readouterr().err
    assert "error: epoch 1: the loss became" in error
    assert "lower the learning rate" in error
    assert error.count("\n") == 1


def test_a_missing_extra_names_the_remedy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    error = fails(capsys, "train", "--out", str(tmp_path / "a"), status=1)
    assert "a run needs matplotlib: pip install 'tinygrad5329[train]'" in error
    assert list(tmp_path.iterdir()) == []  # told before any work is done


def test_a_full_disk_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def full(source: str, target: Path) -> None:
        if Path(target).suffix == ".safetensors":
            raise OSError(28, "No space left on device", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", full)
    assert main(["train", "--epochs", "1", "--quiet", "--out", str(tmp_path / "a")]) == 1
    error = capsys.readouterr().err
    assert "No space left on device" in error
    assert "Traceback" not in error


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_the_printed_command_resumes(tmp_path: Path, number: int) -> None:
    arguments = ["train", "--model", "baseline", "--epochs", "400", "--patience", "0", "--out", "a run"]
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        while not next(lines).startswith("epoch   2/400"):
            pass
        time.sleep(0.02)  # into the middle of an epoch
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "training was interrupted in epoch" in errors
    assert "to go on:  python -m tinygrad5329 train --out 'a run' --resume" in errors
    assert "Traceback" not in errors
    state = load_checkpoint(tmp_path / "a run" / "checkpoint.safetensors")
    assert state["epoch"] >= 2
    # What was saved is on its way to the same end; test_resume.py compares the bits.
    again = subprocess.run(
        [*COMMAND, *arguments[:-4], "--out", "a run", "--resume", "--epochs", "3"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert again.returncode == 2
    assert "--epochs 3 (the run has 400) would change the run" in again.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_reader_that_leaves_early_causes_no_traceback(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "train", "--model", "baseline", "--epochs", "50", "--out", "a"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors
