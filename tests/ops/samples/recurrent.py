"""Embeddings, recurrent layers and attention."""

from __future__ import annotations

import warnings

import numpy as np

from .entry import entry, fixed, real, sample

ROWS = fixed(np.array([[2, 0], [1, 2]]))
entry(
    "embedding",
    lambda t, weight, index, **options: t.nn.functional.embedding(index, weight, **options),
    sample(real(4, 3), ROWS),
    sample(real(4, 3), fixed(np.array(3))),
    sample(real(4, 0), ROWS),
    without={"0-d": "a table has rows"},
)


def _layer(name):
    def call(t, x, *tensors, states, sizes=None, layers=1, bias=True, bidirectional=False):
        hx = tensors[0] if states == 1 else list(tensors[:states])
        rest = (hx, list(tensors[states:]), bias, layers, 0.0, False, bidirectional)
        function = getattr(t, name)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "LSTM with projections is not supported with oneDNN")
            return function(x, *rest, False) if sizes is None else function(x, t.tensor(sizes), *rest)

    return call


def _weights(gates, inputs, width, *, bias=True, directions=1, state=None, projection=()):
    each = [real(gates * width, inputs), real(gates * width, state or width)]
    each += [real(gates * width), real(gates * width)] if bias else []
    return (each + list(projection)) * directions


#: Lengths 3, 2 and 1.
SIZES = (3, 2, 1)
WITHOUT = {"0-d": "it takes sequences"}

for primitive, function, gates in (("elman_layer", "rnn_tanh", 1), ("gru_layer", "gru", 3)):
    entry(
        primitive,
        _layer(function),
        sample(real(3, 2, 2), real(1, 2, 2), *_weights(gates, 2, 2), states=1),
        sample(real(2, 2, 2), real(1, 2, 2), *_weights(gates, 2, 2, bias=False), states=1, bias=False),
        sample(real(2, 0, 2), real(1, 0, 2), *_weights(gates, 2, 2), states=1),
        sample(
            real(6, 2), real(2, 3, 2), *_weights(gates, 2, 2, directions=2), states=1, sizes=SIZES, bidirectional=True
        ),
        without=WITHOUT,
    )
entry(
    "lstm_layer",
    _layer("lstm"),
    sample(real(3, 2, 2), real(1, 2, 2), real(1, 2, 2), *_weights(4, 2, 2), states=2),
    sample(real(2, 0, 2), real(1, 0, 2), real(1, 0, 2), *_weights(4, 2, 2), states=2),
    sample(
        real(2, 2, 2),
        real(1, 2, 1),
        real(1, 2, 2),
        *_weights(4, 2, 2, bias=False, state=1, projection=[real(1, 2)]),
        states=2,
        bias=False,
    ),
    sample(
        real(6, 2),
        real(2, 3, 2),
        real(2, 3, 2),
        *_weights(4, 2, 2, directions=2),
        states=2,
        sizes=SIZES,
        bidirectional=True,
    ),
    without=WITHOUT,
)


def _attention(t, q, k, v, *mask, **options):
    return t.nn.functional.scaled_dot_product_attention(q, k, v, *mask, **options)


def _in_plain_operations(t, *inputs, **options):
    # The kernel for CPUs has no second derivatives.
    with t.nn.attention.sdpa_kernel(t.nn.attention.SDPBackend.MATH):
        return _attention(t, *inputs, **options)


SEES = fixed(np.array([[True, False, True], [False, False, False]]))
entry(
    "scaled_dot_product_attention",
    _attention,
    sample(real(1, 2, 2, 3), real(1, 2, 3, 3), real(1, 2, 3, 2)),
    sample(real(2, 3), real(3, 3), real(3, 2), real(2, 3)),
    sample(real(2, 2, 3), real(2, 3, 3), real(2, 3, 2), SEES),
    sample(real(2, 1, 3, 2), real(1, 1, 3, 2), real(1, 1, 3, 2), is_causal=True),
    sample(real(1, 1, 3, 2, low=5, high=9), real(1, 1, 3, 2), real(1, 1, 3, 2), is_causal=True, scale=1.0),
    sample(real(1, 2, 2, 2), real(1, 1, 3, 2), real(1, 1, 3, 2), real(1, 2, 1, 3), enable_gqa=True),
    sample(real(1, 1, 0, 2), real(1, 1, 3, 2), real(1, 1, 3, 2)),
    without={"0-d": "it takes matrices"},
    torch=_in_plain_operations,
)
