"""A task so small that all its architectures can be trained: 258 networks on few digits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.experiments.preparation import DataFacts, Source, Split
from tinygrad5329.search.domains import Choice, Value
from tinygrad5329.search.networks.operations import stack_operations
from tinygrad5329.search.networks.parameter_count import stack_parameters
from tinygrad5329.search.networks.stack import build_stack
from tinygrad5329.search.parts import Stack
from tinygrad5329.search.space import Architecture, Space
from tinygrad5329.search.tasks.trained_task import TrainedTask
from tinygrad5329.utils.data import TensorDataset
from tinygrad5329.utils.data.transforms import StandardScaler

if TYPE_CHECKING:
    from tinygrad5329.search.weight_sharing.supernet import Supernet

__all__ = ["EPOCHS", "MiniTask", "mini_space"]

EPOCHS = 40
BATCH_SIZE = 50
#: Random projections that the networks see in place of 64 pixels.
FEATURES = 32
#: Digits d and d + 5 are one class.
CLASSES = 5
#: Rows to train on and to validate with; all others are test rows.
TRAIN_ROWS, VALIDATION_ROWS = 350, 600
_SEED = 5329


def mini_space() -> Space:
    """One to three layers of two widths and three activations: 258 architectures."""
    return Space({"layers": Stack(1, 3, {"width": Choice(8, 32), "activation": Choice("relu", "tanh", "sigmoid")})})


class MiniTask(TrainedTask):
    """Small networks on 350 of scikit-learn's digits, judged on 600 others.

    They see 32 random projections of the 64 pixels and tell digits modulo 5: each class is two shapes that have nothing
    in common. With all pixels and ten classes one layer would do as well as three, and there would be nothing to
    search. The arguments are those of :class:`TrainedTask`, but for the data and the batches, which are fixed; with
    40 epochs and no limits it is the task that the table of
    :class:`~tinygrad5329.search.benchmark.table.MiniBenchmark` was made of.
    """

    name = "mini"
    defaults: Mapping[str, Value] = {"optimizer": "sgd", "lr": 0.05, "weight_decay": 1e-4, "schedule": "cosine"}

    def __init__(self, epochs: int = EPOCHS, **options: Any) -> None:
        fixed = [name for name in ("data", "batch_size", "quick") if name in options]
        if fixed:
            raise ValueError(f"{fixed[0]}: the mini task fixes it; the report task lets you choose it")
        super().__init__(data="digits", epochs=epochs, batch_size=BATCH_SIZE, **options)

    def declare(self) -> Space:
        return mini_space()

    def network(self, architecture: Architecture, features: int, classes: int) -> nn.Module:
        return build_stack(architecture, features, classes)

    def count_parameters(self, architecture: Architecture) -> int:
        return stack_parameters(architecture, self.split.facts.features, self.split.facts.classes)

    def operations(self, architecture: Architecture) -> list[str]:
        return stack_operations(architecture, self.split.facts.features, self.split.facts.classes)

    @cached_property
    def split(self) -> Split:
        """The rows, training and test rows of the data set shuffled together first."""
        return _hard_split(self.source)

    def supernet(self) -> Supernet:
        """A supernet of the space with new weights, drawn from the default generator."""
        from tinygrad5329.search.weight_sharing.stack_supernet import StackSupernet

        return StackSupernet(self.space, self.split.facts.features, self.split.facts.classes)


def _hard_split(source: Source) -> Split:
    data = source.arrays
    features = np.concatenate([data.train_x, data.test_x])
    classes = np.concatenate([data.train_y, data.test_y]) % CLASSES
    generator = tg.Generator().manual_seed(_SEED)
    order = tg.randperm(len(features), generator=generator).numpy()
    projection = tg.randn(features.shape[1], FEATURES, generator=generator).numpy() / features.shape[1] ** 0.5
    train, validation, test = np.split(order, [TRAIN_ROWS, TRAIN_ROWS + VALIDATION_ROWS])
    # The corners of the digits are always blank: a constant feature becomes 0.
    scaler = StandardScaler(constant="center")
    scaler.fit(features[train])

    def rows(which: np.ndarray[Any, Any]) -> TensorDataset:
        projected = np.asarray(scaler.transform(features[which]) @ projection, dtype=np.float32)
        return TensorDataset(tg.from_numpy(projected), tg.from_numpy(classes[which]))

    facts = DataFacts(
        name="digits modulo 5",
        fingerprint=source.fingerprint,
        features=FEATURES,
        classes=CLASSES,
        class_names=[f"{each} or {each + CLASSES}" for each in range(CLASSES)],
        train_samples=len(train),
        validation_samples=len(validation),
        test_samples=len(test),
    )
    return Split(train=rows(train), judging=rows(validation), test=rows(test), facts=facts)
