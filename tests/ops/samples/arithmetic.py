"""Two operands with broadcasting, and their relatives."""

from __future__ import annotations

import numpy as np

from .entry import elementwise, entry, fixed, real, sample

ANY = {}
POSITIVE = {"low": 0.3, "high": 2.0}
AWAY = {"low": 0.5, "high": 2.0}

elementwise("add", lambda t, x, y: x + y, ANY, ANY, kinds="biu")
elementwise("sub", lambda t, x, y: x - y, ANY, ANY, kinds="iu")
elementwise("mul", lambda t, x, y: x * y, ANY, ANY, kinds="biu")
elementwise("div", lambda t, x, y: x / y, ANY, AWAY, kinds="biu")
elementwise("neg", lambda t, x: -x, ANY, kinds="iu")
elementwise("pow_tensor", lambda t, x, y: x**y, POSITIVE, ANY, kinds="u")
entry(
    "pow",
    lambda t, x, exponent: x**exponent,
    sample(real(2, 3, **POSITIVE), exponent=2.5),
    sample(real(2, 3), exponent=2),
    sample(real(2, 3), exponent=3),
    sample(real(2, 3), exponent=1),
    sample(real(2, 3), exponent=0),
    sample(real(2, 3, **POSITIVE), exponent=-1),
    sample(real(2, 3, **POSITIVE), exponent=0.5),
    sample(real(), exponent=2),
    sample(real(0, 3), exponent=2),
)
elementwise("maximum", lambda t, x, y: t.maximum(x, y), ANY, ANY, kinds="biu")
elementwise("minimum", lambda t, x, y: t.minimum(x, y), ANY, ANY, kinds="biu")
entry(
    "where",
    lambda t, c, x, y: t.where(c, x, y),
    sample(fixed([[True, False, True], [False, False, True]]), real(2, 3), real(2, 3)),
    sample(fixed([[True], [False]]), real(3), real()),
    sample(fixed(True), real(2, 1), real(3)),
    sample(fixed(False), real(), real()),
    sample(fixed(np.zeros((0, 2), bool)), real(0, 2), real(1, 2)),
)
entry(
    "clamp",
    lambda t, x, **bounds: t.clamp(x, **bounds),
    sample(real(2, 3, avoid=(-0.7, 0.8)), min=-0.7, max=0.8),
    sample(real(2, 3, avoid=(0.8,)), max=0.8),
    sample(real(2, 3, avoid=(0.0,)), min=0),
    sample(real(2, 3), min=1, max=-1),
    sample(real(avoid=(0.0,)), min=0),
    sample(real(0, 3), min=0),
)
elementwise("fmod", lambda t, x, y: t.fmod(x, y), {"low": 2.1, "high": 2.9}, {"low": 0.55, "high": 0.65}, kinds="")
elementwise("remainder", lambda t, x, y: t.remainder(x, y), {"low": -2.9, "high": -2.1}, AWAY)
elementwise(
    "lerp",
    lambda t, x, y, w: t.lerp(x, y, w),
    ANY,
    ANY,
    {"low": 0.0, "high": 1.0, "avoid": (0.5,)},
    more=[sample(real(2, 3), real(2, 3), real(low=0.6, high=0.9))],
)
ROUNDED = {"low": 2.6, "high": 2.9}
elementwise(
    "floor_div",
    lambda t, x, y: t.floor_divide(x, y),
    ROUNDED,
    {"low": 1.0, "high": 1.2},
    oracle_lacks="PyTorch gives floor_divide no derivative; here it is zero, as that of floor",
)
elementwise("trunc_div", lambda t, x, y: t.div(x, y, rounding_mode="trunc"), ROUNDED, {"low": -1.2, "high": -1.0})
elementwise("clamp_low", lambda t, x, low: t.clamp(x, min=low), ANY, ANY)
elementwise("clamp_high", lambda t, x, high: t.clamp(x, max=high), ANY, ANY)
elementwise(
    "to_copy",
    lambda t, x: x.to(t.float64 if x.dtype != t.float64 else t.float32),
    ANY,
    without={
        "gradcheck": "the result is float32 for a float64 input; test_dtypes checks the values",
        "gradgradcheck": "as gradcheck",
        "dtype": "changing it is its purpose",
    },
)
elementwise("clone", lambda t, x: x.clone(), ANY)
elementwise(
    "identity",
    lambda t, x: x.alias() if hasattr(x, "alias") else _identity(x),
    ANY,
    torch=None,
    why="PyTorch's alias is not public",
)


def _identity(x):
    from tinygrad5329.ops.primitive import identity

    return identity(x)


elementwise("addcmul", lambda t, x, y, z: t.addcmul(x, y, z, value=0.7), ANY, ANY, ANY)
elementwise("addcdiv", lambda t, x, y, z: t.addcdiv(x, y, z, value=0.7), ANY, ANY, AWAY)
