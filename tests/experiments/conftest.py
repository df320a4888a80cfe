"""Data and records small enough for tests: 60 samples of 8 features in three classes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tinygrad5329.experiments import preparation
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.preparation import Source
from tinygrad5329.experiments.row import failed_record, train_row
from tinygrad5329.utils.data.datasets import ArrayData


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What makes small things: arrays, source, configuration, record (trained), made_up (not trained)."""

    def source() -> Source:
        monkeypatch.setattr(preparation, "load", lambda data: arrays())
        return Source("small")

    def record(**change: Any) -> dict[str, Any]:
        return train_row(configuration(**change), source(), "key", "code")

    return SimpleNamespace(arrays=arrays, source=source, configuration=configuration, record=record, made_up=made_up)


def arrays(samples: int = 60, features: int = 8, classes: int = 3) -> ArrayData:
    random = np.random.RandomState(0)
    labels = np.arange(samples + 30) % classes
    centres = 3 * random.randn(classes, features)
    x = (centres[labels] + random.randn(len(labels), features)).astype(np.float32)
    return ArrayData(x[:samples], labels[:samples], x[samples:], labels[samples:], "small", classes, features)


def configuration(**change: Any) -> Configuration:
    plain = {"hidden": [6], "lr": 0.05, "batch_size": 10, "epochs": 3}
    return Configuration().changed(plain | change)


def made_up(
    accuracy: float = 0.5, *, seed: int = 0, judged: tuple[float, ...] = (), key: str = "key", **change: Any
) -> dict[str, Any]:
    """A record with these figures that nothing was trained for; `judged` has an accuracy an epoch."""
    figures = {"loss": 1.0, "accuracy": accuracy, "precision": 0.5, "recall": 0.5, "f1": 0.4, "confusion": [[1]]}
    epochs = [
        {"epoch": number, "train_loss": 1.0, "train_accuracy": 0.5, "val_loss": 1.0, "val_accuracy": value}
        | {"lr": 0.1, "seconds": 2.0}
        for number, value in enumerate(judged, start=1)
    ]
    return (
        failed_record(configuration(seed=seed), key, "code", "")
        | {"status": "ok", "error": None, "train": figures, "validation": figures, "test": figures}
        | {
            "training_seconds": 3.0,
            "inference_seconds": 0.5,
            "parameters": 10,
            "epochs": len(epochs),
            "history": epochs,
        }
        | {"data": {"test_samples": 10_000, "classes": 1}}
        | change
    )
