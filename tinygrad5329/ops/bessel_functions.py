"""Bessel functions of orders 0 and 1, modified and spherical ones, and the Airy function."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad5329.backends import bessel
from tinygrad5329.ops.defining import on_class, unary
from tinygrad5329.ops.primitive import Primitive

__all__ = [
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "i0", "i0e", "i1", "i1e", "modified_bessel_i0",
    "modified_bessel_i1", "modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1", "spherical_bessel_j0",
]  # fmt: skip


def _over(xp: Any, y: Any, x: Any, at_zero: float) -> Any:
    """y / x, and its limit at 0."""
    zero = x == 0
    return xp.where(zero, at_zero, y / xp.where(zero, 1.0, x))


def _sinc_slope(xp: Any, g: Any, x: Any, out: Any) -> Any:
    return g * _over(xp, xp.cos(x) - out, x, 0.0)


_i0: Primitive = Primitive("i0", lambda xp, x: bessel.i0(x), lambda xp, g, x: g * _i1.under(xp, x))
_i1: Primitive = Primitive(
    "i1", lambda xp, x: bessel.i1(x), lambda xp, g, x, out: g * (_i0.under(xp, x) - _over(xp, out, x, 0.5))
)
_i0e: Primitive = Primitive(
    "i0e", lambda xp, x: bessel.i0e(x), lambda xp, g, x, out: g * (_i1e.under(xp, x) - xp.sign(x) * out)
)
_i1e: Primitive = Primitive(
    "i1e",
    lambda xp, x: bessel.i1e(x),
    lambda xp, g, x, out: g * (_i0e.under(xp, x) - xp.sign(x) * out - _over(xp, out, x, 0.5)),
)
_j0: Primitive = Primitive("bessel_j0", lambda xp, x: bessel.j0(x), lambda xp, g, x: -g * _j1.under(xp, x))
_j1: Primitive = Primitive(
    "bessel_j1", lambda xp, x: bessel.j1(x), lambda xp, g, x, out: g * (_j0.under(xp, x) - _over(xp, out, x, 0.5))
)
_y0: Primitive = Primitive("bessel_y0", lambda xp, x: bessel.y0(x), lambda xp, g, x: -g * _y1.under(xp, x))
_y1: Primitive = Primitive(
    "bessel_y1", lambda xp, x: bessel.y1(x), lambda xp, g, x, out: g * (_y0.under(xp, x) - out / x)
)
_k0: Primitive = Primitive("modified_bessel_k0", lambda xp, x: bessel.k0(x), lambda xp, g, x: -g * _k1.under(xp, x))
_k1: Primitive = Primitive(
    "modified_bessel_k1", lambda xp, x: bessel.k1(x), lambda xp, g, x, out: -g * (_k0.under(xp, x) + out / x)
)
_k0e: Primitive = Primitive(
    "scaled_modified_bessel_k0", lambda xp, x: bessel.k0e(x), lambda xp, g, x, out: g * (out - _k1e.under(xp, x))
)
_k1e: Primitive = Primitive(
    "scaled_modified_bessel_k1",
    lambda xp, x: bessel.k1e(x),
    lambda xp, g, x, out: g * (out - _k0e.under(xp, x) - out / x),
)
_airy: Primitive = Primitive("airy_ai", lambda xp, x: bessel.airy_ai(x), lambda xp, g, x: g * _airy_slope.under(xp, x))
_airy_slope: Primitive = Primitive(
    "airy_ai_slope", lambda xp, x: bessel.airy_ai_slope(x), lambda xp, g, x: g * (x * _airy.under(xp, x))
)
_spherical = Primitive("spherical_bessel_j0", lambda xp, x: np.sinc(x / np.pi).astype(x.dtype, copy=False), _sinc_slope)

i0 = unary(_i0, "The modified Bessel function of the first kind of order 0")
i0e = unary(_i0e, "i0(x) exp(-|x|)", home="torch.special")
i1 = unary(_i1, "The modified Bessel function of the first kind of order 1", home="torch.special")
i1e = unary(_i1e, "i1(x) exp(-|x|)", home="torch.special")
bessel_j0 = unary(_j0, "The Bessel function of the first kind of order 0", home="torch.special")
bessel_j1 = unary(_j1, "The Bessel function of the first kind of order 1", home="torch.special")
bessel_y0 = unary(_y0, "The Bessel function of the second kind of order 0", home="torch.special")
bessel_y1 = unary(_y1, "The Bessel function of the second kind of order 1", home="torch.special")
modified_bessel_i0 = unary(_i0, "i0 under its long name", name="modified_bessel_i0", home="torch.special")
modified_bessel_i1 = unary(_i1, "i1 under its long name", name="modified_bessel_i1", home="torch.special")
modified_bessel_k0 = unary(_k0, "The modified Bessel function of the second kind of order 0", home="torch.special")
modified_bessel_k1 = unary(_k1, "The modified Bessel function of the second kind of order 1", home="torch.special")
scaled_modified_bessel_k0 = unary(_k0e, "modified_bessel_k0(x) exp(x)", home="torch.special")
scaled_modified_bessel_k1 = unary(_k1e, "modified_bessel_k1(x) exp(x)", home="torch.special")
airy_ai = unary(_airy, "The Airy function Ai", home="torch.special")
spherical_bessel_j0 = unary(_spherical, "sin(x) / x, 1 at 0", home="torch.special")

on_class(i0)
