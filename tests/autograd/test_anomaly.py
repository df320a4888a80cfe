"""What ``detect_anomaly`` says and when."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.autograd import detect_anomaly, is_anomaly_enabled, set_detect_anomaly


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        self.head = Head()

    def forward(self, x):
        return self.head(self.body(x))


class Head(nn.Module):
    def forward(self, h):
        return (h * 0).log().sum()


def test_the_first_infinity_is_named_with_module_and_line():
    with (
        np.errstate(all="ignore"),
        detect_anomaly(),
        pytest.warns(UserWarning, match=r"infinity .* log .*\(forward\) in Net.head") as found,
    ):
        Net()(tg.ones(1, 2))
    assert len(found) == 1
    assert found[0].filename == __file__


def test_the_backward_pass_raises_with_the_line_of_the_forward_pass():
    x = tg.tensor([-1.0], requires_grad=True)
    with np.errstate(all="ignore"), detect_anomaly(), pytest.warns(UserWarning, match="first NaN .* sqrt"):
        y = x.sqrt() * 2
        with pytest.raises(RuntimeError, match=r"SqrtBackward0.*nan.*test_anomaly\.py:\d+ .*first NaN"):
            y.backward()


def test_infinities_that_were_given_are_no_anomaly():
    with detect_anomaly(), warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = tg.zeros(2, 2).masked_fill(tg.tensor([[False, True], [False, False]]), float("-inf"))
        assert scores.softmax(-1).isfinite().all()


def test_check_nan_false_lets_nan_pass():
    x = tg.tensor([-1.0], requires_grad=True)
    with detect_anomaly(check_nan=False):
        x.sqrt().sum().backward()
    assert x.grad.isnan().all()


def test_nothing_stays_behind():
    with detect_anomaly():
        tg.ones(1) * 2
    assert not is_anomaly_enabled()
    y = tg.ones(1, requires_grad=True) * 2
    assert "site" not in (y.grad_fn.meta or {})
    with set_detect_anomaly(True):
        assert is_anomaly_enabled()
        with set_detect_anomaly(False):
            assert not is_anomaly_enabled()
        assert is_anomaly_enabled()
    assert not is_anomaly_enabled()
