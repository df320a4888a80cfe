from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from tinygrad5329.training.loops import Totals
from tinygrad5329.training.progress import Progress, format_epoch

ROW = {
    "epoch": 3,
    "train_loss": 0.51239,
    "train_accuracy": 0.84,
    "val_loss": 0.4,
    "val_accuracy": 0.9,
    "lr": 0.05,
    "seconds": 1.26,
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_one_line_an_epoch_and_nothing_else(setup: Any, capsys: pytest.CaptureFixture[str]) -> None:
    made = setup(progress=True)
    made.fit(3)
    out, err = capsys.readouterr()
    assert [line.split()[1] for line in out.splitlines()] == ["1/3", "2/3", "3/3"]
    assert err == ""
    assert "\r" not in out


def test_a_terminal_gets_a_bar_with_loss_accuracy_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    with Progress(4, 100, done=150, enabled=True) as progress:
        progress.step(2, Totals(loss_sum=25.0, correct=40, samples=50, batches=51), accuracy=True)
    shown = terminal.getvalue()
    assert "epoch 2/4" in shown
    assert "151/400" in shown
    assert "loss 0.5000, accuracy 0.8000" in shown
    assert "<" in shown  # tqdm's "elapsed<left"


def test_nothing_is_shown_when_switched_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress(1, 2, 0, enabled=False) as progress:
        progress.step(1, Totals(), accuracy=True)
        progress.epoch(ROW, best=True)
        progress.say("words")
    assert terminal.getvalue() == ""
    assert capsys.readouterr().out == ""


def test_a_missing_tqdm_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad5329\[train\]', or pass progress=False"):
        Progress(1, 1, 0, enabled=True).__enter__()


def test_the_line_of_an_epoch() -> None:
    line = "epoch  3/30  train loss 0.5124 acc 0.8400  val loss 0.4000 acc 0.9000  1.3 s"
    assert format_epoch(ROW, 30) == line
    assert len(line) <= 76  # "  *" and still no line break
    assert format_epoch({"epoch": 1, "train_loss": 2.0, "lr": 0.1, "seconds": 0.0}, 1) == (
        "epoch 1/1  train loss 2.0000  0.0 s"
    )


def test_the_end_of_early_stopping_is_said(setup: Any, capsys: pytest.CaptureFixture[str]) -> None:
    made = setup(progress=True)
    made.trainer.early_stopping.patience = 1
    made.trainer.early_stopping.best_value = -1.0
    made.fit(5)
    assert capsys.readouterr().out.splitlines()[-1] == "stopped early: val_loss has not been better for 1 epoch(s)"


def test_the_best_epoch_is_marked(setup: Any, capsys: pytest.CaptureFixture[str]) -> None:
    made = setup(progress=True)
    made.fit(1)
    assert capsys.readouterr().out.endswith("  *\n")
