"""Compiled convolutions of every geometry against NumPy's, and when NumPy's run instead."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tinygrad5329.backends import convolution as plain

pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")

from tinygrad5329.fast import convolution as twins
from tinygrad5329.fast import layout


def geometry(seed, dtype):
    """The arrays (x, weight, bias, g) and the geometry of a random convolution."""
    rng = random.Random(seed)
    dims = rng.choice([1, 2, 3])

    def sizes(low, high):
        return tuple(rng.randint(low, high) for _ in range(dims))

    groups = rng.choice([1, 1, 2, 3])
    channels, outs = groups * rng.randint(1, 6), groups * rng.choice([1, 2, 3, 8, 20, 40])
    kernel, stride, padding, dilation = sizes(1, 3), sizes(1, 3), sizes(0, 2), sizes(1, 2)
    space = tuple(d * (k - 1) + rng.randint(1, 12) for k, d in zip(kernel, dilation, strict=True))
    counts = plain.window_counts(space, kernel, stride, padding, dilation)
    values, n = np.random.default_rng(seed), rng.randint(1, 3)
    shapes = (n, channels, *space), (outs, channels // groups, *kernel), (outs,), (n, outs, *counts)
    return [values.normal(size=shape).astype(dtype) for shape in shapes], (stride, padding, dilation, groups)


def refuse(*args, **kwargs):
    raise AssertionError("the NumPy kernel ran")


@pytest.mark.parametrize(("across", "near"), [(0.0, layout._NEAR), (0.0, 1), (9.0, 1)])
@pytest.mark.parametrize(("dtype", "bound"), [("float32", 3e-6), ("float64", 1e-14)])
def test_against_numpy(dtype, bound, across, near, monkeypatch):
    # However short the lines are; few offsets at a time too.
    monkeypatch.setattr(twins, "_LEAST", 0)
    monkeypatch.setattr(twins, "_use_across", lambda lines, rows, x: across if len(lines.bounds) == 2 else 0.0)
    monkeypatch.setattr(layout, "_NEAR", near)
    for cached in (layout.forward_lines, layout.backward_lines):
        cached.cache_clear()
    for seed in range(80):
        (x, w, b, g), how = geometry(seed, dtype)
        b = b if seed % 3 else None
        expected = (
            plain.convolve(x, w, b, *how),
            plain.convolve_input(g, w, None, x.shape[2:], *how),
            plain.convolve_weight(x, g, w.shape, *how),
        )
        with monkeypatch.context() as patch:
            for name in ("convolve", "convolve_input", "convolve_weight"):
                patch.setattr(plain, name, refuse)
            kernels = twins.KERNELS
            found = (
                kernels["convolve"](x, w, b, *how),
                *kernels["convolution_gradients"](g, x, w, (True, True, False), *how),
            )
        for ours, theirs in zip(found, expected, strict=True):
            assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
            np.testing.assert_allclose(ours, theirs, atol=bound * len(x) * 30, err_msg=f"seed {seed}")
    for cached in (layout.forward_lines, layout.backward_lines):
        cached.cache_clear()


def test_what_is_not_needed_is_not_computed(monkeypatch):
    (x, w, _, g), how = geometry(0, "float32")
    monkeypatch.setattr(twins, "correlate", refuse)
    to_input, to_weight = twins.KERNELS["convolution_gradients"](g, x, w, (False, True, True), *how)
    assert to_input is None
    assert to_weight.shape == w.shape


@pytest.mark.parametrize("dtype", ["float16", "complex64", "int64"])
def test_other_dtypes(dtype):
    (x, w, b, g), how = geometry(3, dtype)
    for ours, theirs in (
        (twins.KERNELS["convolve"](x, w, b, *how), plain.convolve(x, w, b, *how)),
        (twins.KERNELS["convolve_weight"](x, g, w.shape, *how), plain.convolve_weight(x, g, w.shape, *how)),
    ):
        assert ours.dtype == dtype
        np.testing.assert_array_equal(ours, theirs)


def test_infinities_between_the_rows_reach_no_depthwise_weight():
    x = np.ones((1, 2, 4, 4), np.float32)
    # The right column of a row stands before the left one of the next, where windows of the first column begin.
    x[:, :, :, -1] = np.inf
    g = np.ones((1, 2, 4, 3), np.float32)
    how = ((1, 1), (0, 0), (1, 1), 2)
    found = twins.KERNELS["convolve_weight"](x, g, (2, 1, 1, 2), *how)
    np.testing.assert_array_equal(found, np.array([[[[12, np.inf]]], [[[12, np.inf]]]]))


def test_deep_sums_across():
    # More offsets than are taken at a time.
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(3, 40, 4, 4)), rng.normal(size=(36, 40, 3, 3))
    how = ((1, 1), (1, 1), (1, 1), 1)
    found = twins.KERNELS["convolve"](x, w, None, *how)
    np.testing.assert_allclose(found, plain.convolve(x, w, None, *how), rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        twins.KERNELS["convolve_input"](found, w, None, (4, 4), *how),
        plain.convolve_input(found, w, None, (4, 4), *how),
        rtol=0,
        atol=1e-11,
    )


def test_tables_are_made_once():
    (x, w, b, _), how = geometry(1, "float32")
    twins.KERNELS["convolve"](x, w, b, *how)
    made = layout.forward_lines.cache_info().misses
    twins.KERNELS["convolve"](x + 1, w, None, *how)
    assert layout.forward_lines.cache_info().misses == made
