"""The data of a run: split, scaled on the rows that are trained on, batched; and what identifies them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.mirror import Mirror, find_mirror
from tinygrad5329.utils.data import DataLoader, TensorDataset
from tinygrad5329.utils.data.cifar10 import CLASSES as CIFAR10_CLASSES
from tinygrad5329.utils.data.datasets import NAMES, ArrayData, load
from tinygrad5329.utils.data.transforms import MinMaxScaler, StandardScaler

__all__ = ["HELD_OUT", "QUICK_ROWS", "DataFacts", "Split", "Source", "judging_loader", "training_loader"]

#: Share of the training rows that the validation protocol holds out.
HELD_OUT = 0.1
#: Training and test rows that a quick run uses, at most.
QUICK_ROWS = (2_000, 1_000)
_EVALUATION_BATCH = 1_000
#: What of a configuration decides its rows.
_SPLIT_KEYS = ("protocol", "scale", "feature_power", "mirror", "split_seed", "quick")

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class DataFacts:
    """What a run was trained and judged on, for its record.

    Attributes
    ----------
    name, fingerprint : str
        The data set's name, and the SHA-256 of all its arrays before any split (16 digits).
    features, classes : int
    class_names : list of str
    train_samples, validation_samples, test_samples : int
        As used; no validation samples under the report's protocol.
    """

    name: str
    fingerprint: str
    features: int
    classes: int
    class_names: list[str]
    train_samples: int
    validation_samples: int
    test_samples: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of a run, scaled.

    Attributes
    ----------
    train, judging, test : TensorDataset
        float32 features (N, F) and int64 classes (N,). ``judging`` stops the training and picks its best
        epoch: validation rows, or under the report's protocol the test rows.
    facts : DataFacts
    mirror : Mirror or None
        Of the training rows, where the configuration wants it.
    """

    train: TensorDataset
    judging: TensorDataset
    test: TensorDataset
    facts: DataFacts
    mirror: Mirror | None = None


class Source:
    """A data set in memory, and its splits, each made once.

    Parameters
    ----------
    data : str
        A data set's name, or a folder with the report's four files.

    Raises
    ------
    ValueError, OSError
        If it cannot be loaded.
    ImportError
        If a package is missing.
    """

    def __init__(self, data: str) -> None:
        self.arrays: ArrayData = load(data)
        self.name = data if data in NAMES else Path(data).resolve().name
        self.fingerprint = _fingerprint(self.arrays)
        self._split = lru_cache(maxsize=2)(self._make_split)  # neighbouring runs mostly share theirs

    def split(self, configuration: Configuration) -> Split:
        """The rows that a configuration asks for."""
        return self._split(*(getattr(configuration, key) for key in _SPLIT_KEYS))

    def facts(self, protocol: str, quick: bool) -> DataFacts:
        """What :meth:`split` will say of its data, without making it."""
        train, test = self._rows(quick)
        held_out = round(HELD_OUT * train) if protocol == "validation" else 0
        names = CIFAR10_CLASSES if self.name == "cifar10-pca128" else map(str, range(self.arrays.num_classes))
        return DataFacts(
            name=self.name,
            fingerprint=self.fingerprint,
            features=self.arrays.num_features,
            classes=self.arrays.num_classes,
            class_names=list(names),
            train_samples=train - held_out,
            validation_samples=held_out,
            test_samples=test,
        )

    def _rows(self, quick: bool) -> tuple[int, int]:
        have = (len(self.arrays.train_x), len(self.arrays.test_x))
        return (min(have[0], QUICK_ROWS[0]), min(have[1], QUICK_ROWS[1])) if quick else have

    def _make_split(
        self, protocol: str, scale: str, feature_power: float, mirror: bool, split_seed: int, quick: bool
    ) -> Split:
        facts = self.facts(protocol, quick)
        data = self.arrays
        order = np.arange(sum((facts.train_samples, facts.validation_samples)))
        if protocol == "validation":
            order = tg.randperm(len(order), generator=tg.Generator().manual_seed(split_seed)).numpy()
        train, held_out = np.split(order, [facts.train_samples])
        scaler = _make_scaler(scale)
        if scaler is not None:
            scaler.fit(data.train_x[train])
        weights = _feature_weights(facts.features, feature_power)

        def dataset(features: Array, labels: Array) -> TensorDataset:
            scaled = features if scaler is None else scaler.transform(features)
            scaled = scaled if weights is None else scaled * weights.astype(scaled.dtype)
            return TensorDataset(tg.from_numpy(np.ascontiguousarray(scaled)), tg.from_numpy(labels))

        rows = dataset(data.train_x[train], data.train_y[train])
        test = dataset(data.test_x[: facts.test_samples], data.test_y[: facts.test_samples])
        return Split(
            train=rows,
            judging=dataset(data.train_x[held_out], data.train_y[held_out]) if len(held_out) else test,
            test=test,
            facts=facts,
            mirror=find_mirror(*rows.tensors) if mirror else None,
        )


def training_loader(split: Split, configuration: Configuration) -> DataLoader[Any]:
    """The training rows in shuffled batches, in an order that only ``configuration.seed`` decides."""
    return DataLoader(
        split.train,
        batch_size=min(configuration.batch_size, len(split.train)),
        shuffle=True,
        drop_last=len(split.train) % configuration.batch_size == 1,  # batch norm cannot normalise one sample
        generator=tg.Generator().manual_seed(configuration.seed),
    )


def judging_loader(rows: TensorDataset) -> DataLoader[Any]:
    """Rows in order and in large batches."""
    return DataLoader(rows, batch_size=_EVALUATION_BATCH)


def _make_scaler(kind: str) -> StandardScaler | MinMaxScaler | None:
    if kind == "none":
        return None
    # The corners of the digits are always blank: a constant feature becomes 0.
    return StandardScaler(constant="center") if kind == "standard" else MinMaxScaler(constant="center")


def _feature_weights(features: int, power: float) -> Array | None:
    if not power:
        return None
    weights = np.arange(1, features + 1) ** -power
    return np.asarray(weights / np.sqrt(np.mean(weights**2)))


def _fingerprint(data: ArrayData) -> str:
    digest = hashlib.sha256()
    for array in (data.train_x, data.train_y, data.test_x, data.test_y):
        digest.update(f"{array.shape} {array.dtype} ".encode())
        digest.update(np.ascontiguousarray(array).data.cast("B"))
    return digest.hexdigest()[:16]
