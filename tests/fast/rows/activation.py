"""GELU and the other activation functions."""

from __future__ import annotations

import tinygrad5329 as tg

from .row import row

F = tg.nn.functional


def elementwise(slot, call, label="", **options):
    row(slot, call, (9, 37), empty=((0, 3),), label=label, **options)
    row(slot, call, (), label=label, **options)
    row(slot, call, (3, 5, 7), label=label, **options)


elementwise("gelu", F.gelu)
elementwise("gelu", lambda x: F.gelu(x, approximate="tanh"), label="tanh")
elementwise("sigmoid", tg.sigmoid)
elementwise("erf", tg.erf)
elementwise("tanh", tg.tanh, taken=False)
elementwise("silu", F.silu)
elementwise("softplus", F.softplus)
elementwise("softplus", lambda x: F.softplus(x, beta=3.0, threshold=1.5), label="beta", float32=4e-6)
elementwise("log_sigmoid", F.logsigmoid)
elementwise("elu", F.elu)
elementwise("elu", F.selu, label="selu")
elementwise("elu", lambda x: F.celu(x, 0.7), label="celu")
elementwise("mish", F.mish, float32=4e-6, float64=1e-14)
elementwise("leaky_relu", F.leaky_relu, taken=False)
elementwise("hardtanh", F.hardtanh, taken=False)
elementwise("hardsigmoid", F.hardsigmoid, taken=False)
elementwise("hardswish", F.hardswish)
