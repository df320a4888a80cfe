"""Convolutions, their transposes, max pooling and ReLU."""

from __future__ import annotations

import tinygrad5329 as tg

from .row import row

F = tg.nn.functional

for slot in ("convolve", "convolution_gradients"):
    row(
        slot,
        lambda x, w, b: tg.conv1d(x, w, b, padding=2),
        (3, 4, 40),
        (9, 4, 5),
        (9,),
        empty=((0, 4, 9), (2, 4, 5), (2,)),
    )
    row(slot, lambda x, w, b: tg.conv2d(x, w, b, padding=1), (2, 3, 9, 18), (5, 3, 3, 3), (5,))
    row(slot, lambda x, w: tg.conv2d(x, w, stride=2, padding=1, dilation=2), (2, 3, 19, 37), (17, 3, 3, 3))
    row(slot, lambda x, w, b: tg.conv2d(x, w, b, padding=1, groups=6), (2, 6, 8, 33), (6, 1, 3, 3), (6,))
    row(slot, lambda x, w: tg.conv2d(x, w), (2, 20, 5, 7), (40, 20, 1, 1))
    row(slot, lambda x, w: tg.conv3d(x, w, groups=2), (2, 4, 4, 5, 18), (6, 2, 2, 3, 2))
row("convolve_input", lambda x, w, b: tg.conv_transpose1d(x, w, b, stride=2, padding=1), (2, 3, 35), (3, 5, 3), (5,))
row(
    "convolve_input",
    lambda x, w: F.conv_transpose2d(x, w, stride=(1, 3), groups=2, output_padding=(0, 1)),
    (2, 4, 6, 17),
    (4, 3, 2, 2),
)
row("convolve_weight", lambda x, w: tg.conv_transpose2d(x, w, padding=1), (2, 9, 7, 18), (9, 3, 3, 3))
row("relu", tg.relu, (7, 37), empty=((0, 3),))
row("relu", tg.relu, (), taken=False)
row("spread_maxima", lambda x: F.max_pool2d(x, 3, 2, 1), (2, 3, 11, 17), empty=((0, 3, 4, 4),))
row("spread_maxima", lambda x: F.max_pool1d(x, 2), (2, 3, 12))
row("spread_maxima", lambda x: F.max_pool3d(x, 2, 1, dilation=2), (2, 4, 5, 6))
