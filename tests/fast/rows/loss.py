"""Losses of class indices."""

from __future__ import annotations

from functools import partial

import numpy as np

import tinygrad5329 as tg

from .row import row

F = tg.nn.functional


def of_classes(loss, x, weighted=False, ignored=False, **options):
    rng = np.random.default_rng(5)
    classes = x.shape[1]
    target = rng.integers(0, classes, (x.shape[0], *x.shape[2:]))
    if ignored:
        target[::3] = options.setdefault("ignore_index", -100)
    if weighted:
        options["weight"] = tg.tensor(rng.uniform(0.5, 2, classes), dtype=x.dtype)
    return loss(x, tg.from_numpy(target), **options)


def losses(slot, loss, **options):
    label = ",".join(f"{key}={value}" for key, value in options.items())
    call = partial(of_classes, loss, **options)
    row(slot, call, (19, 10), label=label)
    row(slot, call, (3, 40), label=label)


for slot, loss in (("cross_entropy_loss", F.cross_entropy), ("nll_loss", F.nll_loss)):
    losses(slot, loss)
    losses(slot, loss, reduction="none", weighted=True, ignored=True)
    losses(slot, loss, reduction="sum", ignored=True, ignore_index=2)
    row(slot, partial(of_classes, loss, weighted=True), (3, 4, 5), taken=False)
    row(slot, partial(of_classes, loss), (4, 3), empty=((0, 3),))
losses("cross_entropy_loss", F.cross_entropy, label_smoothing=0.2, ignored=True)
losses("cross_entropy_loss", F.cross_entropy, label_smoothing=0.2, weighted=True, reduction="none")
