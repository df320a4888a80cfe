"""``cifar10-pca128``: CIFAR-10 (Krizhevsky, 2009) as 128 whitened principal components.

The binary archive is read, not the Python one, which is pickled and could run code.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad5329.utils.data.array_files import DataError
from tinygrad5329.utils.data.datasets import FILES, ArrayData, load_report128

__all__ = ["CLASSES", "SHA256", "URL", "build_pca", "load_cifar10_pca128", "read_archive"]

Array = np.ndarray[Any, Any]

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_FOLDER = "cifar-10-batches-bin"
_TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
_TEST = ("test_batch.bin",)
_PIXELS = 3 * 32 * 32
_RECORD = 1 + _PIXELS

# Rows that are turned into floats at a time: the whole training set would be 614 MB.
_ROWS = 4096


def load_cifar10_pca128(
    root: str | os.PathLike[str] | None = None,
    *,
    archive: str | os.PathLike[str] | None = None,
    url: str = URL,
    sha256: str = SHA256,
    records: int = 10_000,
    components: int = 128,
) -> ArrayData:
    """CIFAR-10 in the shape of the report's data; downloaded and computed once, then read from the cache.

    Parameters
    ----------
    root : path-like, optional
        The folder of the cache, by default that of the operating system for this user. The result is four
        files in its subfolder ``cifar10-pca128`` (31 MB; the archive beside it is 170 MB).
    archive : path-like, optional
        The binary archive, if you have it already; it is not downloaded then.
    url, sha256 : str
        Where the binary archive is, and its checksum, which ``archive`` must have too.
    records : int
        Images a batch file: 5 are for training, 1 for testing.
    components : int
        How many principal components are kept.

    Returns
    -------
    ArrayData
        float32 (50000, 128) and (10000, 128) with the defaults, classes in the order of :data:`CLASSES`.

    Raises
    ------
    ImportError
        If pooch, which downloads, is missing.
    DataError
        If the archive, or a file of the cache, is not what it should be.
    FileNotFoundError
        If ``archive`` does not exist.

    Notes
    -----
    Pixels are divided by 255 and the mean of the training set is removed; the eigenvectors of the training
    set's covariance with the largest eigenvalues are the components, the sign of each such that its largest
    entry is positive; each is divided by its deviation over the training set. The files are written under
    other names and renamed when they are complete, so an interrupted run leaves nothing that looks right.
    """
    cache = _cache_folder(root)
    folder = cache / "cifar10-pca128"
    if not all((folder / file).is_file() for file in FILES):
        path = _download(url, sha256, cache) if archive is None else _checked(Path(archive), sha256)
        train_x, train_y, test_x, test_y = read_archive(path, records)
        train_x, test_x = build_pca(train_x, test_x, components)
        contents = (train_x, train_y[:, None], test_x, test_y[:, None])
        _write_files(folder, dict(zip(FILES, contents, strict=True)))
    return load_report128(
        folder,
        name="cifar10-pca128",
        train_rows=len(_TRAIN) * records,
        test_rows=len(_TEST) * records,
        num_features=components,
    )


def read_archive(path: str | os.PathLike[str], records: int = 10_000) -> tuple[Array, Array, Array, Array]:
    """Images and labels of the binary archive.

    Parameters
    ----------
    path : path-like
        The ``.tar.gz``. Nothing of it is extracted to disk.
    records : int
        Images a batch file.

    Returns
    -------
    train_x, train_y, test_x, test_y : uint8 array
        Images (N, 3072), by channel, row and column; labels (N,).

    Raises
    ------
    DataError
        If it is no such archive, or a batch file is missing, of another size, or has labels above 9.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            train = [_read_batch(archive, path, name, records) for name in _TRAIN]
            test = [_read_batch(archive, path, name, records) for name in _TEST]
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise DataError(
            f"{os.fspath(path)}: expected CIFAR-10's binary archive, found a file that cannot be read ({error})"
        ) from error
    train_all, test_all = np.concatenate(train), np.concatenate(test)
    return train_all[:, 1:], train_all[:, 0], test_all[:, 1:], test_all[:, 0]


def build_pca(train: Array, test: Array, components: int = 128) -> tuple[Array, Array]:
    """Whitened principal components of images, learned from the training set alone.

    Parameters
    ----------
    train, test : uint8 array (N, D)
    components : int
        At most D, and less than the number of training images.

    Returns
    -------
    train, test : float32 array (N, components)
        Each column of ``train`` has mean 0 and deviation 1.

    Raises
    ------
    ValueError
        If there are too few images, or too few that differ, for so many components.
    """
    n, pixels = train.shape
    if not 0 < components <= min(pixels, n - 1):
        raise ValueError(
            f"build_pca: {components} components asked of {n} training images of {pixels} pixels; at most "
            f"{min(pixels, n - 1)} exist"
        )
    mean = train.mean(axis=0, dtype=np.float64) / 255
    covariance = np.zeros((pixels, pixels))
    for rows in _float_rows(train, mean):
        covariance += rows.T @ rows
    variances, vectors = np.linalg.eigh(covariance / n)
    variances, vectors = variances[::-1][:components], vectors[:, ::-1][:, :components]
    if variances[-1] <= variances[0] * pixels * np.finfo(np.float64).eps:
        raise ValueError(
            f"build_pca: the training images vary in fewer than {components} directions; keep fewer components"
        )
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * (np.sign(vectors[largest, np.arange(components)]) / np.sqrt(variances))
    train_x, test_x = (
        np.concatenate([(rows @ vectors).astype(np.float32) for rows in _float_rows(images, mean)])
        for images in (train, test)
    )
    return train_x, test_x


def _float_rows(images: Array, mean: Array) -> Any:
    for start in range(0, len(images), _ROWS):
        yield images[start : start + _ROWS] / 255.0 - mean


def _read_batch(archive: tarfile.TarFile, path: Any, name: str, records: int) -> Array:
    member = f"{_FOLDER}/{name}"
    try:
        file = archive.extractfile(member)
    except KeyError:
        file = None
    if file is None:
        raise DataError(f"{os.fspath(path)}: expected a file {member} inside, found {archive.getnames()}")
    content = file.read()
    if len(content) != records * _RECORD:
        raise DataError(
            f"{os.fspath(path)}: expected {member} to have {records * _RECORD} bytes ({records} records of "
            f"{_RECORD}), found {len(content)}"
        )
    batch = np.frombuffer(content, np.uint8).reshape(records, _RECORD)
    outside = batch[:, 0] >= len(CLASSES)
    if outside.any():
        first = int(np.argmax(outside))
        raise DataError(
            f"{os.fspath(path)}: expected labels 0 to 9 in {member}, found {int(outside.sum())} above (the "
            f"first is {batch[first, 0]} in record {first})"
        )
    return batch


def _cache_folder(root: str | os.PathLike[str] | None) -> Path:
    return Path(root).expanduser() if root is not None else Path(_import_pooch().os_cache("tinygrad5329"))


def _download(url: str, sha256: str, cache: Path) -> Path:
    pooch = _import_pooch()
    return Path(pooch.retrieve(url, f"sha256:{sha256}", fname="cifar-10-binary.tar.gz", path=cache))


def _checked(path: Path, sha256: str) -> Path:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise DataError(f"{path}: expected CIFAR-10's binary archive with SHA-256 {sha256}, found {found}")
    return path


def _import_pooch() -> Any:
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            "cifar10-pca128 is downloaded with pooch: pip install 'tinygrad5329[data]'. With the four files "
            "at hand, name their folder instead"
        ) from error
    return pooch


def _write_files(folder: Path, arrays: Mapping[str, Array]) -> None:
    """Write all under temporary names, flush, then rename: a file is either absent or whole."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[tuple[Path, Path]] = []
    try:
        for name, array in arrays.items():
            temporary = folder / f".{name}.{secrets.token_hex(4)}.partial"
            written.append((temporary, folder / name))
            with temporary.open("xb") as file:
                np.save(file, array, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
        for temporary, final in written:
            os.replace(temporary, final)
    except BaseException:
        for temporary, _ in written:
            temporary.unlink(missing_ok=True)
        raise
