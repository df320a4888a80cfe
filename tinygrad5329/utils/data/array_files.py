"""Reading ``.npy`` files that may be anything: checked from the header on, never unpickled."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from tinygrad5329.utils.data.transforms import describe_not_finite

__all__ = ["DataError", "read_features", "read_labels"]

Array = np.ndarray[Any, Any]


class DataError(ValueError):
    """A data file that is not as it should be; the message says which, what was expected, what was found."""


def read_features(path: Path, rows: int, columns: int) -> Array:
    """The float32 features (rows, columns) of a ``.npy`` file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    DataError
        If it is truncated, no ``.npy`` file, of another shape, not of floats, or has NaN or infinite values.
    """
    expected = f"floats of shape ({rows}, {columns})"
    shape, dtype = _read_header(path, expected)
    if dtype.kind != "f":
        raise DataError(f"{path}: expected {expected}, found dtype {dtype}")
    if shape != (rows, columns):
        raise DataError(f"{path}: expected {expected}, found shape {shape}")
    array = np.load(path, allow_pickle=False)
    if not np.isfinite(array).all():
        raise DataError(f"{path}: expected finite numbers, found {describe_not_finite(array)}")
    return array.astype(np.float32, order="C", copy=False)


def read_labels(path: Path, rows: int, classes: int) -> Array:
    """The int64 labels (rows,) of a ``.npy`` file of shape (rows,) or (rows, 1).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    DataError
        If it is truncated, no ``.npy`` file, of another shape, not of integers, or has labels outside
        0 ... classes - 1.
    """
    expected = f"integer labels 0 to {classes - 1} of shape ({rows},) or ({rows}, 1)"
    shape, dtype = _read_header(path, expected)
    if dtype.kind not in "iu":
        raise DataError(f"{path}: expected {expected}, found dtype {dtype}; save labels.astype(numpy.int64)")
    if shape not in ((rows,), (rows, 1)):
        raise DataError(f"{path}: expected {expected}, found shape {shape}")
    labels = np.load(path, allow_pickle=False).reshape(-1)
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        first = int(np.argmax(outside))
        raise DataError(
            f"{path}: expected {expected}, found {int(outside.sum())} outside (the first is {labels[first]} "
            f"at position {first})"
        )
    return labels.astype(np.int64)


def _read_header(path: Path, expected: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype, once the size of the file agrees with them."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a .npy file of {expected}, found {_what_is(path)}")
    with path.open("rb") as file:
        try:
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read(file)
        except ValueError as error:
            raise DataError(
                f"{path}: expected a .npy file of {expected}, found {path.stat().st_size} bytes that do not "
                f"begin as one ({error})"
            ) from error
        start = file.tell()
    if dtype.hasobject:
        raise DataError(
            f"{path}: expected {expected}, found Python objects, which are pickled and therefore never loaded"
        )
    size, promised = path.stat().st_size, start + math.prod(shape) * dtype.itemsize
    if size != promised:
        state = "truncated: it has" if size < promised else "longer than it says: it has"
        raise DataError(
            f"{path} is {state} {size} bytes, but its header (dtype {dtype}, shape {shape}) promises "
            f"{promised}; copy it again"
        )
    return shape, dtype


def _what_is(path: Path) -> str:
    if path.exists():
        return "a folder" if path.is_dir() else "something that is not a file"
    return "nothing" if path.parent.is_dir() else f"no folder {path.parent}"
