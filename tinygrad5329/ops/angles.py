"""Angles and lengths in the plane, and the normalised sine: atan2, hypot, sinc."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad5329.ops.defining import binary, on_class, unary
from tinygrad5329.ops.primitive import Primitive

__all__ = ["arctan2", "atan2", "hypot", "sinc"]


def _sinc_rule(xp: Any, g: Any, x: Any) -> Any:
    """(pi x cos(pi x) - sin(pi x)) / (pi x^2); at 0 the tangent of that, for the second derivative."""
    zero = x == 0
    angle = xp.where(zero, 1.0, x) * math.pi
    slope = (angle * xp.cos(angle) - xp.sin(angle)) * (math.pi / (angle * angle))
    return g * xp.conj(xp.where(zero, x * (-(math.pi**2) / 3), slope))


def _sinc_arrays(x: Any) -> Any:
    angle = x * math.pi
    return np.where(x == 0, np.ones_like(x), np.sin(angle) / np.where(x == 0, 1, angle)).astype(x.dtype, copy=False)


def _square_length(xp: Any, x: Any, y: Any) -> Any:
    """Not 0 at the origin, so that the slopes are 0 there, as in PyTorch."""
    squares = x * x + y * y
    return xp.where(squares == 0, 1.0, squares)


_atan2 = Primitive(
    "atan2",
    lambda xp, x, y: xp.arctan2(x, y),
    lambda xp, g, x, y: g * (y / _square_length(xp, x, y)),
    lambda xp, g, x, y: g * (-x / _square_length(xp, x, y)),
    broadcasts=True,
)
_hypot = Primitive(
    "hypot",
    lambda xp, x, y: xp.hypot(x, y),
    lambda xp, g, x, out: g * (x / out),
    lambda xp, g, y, out: g * (y / out),
    broadcasts=True,
)
_sinc = Primitive("sinc", lambda xp, x: _sinc_arrays(x), _sinc_rule)

atan2 = arctan2 = binary(_atan2, "The angle of the point (other, input), in (-pi, pi]")
hypot = binary(_hypot, "The length of the hypotenuse", floats=False, refuse="cbiu")
sinc = unary(_sinc, "sin(pi x) / (pi x), 1 at 0", refuse="")

on_class(atan2, hypot, sinc, arctan2=atan2)
