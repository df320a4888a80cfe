"""Flatten and Unflatten."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def test_flatten_keeps_the_batch():
    assert nn.Flatten()(tg.ones(2, 3, 4)).shape == (2, 12)
    assert nn.Flatten(0)(tg.ones(2, 3, 4)).shape == (24,)
    assert nn.Flatten(0, -2)(tg.ones(2, 3, 4)).shape == (6, 4)
    assert nn.Flatten()(tg.ones(0, 3, 4)).shape == (0, 12)


def test_unflatten_is_the_inverse():
    x = tg.randn(2, 12)
    assert nn.Unflatten(1, (3, 4))(x).shape == (2, 3, 4)
    assert (nn.Flatten()(nn.Unflatten(-1, [3, -1])(x)) == x).all()


def test_unflatten_errors():
    with pytest.raises(TypeError, match="must be a tuple of ints, but found type int"):
        nn.Unflatten(1, 3)
    with pytest.raises(TypeError, match="found element of type float at pos 1"):
        nn.Unflatten(1, (2, 3.0))
    with pytest.raises(TypeError, match="dim must be an int"):
        nn.Unflatten("features", (2, 3))
    with pytest.raises(RuntimeError, match="unflatten"):
        nn.Unflatten(1, (2, 3))(tg.ones(2, 5))
