"""Reading, writing and adding at index arrays, against NumPy's own."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad5329.backends.scatter import Along, add_at, combine_at, read, scatter_zeros, write

RNG = np.random.default_rng(11)
EVERY = slice(None)
INDICES = {
    "rows": np.array([3, 0, 3, 3, 1]),
    "rows from the end": np.array([-1, 0, -4, 3]),
    "rows of one byte": np.array([3, 0, 3], np.uint8),
    "a matrix of rows": np.array([[3, 0], [3, -1]]),
    "middle": (EVERY, np.array([4, 4, 0, 2])),
    "last": (EVERY, EVERY, np.array([[5, 5], [0, -6]])),
    "none": np.zeros(0, np.int64),
    "part and rows": (slice(1, 3), np.array([4, 4])),
    "pairs": (np.array([0, 0, 2]), np.array([1, 1, -1])),
    "mask": RNG.random((4, 5, 6)) < 0.3,
    "mask of rows": np.array([True, False, True, True]),
    "mask behind": (EVERY, RNG.random((5, 6)) < 0.3),
    "along the first": Along(0, RNG.integers(0, 4, (7, 5, 6))),
    "along the middle": Along(1, RNG.integers(0, 5, (4, 9, 6))),
    "along the last": Along(2, RNG.integers(0, 6, (4, 5, 8))),
    "along, fewer elsewhere": Along(1, RNG.integers(0, 5, (3, 9, 2))),
}
LAYOUTS = {
    "contiguous": lambda x: x,
    "reversed": lambda x: x[::-1],
    "transposed": lambda x: np.asfortranarray(x),
    "read-only": lambda x: np.broadcast_to(x[:1], x.shape),
}


def numbers(dtype, *shape):
    return RNG.integers(0, 2, shape).astype(bool) if dtype == "bool" else RNG.integers(-9, 9, shape).astype(dtype)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", INDICES)
def test_read(name, layout):
    x, index = LAYOUTS[layout](numbers("float32", 4, 5, 6)), INDICES[name]
    np.testing.assert_array_equal(read(x, index), x[index])


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "int32", "bool"])
@pytest.mark.parametrize("name", INDICES)
def test_add_at(name, dtype):
    index = INDICES[name]
    expected = numbers(dtype, 4, 5, 6)
    found, values = expected.copy(), numbers(dtype, *expected[index].shape)
    np.add.at(expected, index, values)
    add_at(found, index, values)
    np.testing.assert_array_equal(found, expected)
    zeros = np.zeros_like(expected)
    np.add.at(zeros, index, values)
    np.testing.assert_array_equal(scatter_zeros(zeros.shape, index, values), zeros)


@pytest.mark.parametrize("name", INDICES)
def test_a_number_for_all(name):
    index = INDICES[name]
    expected = numbers("float32", 4, 5, 6)
    found = expected.copy()
    np.add.at(expected, index, np.float32(2))
    add_at(found, index, np.array(2, np.float32))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("layout", ["contiguous", "reversed", "transposed"])
@pytest.mark.parametrize("name", INDICES)
def test_write_and_combine(name, layout):
    index = INDICES[name]
    expected = LAYOUTS[layout](numbers("float64", 4, 5, 6).copy())
    for change, theirs in (
        (write, lambda x, i, v: x.__setitem__(i, v)),
        (lambda x, i, v: combine_at(np.maximum, x, i, v), np.maximum.at),
    ):
        found, values = expected.copy(order="K"), numbers("float64", *expected[index].shape)
        theirs(expected, index, values)
        change(found, index, values)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("row", [4, -5])
def test_rows_out_of_range(row):
    with pytest.raises(IndexError, match=rf"index {row} is out of bounds for axis 0 with size 4"):
        add_at(np.zeros((4, 2)), np.array([0, row]), np.ones((2, 2)))
