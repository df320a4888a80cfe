"""Attention: narrow heads, which one kernel takes, and the exponentials of blocks."""

from __future__ import annotations

from functools import partial

import numpy as np

import tinygrad5329 as tg

from .row import elsewhere, row

attention = tg.nn.functional.scaled_dot_product_attention


def masked(q, k, v, **options):
    seen = np.random.default_rng(6).uniform(size=(q.shape[-2], k.shape[-2])) < 0.7
    seen[1] = False
    return attention(q, k, v, tg.from_numpy(seen), **options)


def sharp(q, k, v, **options):
    return attention(q * 30, k, v, **options)


NARROW = ((2, 3, 13, 5), (2, 3, 13, 5), (2, 3, 13, 7))
WIDE = ((2, 3, 37, 20), (2, 3, 37, 20), (2, 3, 37, 18))
LONG = ((1, 1, 6, 3), (1, 1, 600, 3), (1, 1, 600, 3))
# Of infinities there is a test of its own: the gradients of 1e30 are all cancellation.
BOUNDS = {"float32": 1e-5, "float64": 1e-13, "special": False}
for label, call in (
    ("plain", attention),
    ("causal", partial(attention, is_causal=True)),
    ("sharp", sharp),
    ("sharp, causal", partial(sharp, is_causal=True)),
):
    row("scaled_dot_product_attention", call, *NARROW, label=label, **BOUNDS)
    row("attention_exponentials", call, *WIDE, label=label, taken=False, **BOUNDS)
row("scaled_dot_product_attention", attention, (2, 9, 4), (2, 8, 4), (2, 8, 8), **BOUNDS)
row("scaled_dot_product_attention", partial(attention, is_causal=True), (2, 9, 4), (2, 6, 4), (2, 6, 8), **BOUNDS)
row("scaled_dot_product_attention", attention, *LONG, taken=False, **BOUNDS)
row("attention_exponentials", masked, *NARROW, label="masked", taken=False, **BOUNDS)
row("attention_exponentials", partial(attention, dropout_p=0.3), *WIDE, label="dropout", taken=False, **BOUNDS)
elsewhere("attention_weights", "test_attention.py")
