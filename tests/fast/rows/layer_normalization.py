"""Layer normalization."""

from __future__ import annotations

import tinygrad5329 as tg

from .row import row

F = tg.nn.functional


def over_last(x, *affine):
    return F.layer_norm(x, x.shape[-1:], *affine)


row("native_layer_norm", over_last, (71, 37), (37,), (37,), float32=4e-6, float64=1e-14)
row("native_layer_norm", over_last, (3, 5, 18), (18,), float32=4e-6, float64=1e-14)
row("native_layer_norm", over_last, (9, 16), empty=((0, 3),), float32=4e-6, float64=1e-14)
row("native_layer_norm", lambda x, w: F.layer_norm(x, (4, 5), w), (6, 4, 5), (4, 5), float32=4e-6, float64=1e-14)
row("native_layer_norm", lambda x: F.group_norm(x, 3), (4, 6, 7), float32=4e-6, float64=1e-14)


def by_the_root_of_the_mean_square(x, *weight):
    return F.rms_norm(x, x.shape[-1:], *weight)


row("rms_norm", by_the_root_of_the_mean_square, (71, 37), (37,), float32=4e-6, float64=1e-14)
row("rms_norm", by_the_root_of_the_mean_square, (3, 5, 18), (18,), float32=4e-6, float64=1e-14)
row("rms_norm", by_the_root_of_the_mean_square, (9, 16), empty=((0, 3),), float32=4e-6, float64=1e-14)
