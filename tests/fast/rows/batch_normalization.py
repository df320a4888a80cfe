"""Batch normalization in training and in evaluation."""

from __future__ import annotations

import numpy as np

import tinygrad5329 as tg

from .row import row

F = tg.nn.functional


def in_training(x, *affine):
    return F.batch_norm(x, None, None, *affine, training=True)


def in_evaluation(x, *affine):
    count = x.shape[1]
    mean, var = np.linspace(-1, 1, count), np.linspace(0.5, 2, count)
    return F.batch_norm(x, tg.tensor(mean, dtype=x.dtype), tg.tensor(var, dtype=x.dtype), *affine)


def with_statistics(x):
    """What became of the running statistics counts as well."""
    mean, var = tg.zeros(x.shape[1], dtype=x.dtype), tg.ones(x.shape[1], dtype=x.dtype)
    out = F.batch_norm(x, mean, var, training=True, momentum=0.3)
    return out + mean + var


for slot, call in (("native_batch_norm", in_training), ("native_batch_norm_eval", in_evaluation)):
    row(slot, call, (33, 17), (17,), (17,), float32=4e-6, float64=1e-14)
    row(slot, call, (6, 19))
    row(slot, call, (5, 3, 21), (3,), (3,), float32=4e-6, float64=1e-14)
    row(slot, call, (2, 3, 4, 5), (3,))
row("native_batch_norm_eval", in_evaluation, (4, 3), (3,), empty=((0, 3), (3,)))
row("running_statistics", with_statistics, (21, 19), float32=4e-6, float64=1e-14)
