from __future__ import annotations

import functools
import operator

import pytest

from tinygrad5329.utils.data import DistributedSampler

#: length, shuffle, drop_last -> the indices of rank 1 of 3 with seed 3 in epoch 2, as PyTorch 2.13 gives them.
EXPECTED = {
    (7, False, False): [1, 4, 0],
    (7, True, False): [0, 6, 1],
    (7, False, True): [1, 4],
    (7, True, True): [0, 6],
    (1, False, False): [0],
}


@pytest.mark.parametrize("case", EXPECTED)
def test_shares(case):
    length, shuffle, drop_last = case
    sampler = DistributedSampler(range(length), 3, 1, shuffle=shuffle, seed=3, drop_last=drop_last)
    sampler.set_epoch(2)
    assert list(sampler) == EXPECTED[case]
    assert len(sampler) == len(EXPECTED[case])


def test_the_shares_are_the_whole():
    shares = [list(DistributedSampler(range(12), 4, rank, seed=1)) for rank in range(4)]
    assert sorted(functools.reduce(operator.iadd, shares, [])) == list(range(12))


def test_bad_arguments():
    with pytest.raises(RuntimeError, match="pass num_replicas and rank"):
        DistributedSampler(range(3))
    with pytest.raises(ValueError, match=r"Invalid rank 2, rank should be in the interval \[0, 1\]"):
        DistributedSampler(range(3), 2, 2)
