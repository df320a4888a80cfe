"""Masks on the bits of floats give what ``np.where`` gives."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad5329.backends.masks import either, kept, positive_part

DTYPES = ["float16", "float32", "float64"]
SPECIAL = [0.0, -0.0, 1.5, -1.5, np.inf, -np.inf, np.nan]


def pairs(dtype):
    x = np.array(SPECIAL * 2, dtype)
    return x, x[::-1], np.arange(x.size) % 3 == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_either_is_where(dtype):
    x, y, mask = pairs(dtype)
    out = either(mask, x, y)
    assert out.dtype == dtype
    assert out.tobytes() == np.where(mask, x, y).tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_kept_is_where_with_zero_also_for_infinities(dtype):
    x, _, mask = pairs(dtype)
    out = kept(x, mask)
    assert out.dtype == dtype
    assert out.tobytes() == np.where(mask, x, x.dtype.type(0)).tobytes()


@pytest.mark.parametrize("dtype", [*DTYPES, "int64", "uint8"])
def test_positive_part(dtype):
    x = np.array([3, 0, 1], dtype) - (np.array([0, 0, 4], dtype) if dtype != "uint8" else 0)
    np.testing.assert_array_equal(positive_part(x), np.maximum(x, 0))
    assert positive_part(x).dtype == dtype
    assert np.isnan(positive_part(np.array([np.nan])))


def test_scalars_and_other_layouts():
    x = np.arange(-6.0, 6.0).reshape(3, 4).T
    np.testing.assert_array_equal(kept(x, x > 1), np.where(x > 1, x, 0))
    np.testing.assert_array_equal(either(x > 1, x, -x), np.where(x > 1, x, -x))
    assert kept(np.float32(2), np.bool_(True)) == 2
    assert either(np.bool_(False), np.array(1.0), np.array(2.0)) == 2
