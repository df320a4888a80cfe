"""Dropout masks that are drawn again, piece by piece, against those drawn at once."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad5329.random import Generator
from tinygrad5329.random.redrawn import RedrawnMask


@pytest.mark.parametrize("sizes", [(3, 5, 7, 1, 70_001, 2, 3), (100_000, 70_000)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("stream", ["torch", "fast"])
def test_pieces_are_the_mask(stream, dtype, sizes):
    one, other = Generator().manual_seed(3), Generator().manual_seed(3)
    one.bernoulli_stream = other.bernoulli_stream = stream
    for generator in (one, other):
        generator.uniform(7)
    expected = one.dropout_mask(0.3, sum(sizes), dtype)
    mask = RedrawnMask(other, 0.3, sum(sizes), dtype)
    for _ in range(2):
        draw = mask.pieces()
        pieces = np.concatenate([draw(size) for size in sizes])
        assert pieces.dtype == dtype
        np.testing.assert_array_equal(pieces, expected)
    np.testing.assert_array_equal(mask.whole((len(expected),)), expected)
    np.testing.assert_array_equal(other.uniform(5), one.uniform(5))


def test_what_it_serves():
    generator = Generator()
    assert RedrawnMask.serves(generator, 0.5)
    assert not RedrawnMask.serves(generator, 1.0)
    generator.bernoulli_stream = "mcg31"
    assert not RedrawnMask.serves(generator, 0.5)
