"""Batch normalisation: statistics, modes and errors."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.nn import functional as F

X = [[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]]


def close(tensor, values):
    np.testing.assert_allclose(tensor.detach().numpy(), values, rtol=1e-6, atol=1e-6)


def test_training_normalises_and_tracks():
    norm = nn.BatchNorm1d(2)
    y = norm(tg.tensor(X))
    close(y.mean(0).abs() < 1e-6, [True, True])
    close(y.var(0, unbiased=False), [1 - 1.5e-5, 1.0])
    close(norm.running_mean, [0.2, 3.0])
    # 0.9 * 1 + 0.1 * the unbiased variance.
    close(norm.running_var, [1.0, 0.9 + 70.0])
    assert norm.num_batches_tracked.item() == 1
    assert norm.num_batches_tracked.dtype == tg.int64


def test_evaluation_uses_the_running_statistics():
    norm = nn.BatchNorm1d(2, eps=0.0).eval()
    norm.running_mean.copy_(tg.tensor([1.0, 10.0]))
    norm.running_var.copy_(tg.tensor([4.0, 100.0]))
    close(norm(tg.tensor(X)), [[0, 0], [0.5, 1], [1, 5]])
    assert norm.num_batches_tracked.item() == 0


def test_cumulative_average():
    norm = nn.BatchNorm1d(1, momentum=None)
    for value in (1.0, 4.0, 7.0):
        norm(tg.tensor([[value], [value + 2]]))
    close(norm.running_mean, [5.0])


def test_without_running_statistics():
    norm = nn.BatchNorm1d(2, track_running_stats=False, affine=False)
    assert not norm.state_dict()
    expected = norm(tg.tensor(X))
    close(norm.eval()(tg.tensor(X)), expected.numpy())


def test_tracking_switched_off_later_leaves_the_statistics_alone():
    norm = nn.BatchNorm1d(2)
    norm.track_running_stats = False
    norm(tg.tensor(X))
    close(norm.running_mean, [0.0, 0.0])


def test_reset():
    norm = nn.BatchNorm1d(2)
    norm(tg.tensor(X))
    with tg.no_grad():
        norm.weight.fill_(3)
    norm.reset_parameters()
    close(norm.running_mean, [0, 0])
    close(norm.running_var, [1, 1])
    close(norm.weight, [1, 1])
    assert norm.num_batches_tracked.item() == 0


def test_frozen_statistics_still_learn():
    norm = nn.BatchNorm1d(2).eval()
    norm(tg.tensor(X)).sum().backward()
    close(norm.bias.grad, [3, 3])


def test_errors():
    norm = nn.BatchNorm1d(3)
    with pytest.raises(ValueError, match=r"expected 2D or 3D input \(got 1D input\)"):
        norm(tg.ones(3))
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training, got input size"):
        norm(tg.ones(1, 3))
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        norm(tg.ones(1, 3, 1))
    assert norm.eval()(tg.ones(1, 3)).shape == (1, 3)
    with pytest.raises(RuntimeError, match="running_mean"):
        norm(tg.ones(2, 4))
    with pytest.raises(RuntimeError, match="running_mean must be defined in evaluation mode"):
        F.batch_norm(tg.ones(2, 3), None, None)
    with pytest.raises(RuntimeError, match="weight"):
        F.batch_norm(tg.ones(2, 3), tg.ones(3), tg.ones(3), tg.ones(4))


def test_a_subclass_says_which_inputs_it_takes():
    from tinygrad5329.nn.batchnorm import _BatchNorm

    with pytest.raises(NotImplementedError, match="_BatchNorm must say which inputs it takes"):
        _BatchNorm(3)(tg.ones(2, 3))


def test_recorded_values():
    # From torch 2.13: BatchNorm1d(3) on 0, 1, ..., 17 reshaped to (2, 3, 3).
    norm = nn.BatchNorm1d(3)
    y = norm(tg.arange(18.0).reshape(2, 3, 3))
    np.testing.assert_allclose(y.detach().numpy()[0], [[-1.2025865, -0.9839344, -0.7652823]] * 3, rtol=1e-5)
    close(norm.running_mean, [0.55, 0.85, 1.15])
    np.testing.assert_allclose(norm.running_var.numpy(), [3.41, 3.41, 3.41], rtol=1e-6)
