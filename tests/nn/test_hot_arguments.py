"""Arguments of the wrong type to the functions on the hot path: named in the error, or understood as PyTorch does."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.nn import functional as F

X = tg.ones(4, 3)
Y = tg.tensor([0, 1, 2, 0])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: F.linear(np.ones((2, 3)), X), "'input'.*not ndarray"),
        (lambda: F.linear(X, X, [0, 0]), "'bias'.*not list"),
        (lambda: F.gelu(X, approximate=3), "'approximate'.*not int"),
        (lambda: F.dropout(X, "a"), "'p'.*not str"),
        (lambda: F.dropout(X, 0.5, training=1), "'training' must be bool, not int"),
        (lambda: F.batch_norm(X, [0, 0, 0], [1, 1, 1]), "'running_mean'.*not list"),
        (lambda: F.batch_norm(X, None, None, training=True, eps="a"), "'eps'.*not str"),
        (lambda: F.cross_entropy(X, Y, ignore_index="a"), "'ignore_index'.*not str"),
        (lambda: F.cross_entropy(X, Y, label_smoothing="a"), "'label_smoothing'.*not str"),
        (lambda: F.cross_entropy(X, Y, weight=[1, 1, 1]), "'weight'.*not list"),
    ],
)
def test_the_argument_is_named(call, named):
    with pytest.raises(TypeError, match=named):
        call()


def test_a_0d_tensor_stands_for_its_number():
    smooth = F.cross_entropy(X, Y, label_smoothing=tg.tensor(0.1))
    assert smooth.item() == F.cross_entropy(X, Y, label_smoothing=0.1).item()
    assert F.dropout(X, tg.tensor(0.5)).shape == X.shape
