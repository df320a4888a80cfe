"""Convolutions, pooling and resampling over the last dimensions."""

from __future__ import annotations

import numpy as np

from tinygrad5329.backends.taps import Taps
from tinygrad5329.ops.primitive import REGISTRY

from .entry import apart, entry, fixed, real, sample

CHANNELS = {"0-d": "there are channels and sizes"}


def _conv(t, x, w, *bias, **options):
    return getattr(t, f"conv{x.ndim - 2}d")(x, w, *bias, **options)


def _conv_transpose(t, x, w, *bias, **options):
    return getattr(t, f"conv_transpose{x.ndim - 2}d")(x, w, *bias, **options)


entry(
    "convolution",
    _conv,
    sample(real(2, 3, 6), real(4, 3, 3), real(4)),
    sample(real(2, 2, 5, 4), real(3, 2, 2, 3), real(3), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
    sample(real(2, 4, 5), real(2, 2, 3), padding=1, groups=2),
    sample(real(1, 3, 4, 4), real(3, 1, 2, 2), groups=3),
    sample(real(2, 2, 4, 3), real(3, 2, 1, 1)),
    sample(real(1, 2, 3, 3, 3), real(2, 2, 2, 2, 2), padding=(0, 1, 0)),
    sample(real(0, 2, 4), real(3, 2, 2), real(3)),
    kinds="iu",
    without=CHANNELS,
)
entry(
    "convolution_transposed",
    _conv_transpose,
    sample(real(2, 3, 4), real(3, 2, 3), real(2)),
    sample(real(1, 2, 3, 2), real(2, 1, 2, 3), real(1), stride=(2, 1), padding=(1, 0), output_padding=(1, 0)),
    sample(real(1, 4, 3), real(4, 2, 2), groups=2, stride=2),
    sample(real(1, 2, 3), real(2, 1, 2), output_padding=2, dilation=3),
    sample(real(1, 1, 2, 2, 2), real(1, 2, 2, 2, 2)),
    sample(real(0, 2, 4), real(2, 3, 2), real(3)),
    without=CHANNELS,
)


def _to_weight(t, x, g, shape, **how):
    return REGISTRY["convolution_weight"](x, g, shape=shape, **how)


def _torch_to_weight(t, x, g, shape, stride, padding, dilation, groups):
    w = t.zeros(shape, dtype=x.dtype, requires_grad=True)
    out = getattr(t, f"conv{x.ndim - 2}d")(x, w, None, stride, padding, dilation, groups)
    return t.autograd.grad(out, w, g, create_graph=True)[0]


entry(
    "convolution_weight",
    _to_weight,
    sample(real(2, 3, 6), real(2, 4, 4), shape=(4, 3, 3), stride=(1,), padding=(0,), dilation=(1,), groups=1),
    sample(real(1, 4, 5), real(1, 2, 3), shape=(2, 2, 3), stride=(2,), padding=(1,), dilation=(1,), groups=2),
    sample(real(0, 3, 6), real(0, 4, 4), shape=(4, 3, 3), stride=(1,), padding=(0,), dilation=(1,), groups=1),
    torch=_torch_to_weight,
    without=CHANNELS,
)


def _max_pool(t, x, **options):
    return getattr(t, f"max_pool{x.ndim - 2}d")(x, **options)


entry(
    "max_pool",
    _max_pool,
    sample(apart(2, 2, 6), kernel_size=2),
    sample(apart(1, 2, 5, 4), kernel_size=3, stride=2, padding=1),
    sample(apart(1, 1, 7), kernel_size=2, stride=1, dilation=3, ceil_mode=True),
    sample(apart(1, 1, 4, 3, 4), kernel_size=2, stride=(1, 2, 2)),
    sample(apart(0, 2, 4), kernel_size=2),
    without=CHANNELS,
)


def _avg_pool(t, x, **options):
    return getattr(t.nn.functional, f"avg_pool{x.ndim - 2}d")(x, **options)


AVERAGES = [
    (real(2, 2, 6), {"kernel_size": 2}),
    (real(1, 1, 5, 4), {"kernel_size": 3, "stride": 2, "padding": 1}),
    (real(1, 1, 5, 4), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}),
    (real(1, 1, 12), {"kernel_size": 6}),
    (real(1, 1, 3, 3, 4), {"kernel_size": 2, "stride": 1, "divisor_override": 3}),
    (real(0, 2, 4), {"kernel_size": 2}),
]
entry("avg_pool", _avg_pool, *(sample(x, **options) for x, options in AVERAGES), without=CHANNELS)


def _torch_spread(t, g, sizes, kernel, stride, padding, divisor):
    x = t.zeros(g.shape[:2] + sizes, dtype=g.dtype, requires_grad=True)
    out = t.nn.functional.avg_pool2d(x, kernel, stride, padding, divisor_override=divisor)
    return t.autograd.grad(out, x, g, create_graph=True)[0]


entry(
    "avg_pool_backward",
    lambda t, g, **how: REGISTRY["avg_pool_backward"](g, **how),
    sample(real(1, 2, 3, 1), sizes=(6, 2), kernel=(2, 2), stride=(2, 2), padding=(0, 0), divisor=4),
    sample(real(1, 1, 3, 2), sizes=(5, 4), kernel=(3, 3), stride=(2, 2), padding=(1, 1), divisor=2),
    sample(real(1, 1, 2, 3), sizes=(12, 3), kernel=(6, 1), stride=(6, 1), padding=(0, 0), divisor=6),
    sample(real(0, 2, 2, 2), sizes=(4, 4), kernel=(2, 2), stride=(2, 2), padding=(0, 0), divisor=4),
    torch=_torch_spread,
    without=CHANNELS,
)
WEIGHTED = Taps(np.array([[0, 1, 1, 2], [1, 1, 2, 0]]), np.array([[0.5, 0.25, 0.0, 1.0], [0.5, 1.5, 1.0, -1.0]]), 4)
COPIES = Taps(np.array([[2, 0, 1, 2, 2]]), None, 3)


def _resample(t, x, axis, taps):
    return REGISTRY["resample"](x, axis=axis, taps=taps)


def _matrix(t, x, axis, taps):
    matrix = np.zeros((taps.index.shape[1], taps.size))
    weights = np.ones(taps.index.shape) if taps.weights is None else taps.weights
    np.add.at(matrix, (np.arange(len(matrix)), taps.index), weights)
    return (t.tensor(matrix, dtype=x.dtype) @ x.movedim(axis, -2)).movedim(-2, axis)


entry(
    "resample",
    _resample,
    sample(real(2, 4), axis=1, taps=WEIGHTED),
    sample(real(4, 2), axis=0, taps=WEIGHTED),
    sample(real(2, 3, 2), axis=1, taps=COPIES),
    sample(real(0, 4), axis=1, taps=WEIGHTED),
    torch=_matrix,
    without={"0-d": "there is no dimension to read along"},
)
INDICES = fixed([[[3, 0], [1, 2]]])
entry(
    "max_unpool",
    lambda t, x, indices: t.nn.functional.max_unpool1d(x, indices, 2),
    sample(real(1, 2, 2), INDICES),
    sample(real(0, 2, 2), fixed(np.zeros((0, 2, 2), np.int64))),
    without=CHANNELS,
)
HOW = {"kernel_size": (2, 3), "dilation": (2, 1), "padding": 1, "stride": (1, 2)}
entry(
    "im2col",
    lambda t, x, **how: t.nn.functional.unfold(x, **how),
    sample(real(2, 2, 3, 4), kernel_size=2),
    sample(real(1, 1, 4, 5), **HOW),
    sample(real(0, 2, 3, 4), kernel_size=2),
    without=CHANNELS,
)
entry(
    "col2im",
    lambda t, x, **how: t.nn.functional.fold(x, **how),
    sample(real(2, 8, 6), output_size=(3, 4), kernel_size=2),
    sample(real(1, 6, 12), output_size=(4, 5), **HOW),
    sample(real(0, 8, 6), output_size=(3, 4), kernel_size=2),
    without=CHANNELS,
)
