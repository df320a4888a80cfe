from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from tinygrad5329.training import plot_confusion, plot_history, save_figure

HISTORY = [
    {
        "epoch": e,
        "train_loss": 1 / e,
        "train_accuracy": 1 - 0.5 / e,
        "val_loss": 1.2 / e,
        "val_accuracy": 1 - 0.6 / e,
    }
    for e in range(1, 6)
]


def test_curves_of_training_and_validation() -> None:
    figure = plot_history(HISTORY, best_epoch=4)
    loss, accuracy = figure.axes
    assert (loss.get_title(loc="left"), accuracy.get_title(loc="left")) == ("Loss", "Accuracy")
    train, validation, best = loss.lines
    assert list(train.get_ydata()) == [row["train_loss"] for row in HISTORY]
    assert list(validation.get_ydata()) == [row["val_loss"] for row in HISTORY]
    assert list(best.get_xdata()) == [4, 4]
    assert [text.get_text() for text in loss.get_legend().get_texts()] == [
        "training",
        "validation",
        "best epoch (4)",
    ]
    # told apart without colour, too
    assert train.get_linestyle() != validation.get_linestyle()


def test_a_single_epoch_is_visible_and_missing_columns_are_left_out() -> None:
    figure = plot_history([{"epoch": 1, "train_loss": 0.5}])
    (axes,) = figure.axes
    (line,) = axes.lines
    assert line.get_marker() == "o"


def test_an_empty_history() -> None:
    with pytest.raises(ValueError, match="history is empty"):
        plot_history([])


def test_the_confusion_matrix_shows_counts() -> None:
    confusion = np.array([[5, 0], [2, 13]])
    figure = plot_confusion(confusion, ["cat", "dog"], "Test set")
    axes = figure.axes[0]
    assert sorted(text.get_text() for text in axes.texts) == ["13", "2", "5"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog"]
    assert axes.get_ylim() == (2, 0)  # the first class on top
    shares = axes.collections[0].get_array()
    np.testing.assert_allclose(np.asarray(shares), [[1, 0], [2 / 15, 13 / 15]])


def test_a_class_without_samples_divides_by_nothing() -> None:
    plot_confusion(np.array([[3, 0], [0, 0]]))


@pytest.mark.parametrize(
    ("confusion", "names", "message"),
    [(np.zeros((2, 3)), None, r"square matrix, got shape \(2, 3\)"), (np.eye(2), ["a"], "2 classes but 1")],
)
def test_bad_confusion(confusion: np.ndarray, names: list[str] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_confusion(confusion, names)


def test_saving_is_deterministic_and_leaves_matplotlib_alone(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    first = save_figure(plot_history(HISTORY), tmp_path / "a" / "curves")
    second = save_figure(plot_history(HISTORY), tmp_path / "b" / "curves")
    assert first == (tmp_path / "a" / "curves.svg", tmp_path / "a" / "curves.png")
    assert first[0].read_bytes() == second[0].read_bytes()
    assert first[1].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert "<text" in first[0].read_text()  # text stays text
    assert dict(matplotlib.rcParams) == before


def test_a_missing_matplotlib_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad5329\[train\]'"):
        plot_history(HISTORY)
