"""From a data set's name to the loaders of a run: split, scaled on the training split alone, batched."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329.training.config import RunConfig
from tinygrad5329.training.run_folder import RunError
from tinygrad5329.utils.data import DataLoader, TensorDataset, random_split
from tinygrad5329.utils.data.cifar10 import CLASSES as CIFAR10_CLASSES
from tinygrad5329.utils.data.datasets import NAMES, load
from tinygrad5329.utils.data.transforms import MinMaxScaler, StandardScaler

__all__ = ["DataFacts", "RunData", "prepare_data"]

# Outside training a batch only has to fit into the caches.
_EVALUATION_BATCH = 1024


@dataclass(frozen=True)
class DataFacts:
    """What a data set is, in a few words that a checkpoint can hold.

    Attributes
    ----------
    name : str
    features : int
    class_names : list of str
    train_samples, validation_samples, test_samples : int
        After splitting.
    checksum : str
        CRC-32 of all arrays, to notice that data changed between two parts of a run.
    """

    name: str
    features: int
    class_names: list[str]
    train_samples: int
    validation_samples: int
    test_samples: int
    checksum: str

    def as_dict(self) -> dict[str, Any]:
        """Names to plain values."""
        return asdict(self)


@dataclass(frozen=True)
class RunData:
    """The loaders of a run; all give float32 features (N, F) and int64 classes (N,).

    Attributes
    ----------
    train : DataLoader
        Shuffled, in the batches to train on.
    train_once : DataLoader
        The same samples in large batches and in order, to evaluate on.
    validation, test : DataLoader
        In large batches and in order.
    scaler : dict
        What the scaling learned from the training split (empty for ``none``): scaled features are
        ``(x - offset) / scale``.
    facts : DataFacts
    """

    train: DataLoader[Any]
    train_once: DataLoader[Any]
    validation: DataLoader[Any]
    test: DataLoader[Any]
    scaler: dict[str, Any]
    facts: DataFacts


def prepare_data(config: RunConfig) -> RunData:
    """Load, split and scale the data of ``config``.

    The split and the order of the batches come from generators of their own, seeded with ``config.seed``,
    so that they do not depend on what the model draws.

    Raises
    ------
    RunError
        If the data cannot be loaded or are too few to split.
    ImportError
        If a package is missing.
    """
    try:
        data = load(config.data)
    except (OSError, ValueError) as error:
        raise RunError(f"--data: {error}") from error
    name = config.data if config.data in NAMES else Path(config.data).resolve().name
    held_out = round(config.validation * len(data.train_x))
    kept = len(data.train_x) - held_out
    if held_out < 1 or kept < 2:
        raise RunError(
            f"--validation: {config.validation} of {len(data.train_x)} samples leaves {kept} to train on and "
            f"{held_out} to validate with; both are needed"
        )
    split = random_split(data.train(), [kept, held_out], generator=_generator(config.seed))
    train_rows, validation_rows = (np.asarray(part.indices) for part in split)

    scaler = _make_scaler(config.scale)
    if scaler is not None:
        scaler.fit(data.train_x[train_rows])

    def dataset(features: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> TensorDataset:
        scaled = scaler.transform(features) if scaler is not None else features
        return TensorDataset(tg.from_numpy(np.ascontiguousarray(scaled)), tg.from_numpy(labels))

    train = dataset(data.train_x[train_rows], data.train_y[train_rows])
    validation = dataset(data.train_x[validation_rows], data.train_y[validation_rows])
    test = dataset(data.test_x, data.test_y)
    return RunData(
        train=DataLoader(
            train,
            batch_size=config.batch_size,
            shuffle=True,
            # Batch norm cannot normalise a batch of one sample. It is another sample each epoch.
            drop_last=kept % config.batch_size == 1,
            generator=_generator(config.seed),
        ),
        train_once=DataLoader(train, batch_size=_EVALUATION_BATCH),
        validation=DataLoader(validation, batch_size=_EVALUATION_BATCH),
        test=DataLoader(test, batch_size=_EVALUATION_BATCH),
        scaler=scaler.state_dict() if scaler is not None else {},
        facts=DataFacts(
            name=name,
            features=data.num_features,
            class_names=_class_names(name, data.num_classes),
            train_samples=kept,
            validation_samples=held_out,
            test_samples=len(data.test_x),
            checksum=_checksum(data.train_x, data.train_y, data.test_x, data.test_y),
        ),
    )


def _generator(seed: int) -> tg.Generator:
    return tg.Generator().manual_seed(seed)


def _make_scaler(kind: str) -> StandardScaler | MinMaxScaler | None:
    # The corners of the digits are always blank: a constant feature becomes 0.
    if kind == "standard":
        return StandardScaler(constant="center")
    if kind == "minmax":
        return MinMaxScaler(constant="center")
    return None


def _class_names(name: str, classes: int) -> list[str]:
    return list(CIFAR10_CLASSES) if name == "cifar10-pca128" else [str(number) for number in range(classes)]


def _checksum(*arrays: np.ndarray[Any, Any]) -> str:
    value = 0
    for array in arrays:
        value = zlib.crc32(np.ascontiguousarray(array).data.cast("B"), value)
    return f"{value:08x}"
