"""The functions for compiled code: a product of tables' rows, a transpose, copies of every length."""

from __future__ import annotations

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")

from tinygrad5329.fast.tiles import VECTOR_BYTES, copy, tile_of, transpose  # noqa: E402

both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])
_tile = tile_of(3, 2)


@numba.njit
def _product(a, rows, steps, b, starts, first, last, c, out, pitch):
    _tile(a, 1, rows, 1, steps, b, 2, starts, first, last, c, 3, 50, out, 4, pitch)


@numba.njit
def _transposed(x, y):
    transpose(x, 1, 20, y, 2, 24)


@numba.njit
def _copied(x, y, count):
    copy(x, 3, y, 5, count)


@both_dtypes
def test_tile(dtype):
    rng = np.random.default_rng(0)
    a, b, c, out = (rng.normal(size=n).astype(dtype) for n in (200, 300, 300, 300))
    rows, steps, starts = np.array([90, 0, 7, 3]), np.array([9, 0, 100, 5]), np.array([9, 1, 70, 160])
    columns = 2 * VECTOR_BYTES // out.itemsize
    expected, pitch = out.copy(), columns + 5
    for m in range(3):
        for i in range(columns):
            terms = [a[1 + rows[1 + m] + steps[k]] * b[2 + starts[k] + i] for k in (1, 2)]
            expected[4 + m * pitch + i] = c[3 + m * 50 + i] + sum(terms)
    _product(a, rows, steps, b, starts, 1, 3, c, out, pitch)
    np.testing.assert_allclose(out, expected, rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)


@both_dtypes
def test_transpose(dtype):
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
    x, y = np.arange(400, dtype=dtype), np.full(400, -1, dtype)
    expected = y.copy()
    for i in range(lanes):
        for j in range(lanes):
            expected[2 + j * 24 + i] = x[1 + i * 20 + j]
    _transposed(x, y)
    np.testing.assert_array_equal(y, expected)


@both_dtypes
def test_copy(dtype):
    x = np.arange(100, dtype=dtype)
    for count in range(80):
        y = np.full(100, -1, dtype)
        expected = y.copy()
        expected[5 : 5 + count] = x[3 : 3 + count]
        _copied(x, y, count)
        np.testing.assert_array_equal(y, expected)
