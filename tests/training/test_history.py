from __future__ import annotations

from pathlib import Path

import pytest

from tinygrad5329.training import read_history, write_history


def test_floats_come_back_to_the_bit(tmp_path: Path) -> None:
    history = [
        {"epoch": 1, "train_loss": 0.1 + 0.2, "lr": 1e-05, "seconds": 1 / 3},
        {"epoch": 2, "train_loss": 5e-324, "lr": 0.05, "seconds": 12345.678},
    ]
    path = write_history(tmp_path / "history.csv", history)
    assert read_history(path) == history
    assert path.read_text().splitlines()[0] == "epoch,train_loss,lr,seconds"


def test_columns_that_only_some_epochs_have(tmp_path: Path) -> None:
    history = [{"epoch": 1, "train_loss": 0.5}, {"epoch": 2, "train_loss": 0.4, "val_loss": 0.6}]
    assert read_history(write_history(tmp_path / "h.csv", history)) == history


def test_an_empty_history(tmp_path: Path) -> None:
    assert read_history(write_history(tmp_path / "h.csv", [])) == []


def test_a_cell_that_is_no_number(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text("epoch,train_loss\n1,0.5\n2,low\n")
    with pytest.raises(ValueError, match=r"h\.csv: row 2, column 'train_loss' should be a number but is 'low'"):
        read_history(tmp_path / "h.csv")
