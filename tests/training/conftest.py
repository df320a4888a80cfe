"""A problem small enough to train in milliseconds, and trainers for it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn, optim
from tinygrad5329.training import EarlyStopping, Trainer, best_model, run_data
from tinygrad5329.training import run as run_module
from tinygrad5329.utils.data import DataLoader, TensorDataset
from tinygrad5329.utils.data.datasets import ArrayData

FEATURES, CLASSES = 6, 3


def blobs(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three classes around three centres, overlapping a little."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(7).normal(size=(CLASSES, FEATURES))
    labels = rng.integers(0, CLASSES, count)
    return (centres[labels] + 0.8 * rng.normal(size=(count, FEATURES))).astype(np.float32), labels


def loader(count: int, seed: int, *, batch_size: int = 16, shuffle: bool = False) -> DataLoader:
    features, labels = blobs(count, seed)
    data = TensorDataset(tg.from_numpy(features), tg.from_numpy(labels))
    return DataLoader(data, batch_size=batch_size, shuffle=shuffle, generator=tg.Generator().manual_seed(seed))


class Setup:
    """A model with dropout and batch norm, its trainer and its loaders, always built the same."""

    def __init__(self, checkpoint: Path | None = None, *, model: nn.Module | None = None, **options: Any) -> None:
        tg.manual_seed(0)
        self.model = model if model is not None else best_model(FEATURES, CLASSES, width=8)
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
        self.train = loader(100, 1, shuffle=True)  # 7 batches, the last one short
        self.val = loader(40, 2)
        defaults: dict[str, Any] = {
            "scheduler": optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=4 * len(self.train)),
            "scheduler_every": "batch",
            "early_stopping": EarlyStopping(patience=10),
            "progress": False,
        }
        self.trainer = Trainer(
            self.model, self.optimizer, nn.CrossEntropyLoss(), checkpoint=checkpoint, **(defaults | options)
        )

    def fit(self, epochs: int, train: Any = None) -> list[dict[str, Any]]:
        return self.trainer.fit(train if train is not None else self.train, self.val, epochs=epochs)

    def weights(self) -> dict[str, np.ndarray]:
        return {name: value.detach().numpy().copy() for name, value in self.model.state_dict().items()}


@pytest.fixture
def setup() -> type[Setup]:
    return Setup


@pytest.fixture
def make_loader() -> Callable[..., DataLoader]:
    return loader


@pytest.fixture(scope="module")
def tiny_runs() -> Iterator[None]:
    """Runs see 140 samples whatever data they name, and the best model is 8 wide."""
    features, labels = blobs(140, 3)
    data = ArrayData(features[:100], labels[:100], features[100:], labels[100:], "tiny", CLASSES, FEATURES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_data, "load", lambda name: data)
        patch.setattr(run_module, "best_model", functools.partial(best_model, width=8))
        yield
