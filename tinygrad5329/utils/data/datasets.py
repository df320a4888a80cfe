"""Data sets by name: ``digits``, ``report128`` and ``cifar10-pca128``, or a folder with the four files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad5329.tensor import wrap
from tinygrad5329.utils.data.array_files import read_features, read_labels
from tinygrad5329.utils.data.dataset import TensorDataset
from tinygrad5329.utils.data.transforms import MinMaxScaler

__all__ = ["DATA_VARIABLE", "NAMES", "ArrayData", "load", "load_digits", "load_report128"]

Array = np.ndarray[Any, Any]

#: The environment variable that names the folder of ``report128``.
DATA_VARIABLE = "TINYGRAD5329_DATA"

#: What :func:`load` knows by name.
NAMES = ("digits", "report128", "cifar10-pca128")

#: The files of ``report128``, features and labels, training and test.
FILES = ("train_data.npy", "train_label.npy", "test_data.npy", "test_label.npy")


@dataclass(frozen=True, eq=False)
class ArrayData:
    """A data set for classification as arrays.

    Attributes
    ----------
    train_x, test_x : float32 array (N, num_features)
    train_y, test_y : int64 array (N,)
        Classes, 0 to ``num_classes - 1``.
    name : str
    num_classes, num_features : int
    """

    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array
    name: str
    num_classes: int
    num_features: int

    def train(self) -> TensorDataset:
        """The training samples, sharing memory with the arrays."""
        return TensorDataset(wrap(self.train_x), wrap(self.train_y))

    def test(self) -> TensorDataset:
        """The test samples, sharing memory with the arrays."""
        return TensorDataset(wrap(self.test_x), wrap(self.test_y))

    def __repr__(self) -> str:
        return (
            f"ArrayData({self.name}: {len(self.train_x)} training and {len(self.test_x)} test samples, "
            f"{self.num_features} features, {self.num_classes} classes)"
        )


def load(name_or_folder: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> ArrayData:
    """Load a data set by its name or from its folder.

    Parameters
    ----------
    name_or_folder : str or path-like
        ``"digits"``, ``"report128"``, ``"cifar10-pca128"``, or a folder that holds the four files of
        :func:`load_report128`.
    root : path-like, optional
        For ``report128`` the folder of the four files (by default ``$TINYGRAD5329_DATA``); for
        ``cifar10-pca128`` the folder of the cache. ``digits`` comes with scikit-learn and takes none.

    Returns
    -------
    ArrayData

    Raises
    ------
    ValueError
        If the name is unknown and no folder, or ``digits`` is given a ``root`` or a folder one too.
    FileNotFoundError, DataError
        If files are missing or not what they should be.
    ImportError
        If an optional package is missing.
    """
    name = os.fspath(name_or_folder)
    if name == "report128":
        return load_report128(root)
    if name == "cifar10-pca128":
        from tinygrad5329.utils.data.cifar10 import load_cifar10_pca128

        return load_cifar10_pca128(root)
    if root is not None:
        raise ValueError(
            f"load: root is for 'report128' and 'cifar10-pca128', got root={os.fspath(root)!r} for {name!r}"
        )
    if name == "digits":
        return load_digits()
    if not Path(name).is_dir():
        raise ValueError(
            f"load: {name!r} is neither a folder nor one of the data sets {', '.join(NAMES)}; to use your "
            f"own files, put {', '.join(FILES)} into a folder and name it"
        )
    return load_report128(name)


def load_digits(test_fraction: float = 0.2, seed: int = 0) -> ArrayData:
    """Scikit-learn's 1,797 handwritten digits of 8 x 8 pixels, which need no network.

    Each class is split by itself, in the same way every time, so training and test set have the same share
    of each digit. The pixels are scaled by :class:`MinMaxScaler` fitted on the training set; those that
    are blank in all of it stay 0.

    Parameters
    ----------
    test_fraction : float
        Share of each class in the test set, between 0 and 1.
    seed : int
        Of the split.

    Returns
    -------
    ArrayData
        With 64 features and 10 classes.

    Raises
    ------
    ValueError
        If ``test_fraction`` leaves a class without training or test samples.
    ImportError
        If scikit-learn is missing.
    """
    try:
        from sklearn.datasets import load_digits as load_from_sklearn
    except ImportError as error:
        raise ImportError("the digits need scikit-learn: pip install 'tinygrad5329[data]'") from error
    pixels, labels = load_from_sklearn(return_X_y=True)
    test = _stratified(labels, test_fraction, seed)
    scaler = MinMaxScaler(constant="center")
    train_x = scaler.fit_transform(pixels[~test].astype(np.float32))
    test_x = scaler.transform(pixels[test].astype(np.float32))
    labels = labels.astype(np.int64)
    return ArrayData(train_x, labels[~test], test_x, labels[test], "digits", 10, pixels.shape[1])


def load_report128(
    folder: str | os.PathLike[str] | None = None,
    *,
    name: str = "report128",
    train_rows: int = 50_000,
    test_rows: int = 10_000,
    num_features: int = 128,
    num_classes: int = 10,
) -> ArrayData:
    """The report's data, from four ``.npy`` files in a folder.

    Parameters
    ----------
    folder : path-like, optional
        By default the environment variable ``TINYGRAD5329_DATA``. It holds ``train_data.npy`` and
        ``test_data.npy``, floats of shape (rows, num_features), and ``train_label.npy`` and
        ``test_label.npy``, integers 0 to ``num_classes - 1`` of shape (rows,) or (rows, 1).
    name : str
        Of the result.
    train_rows, test_rows, num_features, num_classes : int
        What the files must have.

    Returns
    -------
    ArrayData

    Raises
    ------
    ValueError
        If no folder is given and the variable is not set.
    FileNotFoundError
        If the folder or a file is missing.
    DataError
        If a file is truncated, mis-shaped, of another dtype, has labels out of range, or NaN or infinite
        values. The message says which file, what was expected and what was found.
    """
    folder = _folder(folder, name)
    files = [folder / file for file in FILES]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        found = "only " + ", ".join(sorted(set(FILES) - set(missing))) if len(missing) < len(FILES) else "none of them"
        if not folder.is_dir():
            found = f"no folder {folder}"
        raise FileNotFoundError(f"{name}: expected a folder with {', '.join(FILES)}, found {found} ({folder})")
    return ArrayData(
        train_x=read_features(files[0], train_rows, num_features),
        train_y=read_labels(files[1], train_rows, num_classes),
        test_x=read_features(files[2], test_rows, num_features),
        test_y=read_labels(files[3], test_rows, num_classes),
        name=name,
        num_classes=num_classes,
        num_features=num_features,
    )


def _folder(folder: str | os.PathLike[str] | None, name: str) -> Path:
    if folder is None:
        folder = os.environ.get(DATA_VARIABLE) or None
    if folder is None:
        raise ValueError(
            f"{name}: no folder was given; name the one that holds {', '.join(FILES)}, or set {DATA_VARIABLE} to it"
        )
    return Path(folder).expanduser()


def _stratified(labels: Array, test_fraction: float, seed: int) -> Array:
    """Which samples are for testing: of each class the same share, rounded."""
    # RandomState, because its streams are the same in every version of NumPy.
    random = np.random.RandomState(seed)
    test = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        count = round(len(members) * test_fraction)
        if not 0 < count < len(members):
            raise ValueError(
                f"digits: test_fraction={test_fraction} puts {count} of the {len(members)} samples of class "
                f"{label} into the test set; each side needs some"
            )
        test[random.permutation(members)[:count]] = True
    return test
