"""What the piecewise activations do beside calling their function."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def test_hardtanh_limits():
    layer = nn.Hardtanh(-2, 3)
    assert layer(tg.tensor([-5.0, 1.0, 5.0])).tolist() == [-2, 1, 3]
    assert repr(layer) == "Hardtanh(min_val=-2, max_val=3)"
    with pytest.raises(AssertionError, match=r"max_val \(1\.0\) must be greater than min_val \(2\.0\)"):
        nn.Hardtanh(2.0, 1.0)
    with pytest.warns(FutureWarning, match="`min_value` is deprecated and renamed to `min_val`"):
        assert nn.Hardtanh(min_value=0.5).min_val == 0.5
    with pytest.warns(FutureWarning, match="`max_value` is deprecated"):
        assert nn.Hardtanh(max_value=0.5).max_val == 0.5


def test_relu6_is_a_hardtanh():
    assert isinstance(nn.ReLU6(), nn.Hardtanh)
    assert nn.ReLU6()(tg.tensor([-1.0, 3.0, 9.0])).tolist() == [0, 3, 6]


def test_inplace_leaves_the_result_in_the_input():
    x = tg.tensor([-1.0, 2.0])
    assert nn.ReLU(inplace=True)(x) is x
    assert x.tolist() == [0, 2]
