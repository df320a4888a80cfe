from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.training import classification_metrics

TRUE = np.array([0, 0, 0, 1, 1, 2])
GUESS = np.array([0, 0, 1, 1, 2, 2])


@pytest.mark.parametrize("kind", [list, np.asarray, lambda x: tg.from_numpy(x.copy())])
def test_against_figures_worked_out_by_hand(kind: Any) -> None:
    metrics = classification_metrics(kind(TRUE), kind(GUESS), loss=0.5)
    assert metrics.confusion.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert metrics.accuracy == pytest.approx(4 / 6)
    assert metrics.precision == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert metrics.recall == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert metrics.f1 == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)
    assert (metrics.samples, metrics.loss) == (6, 0.5)
    assert json.loads(json.dumps(metrics.as_dict()))["confusion"][0] == [2, 1, 0]


def test_classes_that_do_not_occur() -> None:
    metrics = classification_metrics([0, 1], [1, 1], num_classes=4)
    assert metrics.confusion.shape == (4, 4)
    assert metrics.precision == pytest.approx(0.25)  # class 0 was never predicted, which counts as 0
    assert "loss" not in metrics.as_dict()


@pytest.mark.parametrize(
    ("true", "guess", "classes", "message"),
    [
        ([0, 1], [0], None, r"\(2,\) and \(1,\)"),
        (np.zeros(0, int), np.zeros(0, int), None, r"N > 0"),
        ([[0], [1]], [[0], [1]], None, r"\(2, 1\)"),
        ([0, 3], [0, 1], 3, r"0\.\.2 but go from 0 to 3"),
        ([0, -1], [0, 1], None, r"go from -1 to 1"),
        ([0, 1], [0.2, 0.9], None, r"predictions should be class numbers .* argmax"),
    ],
)
def test_bad_input(true: Any, guess: Any, classes: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classification_metrics(true, guess, classes)


def test_a_missing_scikit_learn_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.metrics", None)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad5329\[train\]'"):
        classification_metrics([0], [0])
