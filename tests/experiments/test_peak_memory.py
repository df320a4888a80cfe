"""The peak of a piece of work is seen, and forgotten by the next."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tinygrad5329.experiments.peak_memory import PeakMemory


def test_a_large_array_is_seen():
    memory = PeakMemory()
    before = memory.peak()
    np.ones(25_000_000)
    assert memory.peak() - before > 150_000_000


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="this system remembers the largest peak")
def test_an_earlier_peak_is_forgotten():
    memory = PeakMemory()
    np.ones(25_000_000)
    largest = memory.peak()
    assert PeakMemory().peak() < largest - 150_000_000
