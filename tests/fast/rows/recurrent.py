"""Recurrent layers and cells: features of one and of two vectors, batches that leave a rest, both directions."""

from __future__ import annotations

import tinygrad5329 as tg

from .row import row

# Weights as large as the draws would make the states chaotic, and rounding errors grow from step to step.
BOUNDS = {"float32": 2e-5, "float64": 1e-13, "special": False}


def layer(name, states, *, relu=False, **options):
    given = {"bidirectional": False, "batch_first": False, "zeros": False} | options

    def call(x, *rest):
        count = 0 if given["zeros"] else states
        hx = None if not count else rest[0] if count == 1 else list(rest[:count])
        weights = [w * 0.1 for w in rest[count:]]
        out, *final = getattr(tg, name)(
            x, hx, weights, len(weights) % 4 == 0, 1, 0.0, True, given["bidirectional"], given["batch_first"]
        )
        return tg.cat([out.reshape(-1), *[each.reshape(-1) for each in final]])

    return call


def weights(gates, inputs, features, *, bias=True):
    shapes = [(gates * features, inputs), (gates * features, features)]
    return shapes + [(gates * features,)] * 2 * bias


for slot, name, gates, states in (
    ("elman_layer", "rnn_tanh", 1, 1),
    ("elman_layer", "rnn_relu", 1, 1),
    ("gru_layer", "gru", 3, 1),
    ("lstm_layer", "lstm", 4, 2),
):
    first = [(1, 9, 32)] * states
    row(slot, layer(name, states), (4, 9, 16), *first, *weights(gates, 16, 32), label=name, **BOUNDS)
    row(slot, layer(name, states, zeros=True, batch_first=True), (3, 4, 5), *weights(gates, 5, 16, bias=False),
        label=f"{name} from zeros", **BOUNDS)  # fmt: skip
    row(slot, layer(name, states, bidirectional=True, zeros=True), (2, 8, 32), *weights(gates, 32, 32) * 2,
        label=f"{name} both ways", **BOUNDS)  # fmt: skip
    row(slot, layer(name, states), (3, 2, 4), *[(1, 2, 7)] * states, *weights(gates, 4, 7),
        empty=((3, 0, 4), *[(1, 0, 7)] * states, *weights(gates, 4, 7)), label=f"{name} of 7", taken=False,
        **BOUNDS)  # fmt: skip


def gru_cell(x, h, *weights):
    return tg.gru_cell(x, h, *[w * 0.1 for w in weights])


def lstm_cell(x, h, c, *weights):
    return tg.cat(tg.lstm_cell(x, (h, c), *[w * 0.1 for w in weights]))


row("gru_cell", gru_cell, (9, 5), (9, 16), *weights(3, 5, 16), **BOUNDS)
row("lstm_cell", lstm_cell, (9, 5), (9, 16), (9, 16), *weights(4, 5, 16), **BOUNDS)
