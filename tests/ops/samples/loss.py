"""Normalization and losses with kernels of their own."""

from __future__ import annotations

import numpy as np

from .entry import entry, fixed, real, sample

SCALE = {"low": 0.5, "high": 1.5}
ONE_D = {"0-d": "it takes at least one dimension"}


def _batch_norm(t, x, *affine, **options):
    weight, bias = affine if affine else (None, None)
    return t.nn.functional.batch_norm(x, None, None, weight, bias, training=True, **options)


entry(
    "native_batch_norm",
    _batch_norm,
    sample(real(4, 3), real(3, **SCALE), real(3)),
    sample(real(4, 3)),
    sample(real(4, 2), eps=0.1),
    sample(real(2, 2, 3), real(2, **SCALE), real(2)),
    sample(real(2, 2, 2, 2), real(2, **SCALE), real(2)),
    without=ONE_D | {"zero-size": "an error: there is no mean of nothing"},
)


def _known_moments(t, x, mean, var, *affine):
    weight, bias = affine if affine else (None, None)
    return t.nn.functional.batch_norm(x, mean, var, weight, bias, training=False)


MOMENTS = (fixed(np.array([0.1, -0.2, 0.3])), fixed(np.array([1.5, 0.5, 1.0])))
entry(
    "native_batch_norm_eval",
    _known_moments,
    sample(real(4, 3), *MOMENTS, real(3, **SCALE), real(3)),
    sample(real(4, 3), *MOMENTS),
    sample(real(2, 3, 2), *MOMENTS, real(3, **SCALE), real(3)),
    sample(real(0, 3), *MOMENTS, real(3, **SCALE), real(3)),
    without=ONE_D,
)
entry(
    "native_layer_norm",
    lambda t, x, *affine, shape, **options: t.nn.functional.layer_norm(x, shape, *affine, **options),
    sample(real(2, 3), real(3, **SCALE), real(3), shape=(3,)),
    sample(real(2, 3), shape=(3,)),
    sample(real(2, 2, 3), real(2, 3, **SCALE), real(2, 3), shape=(2, 3)),
    sample(real(2, 3), real(3, **SCALE), shape=(3,), eps=0.1),
    sample(real(3), shape=(3,)),
    without=ONE_D | {"zero-size": "a composition of other operations; test_oracle has it"},
)

entry(
    "rms_norm",
    lambda t, x, *affine, shape, **options: t.nn.functional.rms_norm(x, shape, *affine, **options),
    sample(real(2, 3), real(3, **SCALE), shape=(3,)),
    sample(real(2, 3), shape=(3,)),
    sample(real(2, 2, 3), real(2, 3, **SCALE), shape=(2, 3)),
    sample(real(2, 3), real(3, **SCALE), shape=(3,), eps=0.1),
    sample(real(3), shape=(3,)),
    without=ONE_D | {"zero-size": "a composition of other operations; test_oracle has it"},
)

CLASSES = fixed(np.array([2, 0, 1, 2]))
IGNORED = fixed(np.array([2, -100, 1, 0]))
WEIGHT = fixed(np.array([0.5, 1.0, 2.0]))


def _with_weight(name):
    def call(t, x, target, *weight, **options):
        return getattr(t.nn.functional, name)(x, target, *weight, **options)

    return call


COMMON = [
    sample(real(4, 3), CLASSES),
    sample(real(4, 3), CLASSES, WEIGHT),
    sample(real(4, 3), IGNORED, WEIGHT, reduction="sum"),
    sample(real(4, 3), IGNORED, reduction="none"),
    sample(real(4, 3), fixed(np.array([0, 1, 0, 2])), ignore_index=0),
    sample(real(3), fixed(1)),
    sample(real(2, 3, 2), fixed(np.array([[0, 1], [2, -100]]))),
    sample(real(0, 3), fixed(np.zeros(0, np.int64)), reduction="sum"),
]
entry("nll_loss", _with_weight("nll_loss"), *COMMON, without=ONE_D)
entry(
    "cross_entropy_loss",
    _with_weight("cross_entropy"),
    *COMMON,
    sample(real(4, 3), CLASSES, WEIGHT, label_smoothing=0.1),
    sample(real(4, 3), IGNORED, label_smoothing=0.2, reduction="none"),
    sample(real(2, 3, 2), fixed(np.array([[0, 1], [2, -100]])), WEIGHT, label_smoothing=0.1),
    without=ONE_D,
)


def _ctc(t, x, labels, *, frames, lengths, **options):
    # Of log_softmax, as it takes normalised probabilities for granted.
    return t.nn.functional.ctc_loss(t.nn.functional.log_softmax(x, -1), labels, frames, lengths, **options)


LABELS = fixed(np.array([[1, 1], [2, 1]]))
entry(
    "ctc_loss",
    _ctc,
    sample(real(4, 2, 3), LABELS, frames=(4, 3), lengths=(2, 1)),
    sample(real(4, 2, 3), LABELS, frames=(4, 3), lengths=(2, 2), reduction="sum"),
    sample(real(3, 2, 3), LABELS, frames=(2, 3), lengths=(2, 0), reduction="none", zero_infinity=True),
    sample(real(3, 3), fixed(np.array([0, 1])), frames=(3,), lengths=(2,), blank=2),
    half=False,
    without=ONE_D | {"zero-size": "an error: there are no frames"},
    oracle_lacks="a second derivative",
)
