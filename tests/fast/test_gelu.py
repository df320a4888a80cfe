"""GELU's relative error, in the tails as well."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")

from tinygrad5329.backends import special
from tinygrad5329.fast import gelu
from tinygrad5329.ops.primitive import REGISTRY


@pytest.mark.parametrize(("dtype", "lowest", "bound"), [("float32", -12.0, 4.5e-7), ("float64", -36.0, 1.2e-15)])
def test_relative_error_of_the_value(dtype, lowest, bound):
    x = np.linspace(lowest, 12, 40001).astype(dtype)
    out, slope = gelu.KERNELS["gelu"].forward(np, x, approximate="none", keep=True)
    wide = x.astype(np.float64)
    cdf = special.ndtr(wide)
    # The reference's own error is as large as the bound in float64.
    allowed = (bound + 2e-16) * (1 + wide * wide / 4) + (1e-16 * (2 + wide * wide) if dtype == "float64" else 0)
    assert (np.abs(out - wide * cdf) <= allowed * np.abs(wide * cdf)).all()
    derivative = cdf + wide * np.exp(-0.5 * wide * wide) / math.sqrt(2 * math.pi)
    assert np.abs(slope - derivative).max() <= (2.5e-7 if dtype == "float32" else 1e-15)


def test_the_tail_is_more_exact_than_numpys():
    x = np.full(4, -6, np.float32)
    exact = -6 * special.ndtr(np.full(4, -6.0))
    ours, _ = gelu.KERNELS["gelu"].forward(np, x, approximate="none", keep=False)
    plain, _ = REGISTRY["gelu"].forward(np, x, approximate="none", keep=False)
    np.testing.assert_allclose(ours, exact, rtol=5e-6)
    np.testing.assert_allclose(plain, exact, atol=2e-6, rtol=0)
