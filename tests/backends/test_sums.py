"""Sums by matrix-vector products: every axis, layout and size class, as exact as promised."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

from tinygrad5329.backends import sums

SHAPES = [
    (3, 4), (1, 7), (7, 1), (2, 3, 4), (20, 30, 40), (2048, 64), (1025, 100), (5000, 10), (70000, 2),
    (3, 70000), (70, 1200), (0, 3), (3, 0), (2, 0, 3), (5,), (0,), (),
]  # fmt: skip


def axes_of(ndim):
    every = range(ndim)
    chosen = [c for k in range(ndim + 1) for c in itertools.combinations(every, k)]
    return [None, *every, *(-1 - i for i in every), *chosen]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_and_shapes(shape, dtype):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    for view in (x, x.T, x[::2] if x.ndim else x, x[..., ::-1] if x.ndim else x, np.asfortranarray(x)):
        for axis, keepdims in itertools.product(axes_of(view.ndim), (False, True)):
            got = sums.sum(view, axis, keepdims=keepdims)
            expected = np.sum(view, axis=axis, keepdims=keepdims, dtype=np.longdouble)
            size = np.sum(np.abs(view), axis=axis, keepdims=keepdims, dtype=np.float64)
            assert np.shape(got) == np.shape(expected)
            assert got.dtype == dtype
            assert np.all(np.abs(got - expected) <= 8 * np.finfo(dtype).eps * size)


@pytest.mark.parametrize("rows", [1000, 10000, 100000])
def test_long_columns_stay_exact(rows):
    x = np.random.default_rng(1).random((rows, 16), np.float32)
    exact = x.sum(0, np.float64)
    error = np.abs(sums.sum(x, 0) - exact).max() / exact.max()
    assert error < 10 * np.finfo(np.float32).eps


def test_other_dtypes():
    bools = np.array([[True, False], [True, True]])
    assert sums.sum(bools, None, np.int64) == 3
    assert sums.sum(bools, None, np.int64).dtype == np.int64
    np.testing.assert_array_equal(sums.sum(bools, 0, np.int64), [2, 1])
    np.testing.assert_array_equal(sums.sum(bools, 0, np.int64, keepdims=True), [[2, 1]])
    half = np.full((4096, 2), 1.0, np.float16)
    np.testing.assert_array_equal(sums.sum(half, 0), np.array([4096, 4096], np.float16))
    assert sums.sum(np.full(70000, 1.0, np.float16), None, np.float32) == 70000
    assert sums.sum(np.array([1 + 2j, 3]), None) == 4 + 2j


def test_what_is_not_finite_comes_through():
    x = np.ones((50, 3), np.float32)
    x[3, 0], x[4, 1] = np.inf, np.nan
    np.testing.assert_array_equal(sums.sum(x, 0), [np.inf, np.nan, 50])
    np.testing.assert_array_equal(sums.sum(x, 1)[2:6], [3, np.inf, np.nan, 3])


@pytest.mark.parametrize("shape", [(), (3,), (3, 4), (2, 3, 4), (100, 100), (0, 3)], ids=str)
def test_spread_is_the_adjoint(shape):
    for axis, keepdims in itertools.product(axes_of(len(shape)), (False, True)):
        x = np.random.default_rng(0).standard_normal(shape)
        kept = np.sum(x, axis=axis, keepdims=True)
        got = sums.spread(np.asarray(sums.sum(x, axis, keepdims=keepdims)), shape, axis)
        np.testing.assert_allclose(got, np.broadcast_to(kept, shape), rtol=1e-12, atol=1e-12)


def test_spread_of_a_numpy_scalar():
    np.testing.assert_array_equal(sums.spread(np.float32(2), (2, 3), None), np.full((2, 3), 2, np.float32))


def test_large_results_of_spread_take_no_memory_and_cannot_be_written():
    g = np.ones(1000, np.float32)
    tracemalloc.start()
    try:
        wide = sums.spread(g, (1000, 1000), 0)
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()
    assert not wide.flags.writeable
