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
    def call(
        t, x, *tensors, states, sizes=None, layers=1, bias=True, bidirectional=False, batch_first=False, zeros=None
    ):
        hx = list(tensors[:states]) if zeros is None else [t.zeros(zeros, dtype=x.dtype)] * states
        weights = list(tensors if zeros is not None else tensors[states:])
        if zeros is not None and t.__name__ != "torch":
            hx = None
        elif states == 1:
            hx = hx[0]
        rest = (hx, weights, bias, layers, 0.0, False, bidirectional)
        function = getattr(t, name)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "LSTM with projections is not supported with oneDNN")
            return function(x, *rest, batch_first) if sizes is None else function(x, t.tensor(sizes), *rest)

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
        sample(real(2, 3, 2), *_weights(gates, 2, 2), states=1, batch_first=True, zeros=(1, 2, 2)),
        sample(real(2, 3, 2), *_weights(gates, 2, 2, directions=2), states=1, bidirectional=True, zeros=(2, 3, 2)),
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
    sample(real(2, 3, 2), *_weights(4, 2, 2), states=2, batch_first=True, zeros=(1, 2, 2)),
    sample(real(2, 3, 2), *_weights(4, 2, 2, directions=2), states=2, bidirectional=True, zeros=(2, 3, 2)),
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


def _cell(name, gates):
    def call(t, x, *tensors, states, bias=True, zeros=False):
        width = tensors[-1 if not bias else -3].shape[1]
        hx = [t.zeros(len(x), width, dtype=x.dtype)] * states if zeros else list(tensors[:states])
        if zeros and t.__name__ != "torch":
            hx = None
        elif states == 1:
            hx = hx[0]
        return getattr(t, name)(x, hx, *tensors[0 if zeros else states :])

    states = 2 if gates == 4 else 1
    entry(
        {"rnn_tanh_cell": "elman_cell"}.get(name, name),
        call,
        sample(real(3, 2), *[real(3, 2)] * states, *_weights(gates, 2, 2), states=states),
        sample(real(3, 2), *[real(3, 2)] * states, *_weights(gates, 2, 2, bias=False), states=states, bias=False),
        sample(real(3, 2), *_weights(gates, 2, 2), states=states, zeros=True),
        sample(real(0, 2), *[real(0, 2)] * states, *_weights(gates, 2, 2), states=states),
        without=WITHOUT,
    )


_cell("rnn_tanh_cell", 1)
_cell("gru_cell", 3)
_cell("lstm_cell", 4)


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
