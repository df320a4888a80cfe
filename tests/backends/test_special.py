"""The special functions against exact values, the standard library and PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinygrad5329.backends import special

FUNCTIONS = (special.erf, special.erfc, special.ndtr, special.erfinv)

# Computed with 30 digits (mpmath 1.3).
EXACT = {
    special.erf: {
        1e-300: 1.1283791670955126022e-300, 1e-9: 1.1283791670955126438e-9, 0.1: 0.1124629160182848984,
        0.3: 0.32862675945912741619, 0.4999: 0.52041199516138659028, 0.5: 0.52049987781304653768,
        0.8: 0.74210096470766051259, 1.0: 0.84270079294971486934, 1.7: 0.98379045859077456084,
        2.5: 0.99959304798255504106, 3.9: 0.99999996520775140277, 4.0: 0.99999998458274209972,
        4.5: 0.99999999980338395585, 5.9: 0.9999999999999999281,
    },
    special.erfc: {
        -5.0: 1.9999999999984625402, -0.7: 1.6778011938374184423, -0.2: 1.2227025892104784662,
        0.2: 0.77729741078952153382, 0.5: 0.47950012218695346232, 1.0: 0.15729920705028513066,
        3.0: 2.2090496998585441373e-5, 4.0: 1.5417257900280018852e-8, 6.0: 2.1519736712498913117e-17,
        10.0: 2.088487583762544757e-45, 20.0: 5.3958656116079009289e-176, 26.0: 5.6631924088561428465e-296,
    },
    special.ndtr: {
        -10.0: 7.619853024160526066e-24, -3.0: 1.3498980316300945267e-3, -0.5: 0.30853753872598689636,
        0.0: 0.5, 0.5: 0.69146246127401310364, 3.0: 0.99865010196836990547,
    },
    special.erfinv: {
        1e-300: 8.8622692545275803586e-301, 1e-9: 8.8622692545275806908e-10, 0.1: 0.088855990494257691974,
        0.3: 0.27246271472675434502, 0.5: 0.47693627620446987338, 0.75: 0.81341984759761854169,
        0.9: 1.1630871536766741628, 0.99: 1.8213863677184494559, 0.9999999: 3.7665625816384708887,
        1 - 2.0**-40: 5.0512540852493899671, 1 - 2.0**-53: 5.8635847487551679272,
    },
}  # fmt: skip


def float64(function, x):
    """`function` of the standard library, element by element."""
    return np.array([function(each) for each in np.ravel(x).tolist()]).reshape(np.shape(x))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_exact_values(function):
    x = np.array(list(EXACT[function]))
    # ndtr divides its argument by sqrt(2), whose rounding the tail at -10 shows.
    tolerance = 1e-14 if function is special.ndtr else 1e-15
    np.testing.assert_allclose(function(x), list(EXACT[function].values()), rtol=tolerance, atol=0)


@pytest.mark.parametrize(("function", "library"), [(special.erf, math.erf), (special.erfc, math.erfc)])
def test_float64_follows_the_standard_library(function, library):
    x = np.concatenate([np.linspace(-7, 26, 20001), np.random.default_rng(0).uniform(-1, 1, 5000)])
    np.testing.assert_allclose(function(x), float64(library, x), rtol=1.5e-15, atol=0)


def test_erfinv_inverts_erf():
    y = np.concatenate([np.linspace(-0.999, 0.999, 4001), [1e-12, 1e-200, 1 - 1e-12, 1 - 2.0**-53]])
    x = special.erfinv(y)
    near = np.abs(y) < 0.5
    np.testing.assert_allclose(float64(math.erf, x[near]), y[near], rtol=1.5e-15, atol=0)
    # Near 1 the complement is what carries the digits; its relative error is 2 x^2 times that of x.
    far = y >= 0.5
    np.testing.assert_allclose(float64(math.erfc, x[far]), 1 - y[far], rtol=2e-14, atol=0)
    np.testing.assert_array_equal(special.erfinv(-y), -x)


def test_float32_erf_is_right_to_4_units():
    # Every 61st float32 from 2^-12 to where erf has become 1.
    low, high = np.array([2.0**-12, 4.6], np.float32).view(np.int32)
    x = np.arange(low, high, 61, dtype=np.int32).view(np.float32)
    exact = special.erf(x.astype(np.float64))
    unit = np.spacing(np.minimum(exact, 0.999999).astype(np.float32)).astype(np.float64)
    units = np.max(np.abs(special.erf(x) - exact) / unit)
    # 3.7 with NumPy's own SIMD tanh, 4.5 with the C library's, which machines without AVX2 use.
    assert units < 5


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_special_values_of_erf(dtype):
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 30.0, -30.0, 6e4], dtype)
    y = special.erf(x)
    np.testing.assert_array_equal(y, np.array([0, 0, 1, -1, np.nan, 1, -1, 1], dtype))
    assert y.dtype == dtype
    assert np.signbit(y[1]) and not np.signbit(y[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_erf_at_the_ends_of_the_range(dtype):
    limits = np.finfo(dtype)
    tiny, huge = limits.smallest_subnormal, limits.max
    y = special.erf(np.array([tiny, -tiny, huge, -huge], dtype))
    np.testing.assert_array_equal(y, np.array([tiny, -tiny, 1, -1], dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_erf_is_odd_and_bounded(dtype):
    x = np.linspace(0, 8, 100_003).astype(dtype)
    y = special.erf(x)
    np.testing.assert_array_equal(special.erf(-x), -y)
    assert y.max() == 1


def test_special_values_of_the_others():
    infinity, nan = np.inf, np.nan
    np.testing.assert_array_equal(special.erfc(np.array([infinity, -infinity, nan, 0, 28, -8])), [0, 2, nan, 1, 0, 2])
    np.testing.assert_array_equal(special.ndtr(np.array([infinity, -infinity, nan, -40])), [1, 0, nan, 0])
    y = special.erfinv(np.array([1, -1, nan, 1.1, -2, infinity, 0.0, -0.0]))
    np.testing.assert_array_equal(y, [infinity, -infinity, nan, nan, nan, nan, 0, 0])
    assert np.signbit(y[7]) and not np.signbit(y[6])


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_lower_precision_is_rounded_float64(function, dtype):
    x = np.linspace(-0.99, 0.99, 1001).astype(dtype)
    y = function(x)
    exact = function(x.astype(np.float64))
    assert y.dtype == dtype
    units = np.abs(y - exact) / np.spacing(np.abs(exact).astype(dtype)).astype(np.float64)
    assert units.max() < (5 if function is special.erf and dtype == np.float32 else 0.51)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_shapes_layouts_and_inputs(function, dtype):
    x = np.random.default_rng(1).uniform(-1, 1, (6, 4, 10)).astype(dtype)
    before = x.copy()
    x.flags.writeable = False
    expected = function(x)
    for view in (x[::2], x[:, ::-1, 1::3], x.transpose(2, 0, 1), x.T, x[:, None]):
        np.testing.assert_array_equal(function(view), function(np.ascontiguousarray(view)))
    np.testing.assert_array_equal(x, before)
    assert expected.shape == x.shape and expected.flags.writeable
    assert function(x[:0]).shape == (0, 4, 10)
    zero_dim = function(x[0, 0, 0])
    assert isinstance(zero_dim, np.ndarray) and zero_dim.shape == () and zero_dim.dtype == dtype
    assert zero_dim == expected[0, 0, 0]
    spread = np.broadcast_to(x[0, 0], (3, 10))
    np.testing.assert_array_equal(function(spread), np.broadcast_to(expected[0, 0], (3, 10)))


def test_blocks_do_not_show(monkeypatch):
    x = np.random.default_rng(2).normal(size=(3, 5, 7)).astype(np.float32)
    inputs = [x, x.T, x.transpose(1, 0, 2), x[:, ::2], x[::-1], np.broadcast_to(x[:1], x.shape)]
    whole = [special.erf(each) for each in inputs]
    monkeypatch.setattr(special, "BLOCK", 4)
    for each, expected in zip(inputs, whole, strict=True):
        np.testing.assert_array_equal(special.erf(each), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_erf_into_out(dtype, monkeypatch):
    x = np.random.default_rng(3).normal(size=(4, 6)).astype(dtype)
    expected = special.erf(x)
    monkeypatch.setattr(special, "BLOCK", 5)
    for out in (np.empty((4, 6), dtype), np.empty((6, 4), dtype).T, np.empty((8, 6), dtype)[::2]):
        assert special.erf(x, out) is out
        np.testing.assert_array_equal(out, expected)
    same = x.copy()
    assert special.erf(same, out=same) is same
    np.testing.assert_array_equal(same, expected)
    # Memory that is shared, but not in place.
    row = x[0].copy()
    special.erf(row[:-1], out=row[1:])
    np.testing.assert_array_equal(row[1:], expected[0, :-1])


def test_errors():
    with pytest.raises(TypeError, match="erf: expected float16, float32 or float64, got int64"):
        special.erf(np.arange(3))
    with pytest.raises(TypeError, match=r"erfc: .* got complex64"):
        special.erfc(np.ones(3, np.complex64))
    with pytest.raises(TypeError, match=r"out is float64 \(3,\), expected float32 \(3,\)"):
        special.erf(np.ones(3, np.float32), np.empty(3))
    with pytest.raises(TypeError, match=r"out is float32 \(4,\), expected float32 \(3,\)"):
        special.erf(np.ones(3, np.float32), np.empty(4, np.float32))


@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_oracle(name, dtype):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    x = np.concatenate([np.linspace(-1, 1, 2001), [np.nan, np.inf, -np.inf, 2, -3]]).astype(dtype)
    expected = getattr(torch, name)(torch.from_numpy(x)).numpy()
    tolerance = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(getattr(special, name)(x), expected, rtol=tolerance, atol=0)
